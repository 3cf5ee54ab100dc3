//! Which of several servers in one cgroup is a project's: told by the command line, the user or the pidfile of its master.
//!
//! supervisord, `celery multi` and the like keep several servers in the cgroup of one unit. What a filter chooses is only where
//! the search for the master begins: a shell around it may be chosen as well.

use std::path::Path;

use crate::host::process::{ProcessTable, Procfs, Stat, unless_gone};
use crate::host::strangers_file;
use crate::host::user::uid_of;
use crate::model::{ProcessFilter, Unobservable};

/// Far more than a pidfile holds, bytes.
const PIDFILE: u64 = 64;

/// The topmost process of `table` of which all holds that `filter` says: its workers have the same command line.
///
/// # Errors
/// [`Unobservable::NoSuchProcess`] where there is none, [`Unobservable::SeveralMasters`] where there are several.
pub(in crate::observe) fn find<'t>(
    procfs: &Procfs,
    table: &'t ProcessTable,
    filter: &ProcessFilter,
) -> Result<&'t Stat, Unobservable> {
    let none = || Unobservable::NoSuchProcess {
        filter: filter.clone(),
    };
    let pid = match &filter.pidfile {
        Some(file) => Some(pid_in(file).ok_or_else(none)?),
        None => None,
    };
    let uid = match &filter.user {
        Some(user) => Some(uid_of(user).ok_or_else(none)?),
        None => None,
    };
    let mut chosen = Vec::new();
    for stat in table.all() {
        if pid.is_none_or(|pid| pid == stat.id.pid)
            && belongs_to(procfs, stat, uid)?
            && has_command(procfs, stat, filter.command.as_deref())?
        {
            chosen.push(stat);
        }
    }
    let is_chosen = |pid: u32| chosen.iter().any(|stat| stat.id.pid == pid);
    let top: Vec<&Stat> = chosen
        .iter()
        .filter(|stat| !is_chosen(stat.parent))
        .copied()
        .collect();
    match top.as_slice() {
        [] => Err(none()),
        [only] => Ok(only),
        several => Err(Unobservable::SeveralMasters {
            pids: several.iter().map(|stat| stat.id.pid).collect(),
        }),
    }
}

fn belongs_to(procfs: &Procfs, stat: &Stat, uid: Option<u32>) -> Result<bool, Unobservable> {
    let Some(uid) = uid else { return Ok(true) };
    Ok(unless_gone(procfs.owner(stat.id.pid))?.flatten() == Some(uid))
}

fn has_command(procfs: &Procfs, stat: &Stat, pattern: Option<&str>) -> Result<bool, Unobservable> {
    let Some(pattern) = pattern else { return Ok(true) };
    let cmdline = unless_gone(procfs.cmdline(stat.id.pid))?;
    Ok(cmdline.is_some_and(|cmdline| matches(&cmdline.join(" "), pattern)))
}

/// Whether the parts of `pattern` between its asterisks stand in `text`, one behind the other.
fn matches(text: &str, pattern: &str) -> bool {
    let mut rest = text;
    pattern.split('*').all(|part| match rest.find(part) {
        Some(at) => {
            rest = &rest[at + part.len()..];
            true
        }
        None => false,
    })
}

/// The pid that stands in `file`; `None` where there is none.
fn pid_in(file: &Path) -> Option<u32> {
    let content = strangers_file::read(file, PIDFILE).ok()??;
    std::str::from_utf8(&content).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::fixture::Fixture;

    const SHOP: &str = "/venv/bin/python3 /venv/bin/gunicorn shop.wsgi --workers 2";
    const BLOG: &str = "/venv/bin/python3 /venv/bin/gunicorn blog.wsgi";

    /// supervisord, with two servers and a shell around one of them.
    fn host() -> Fixture {
        let mut host = Fixture::new();
        host.process(10, 1, &[], "/usr/bin/python3 /usr/bin/supervisord -n");
        host.process(20, 10, &[], &format!("/bin/sh -c {SHOP}"));
        host.process(21, 20, &[], SHOP);
        host.process(22, 21, &[], SHOP);
        host.process(30, 10, &[], BLOG);
        host.process(31, 30, &[], BLOG);
        host.owned(30, [1000; 4]);
        host.owned(31, [1000; 4]);
        host
    }

    fn found(host: &Fixture, filter: &ProcessFilter) -> Result<u32, Unobservable> {
        let table = host.table(&[10, 20, 21, 22, 30, 31]);
        find(&host.procfs(), &table, filter).map(|stat| stat.id.pid)
    }

    fn command(pattern: &str) -> ProcessFilter {
        ProcessFilter {
            command: Some(pattern.into()),
            ..ProcessFilter::default()
        }
    }

    #[test]
    fn the_topmost_process_with_the_command_line_is_taken() {
        let host = host();
        assert_eq!(found(&host, &command("shop.wsgi")), Ok(20));
        assert_eq!(found(&host, &command("python3 *blog.wsgi")), Ok(30));
        assert!(matches!(
            found(&host, &command("gunicorn")),
            Err(Unobservable::SeveralMasters { pids }) if pids == [20, 30]
        ));
        assert!(matches!(
            found(&host, &command("blog.wsgi*python3")),
            Err(Unobservable::NoSuchProcess { .. })
        ));
    }

    #[test]
    fn the_user_and_the_pidfile_narrow_it_down() {
        let host = host();
        let mut filter = command("gunicorn");
        filter.user = Some("1000".into());
        assert_eq!(found(&host, &filter), Ok(30));
        filter.user = Some("no such user".into());
        assert!(found(&host, &filter).is_err());
        let pidfile = host.path("shop.pid");
        let mut filter = ProcessFilter {
            pidfile: Some(pidfile.clone()),
            ..ProcessFilter::default()
        };
        assert!(found(&host, &filter).is_err(), "there is no pidfile");
        std::fs::write(&pidfile, "21\n").unwrap();
        assert_eq!(found(&host, &filter), Ok(21));
        // A pid of somebody else, in a file that nobody has removed.
        std::fs::write(&pidfile, "4711\n").unwrap();
        assert!(found(&host, &filter).is_err());
        std::fs::write(&pidfile, "30\n").unwrap();
        filter.command = Some("shop.wsgi".into());
        assert!(found(&host, &filter).is_err());
    }
}
