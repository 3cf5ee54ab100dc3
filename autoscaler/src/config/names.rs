//! Names that become part of a unit's name or of a path below the cgroup mount: none may lead out of it.

use std::path::{Component, Path, PathBuf};

use crate::model::{BadName, ContainerName, Runtime};

/// Longest name of a systemd unit: `UNIT_NAME_MAX`, systemd.unit(5).
const UNIT_NAME_MAX: usize = 255;

/// Types of units that are no services: systemd.unit(5).
const OTHER_UNIT_TYPES: &[&str] = &[
    "automount",
    "device",
    "mount",
    "path",
    "scope",
    "slice",
    "socket",
    "swap",
    "target",
    "timer",
];

/// Checks a project's name. It stands in log lines, in commands and, without `service_name`, in a unit's name.
pub(super) fn check_project(name: &str) -> Result<(), BadName> {
    if name.is_empty() {
        return Err(BadName::Empty);
    }
    let most = UNIT_NAME_MAX - "@.service".len();
    if name.len() > most {
        return Err(BadName::TooLong(most));
    }
    if !plain(name, |_| false) {
        return Err(BadName::Characters(name.to_owned()));
    }
    Ok(())
}

/// A service's unit name; `.service` is added when it is left out, as systemctl does.
pub(super) fn service(name: &str) -> Result<String, BadName> {
    let kind = name.rsplit_once('.').map(|(_, kind)| kind);
    if kind.is_some_and(|kind| OTHER_UNIT_TYPES.contains(&kind)) {
        return Err(BadName::NoService);
    }
    let unit = if kind == Some("service") {
        name.to_owned()
    } else {
        format!("{name}.service")
    };
    if unit.len() > UNIT_NAME_MAX {
        return Err(BadName::UnitTooLong(UNIT_NAME_MAX));
    }
    // systemd escapes other characters as \xNN. A star stands for the instances of a template.
    if unit == ".service" || !plain(&unit, |c| c == '\\' || c == '*') {
        return Err(BadName::UnitCharacters);
    }
    Ok(unit)
}

/// A container: its name, behind that of its runtime where only that one is meant, such as `podman:shop`.
pub(super) fn container(text: &str) -> Result<ContainerName, BadName> {
    let (runtime, name) = match text.split_once(':') {
        Some((runtime, name)) => (Some(Runtime::of_code(runtime).ok_or(BadName::Runtime)?), name),
        None => (None, text),
    };
    // Of these characters the runtimes make names (`RestrictedNameChars` of moby, libpod/define/config.go of Podman).
    let is_plain = name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.len() <= UNIT_NAME_MAX
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
    if !is_plain {
        return Err(BadName::Container);
    }
    Ok(ContainerName {
        name: name.to_owned(),
        runtime,
        user: None,
    })
}

fn plain(name: &str, also: impl Fn(char) -> bool) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "._-@:".contains(c) || also(c))
}

/// A cgroup's directory: relative to the cgroup2 mount, or absolute when written with `/sys/fs/cgroup`.
pub(super) fn cgroup(path: &str) -> Result<PathBuf, BadName> {
    if path.chars().any(char::is_control) {
        return Err(BadName::PathCharacters);
    }
    let mut directory = PathBuf::new();
    for component in Path::new(path).components() {
        match component {
            Component::Normal(part) => directory.push(part),
            Component::RootDir | Component::CurDir => {}
            Component::ParentDir | Component::Prefix(_) => {
                return Err(BadName::Parent);
            }
        }
    }
    let mount = Path::new("sys/fs/cgroup");
    if directory.as_os_str().is_empty() || directory == mount || directory == mount.join("unified") {
        return Err(BadName::Root);
    }
    Ok(if path.starts_with('/') && directory.starts_with(mount) {
        Path::new("/").join(directory)
    } else {
        directory
    })
}

/// The same directory however it was written, for comparison.
pub(super) fn below_mount(cgroup: &Path) -> &Path {
    cgroup.strip_prefix("/sys/fs/cgroup").unwrap_or(cgroup)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_could_leave_the_tree_are_refused() {
        for name in ["", ".", "..", "../x", "a/b", "a b", "-x", "x\n", "x\0", "ñ"] {
            assert!(check_project(name).is_err(), "{name:?}");
            assert!(service(name).is_err(), "{name:?}");
        }
        for name in ["backdipro", "a.b", "_x", "web-2", "a@1", "9"] {
            check_project(name).unwrap();
        }
    }

    #[test]
    fn a_container_may_be_that_of_one_runtime() {
        let named = |runtime, name: &str| {
            Ok(ContainerName {
                name: name.into(),
                runtime,
                user: None,
            })
        };
        assert_eq!(container("shop"), named(None, "shop"));
        assert_eq!(container("podman:shop.1"), named(Some(Runtime::Podman), "shop.1"));
        assert_eq!(container("rkt:shop"), Err(BadName::Runtime));
        for name in ["", "-x", "a/b", "docker:", "a b", "ñ", "../x", "docker:a:b"] {
            assert_eq!(container(name), Err(BadName::Container), "{name:?}");
        }
    }

    #[test]
    fn a_service_gets_its_suffix() {
        assert_eq!(service("web").unwrap(), "web.service");
        assert_eq!(service("web.v2").unwrap(), "web.v2.service");
        assert_eq!(service(r"a\x2db@1.service").unwrap(), r"a\x2db@1.service");
        assert!(service("web.socket").is_err());
        assert!(service(&"x".repeat(250)).is_err());
    }

    #[test]
    fn a_cgroup_joins_to_the_mount_however_it_is_written() {
        let mount = Path::new("/sys/fs/cgroup/unified");
        for written in [
            "/demo/web",
            "demo/web",
            "//demo/./web/",
            "/sys/fs/cgroup/unified/demo/web",
        ] {
            assert_eq!(
                mount.join(cgroup(written).unwrap()),
                mount.join("demo/web"),
                "{written}"
            );
        }
        for outside in [
            "",
            "/",
            "..",
            "/a/../../etc",
            "/sys/fs/cgroup",
            "/sys/fs/cgroup/",
            "a\0",
        ] {
            assert!(cgroup(outside).is_err(), "{outside:?}");
        }
    }
}
