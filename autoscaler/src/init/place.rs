//! Which service a cgroup belongs to.

use std::path::Path;

use crate::init::{At, WhyLeftOut};
use crate::model::ServiceError;

/// The cgroup of the whole service that a process in `cgroup` belongs to, and how to point at it; `unit` is what
/// systemd says of the process.
pub(super) fn place(
    cgroup: &str,
    unit: Result<Option<String>, ServiceError>,
) -> Result<(String, At), WhyLeftOut> {
    let itself = || (cgroup.to_owned(), At::Cgroup(cgroup.to_owned()));
    match (unit, unit_in(cgroup)) {
        _ if cgroup == "/" => Err(WhyLeftOut::RootCgroup),
        (Err(ServiceError::NotBooted { .. }), _) | (_, None) => Ok(itself()),
        // A unit of another systemd, such as a user's own, is within one of the system's that has another name.
        (Ok(Some(unit)), Some((_, innermost))) if unit != innermost => Ok(itself()),
        (_, Some((path, unit))) if unit.ends_with(".service") => Ok((path, At::Unit(unit))),
        (_, Some((_, unit))) => Err(WhyLeftOut::NoService { unit }),
    }
}

/// The innermost unit that a cgroup's path names, and the path up to it: systemd names a unit's cgroup as the unit.
fn unit_in(cgroup: &str) -> Option<(String, String)> {
    Path::new(cgroup).ancestors().find_map(|path| {
        let unit = path.file_name()?.to_str()?;
        let is_unit = path
            .extension()
            .is_some_and(|kind| kind == "service" || kind == "scope");
        Some((path.to_str()?.to_owned(), unit.to_owned())).filter(|_| is_unit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_pointed_at_by_its_unit_and_else_by_its_cgroup() {
        let unit = |name: &str| Ok(Some(name.to_owned()));
        let service = |path: &str, name: &str| Ok((path.to_owned(), At::Unit(name.to_owned())));
        let itself = |path: &str| Ok((path.to_owned(), At::Cgroup(path.to_owned())));
        let a = "/system.slice/a.service";
        assert_eq!(place(a, unit("a.service")), service(a, "a.service"));
        assert_eq!(
            place(&format!("{a}/workers"), unit("a.service")),
            service(a, "a.service")
        );
        let silent = || ServiceError::Unreachable { why: "".into() };
        assert_eq!(place(a, Err(silent())), service(a, "a.service"));
        let not_booted = ServiceError::NotBooted { path: String::new() };
        assert_eq!(place(a, Err(not_booted)), itself(a));
        let users = "/user.slice/user-1000.slice/user@1000.service/app.slice/a.service";
        assert_eq!(place(users, unit("user@1000.service")), itself(users));
        assert_eq!(place("/demo/web", Ok(None)), itself("/demo/web"));
    }

    #[test]
    fn what_is_no_service_is_left_out() {
        let session = "/user.slice/user-0.slice/session-3.scope";
        let unit_name = "session-3.scope".to_owned();
        assert_eq!(
            place(session, Ok(Some(unit_name.clone()))),
            Err(WhyLeftOut::NoService { unit: unit_name })
        );
        assert_eq!(place("/", Ok(None)), Err(WhyLeftOut::RootCgroup));
    }
}
