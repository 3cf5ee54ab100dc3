//! Celery's main process and the processes of its pool.
//!
//! Celery takes no signals for its size, so its main process needs to catch none. Pool processes are forks of it
//! (pool `prefork`, the default): they have its command line, or a title with `PoolWorker` where the setproctitle
//! package is installed. Without that package, the scheduler of `celery worker --beat` cannot be told from them.

use crate::host::process::{ProcessTable, Procfs, Stat};
use crate::model::{ProcessError, ProcessId, Unobservable};
use crate::observe::workload::marks::Marks;

/// The main process, and the pool's processes, oldest first: at `main`, or below it where that is a shell around
/// Celery. Without `main`, the process whose parent is outside the cgroup stands in its place.
///
/// # Errors
/// [`Unobservable::SeveralMasters`] if several processes have their parents outside the cgroup.
pub(super) fn find(
    procfs: &Procfs,
    table: &ProcessTable,
    main: Option<&Stat>,
) -> Result<(ProcessId, Vec<ProcessId>), Unobservable> {
    let roots = table.roots();
    let start = match (main, roots.as_slice()) {
        (Some(main), _) => main,
        (None, [root]) => root,
        (None, _) => {
            return Err(Unobservable::SeveralMasters {
                pids: roots.iter().map(|root| root.id.pid).collect(),
            });
        }
    };
    let mut parent = start;
    loop {
        let workers = forks(procfs, table, parent)?;
        match (workers.as_slice(), table.children(parent.id.pid).as_slice()) {
            ([], [only]) => parent = only,
            // Nobody below is like its parent: a pool that has not started, or one without processes.
            ([], []) => return Ok((parent.id, workers)),
            ([], _) => return Ok((start.id, workers)),
            _ => return Ok((parent.id, workers)),
        }
    }
}

fn forks(procfs: &Procfs, table: &ProcessTable, parent: &Stat) -> Result<Vec<ProcessId>, ProcessError> {
    let Some(marks) = Marks::read(procfs, parent.id.pid)? else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    for child in table.children(parent.id.pid) {
        if let Some(child_marks) = Marks::read(procfs, child.id.pid)?
            && (child_marks.cmdline == marks.cmdline || child_marks.title().contains("PoolWorker"))
        {
            found.push(child.id);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::fixture::Fixture;

    const CELERY: &str = "/venv/bin/python3 /venv/bin/celery -A app worker";

    fn found(host: &Fixture, pids: &[u32]) -> (u32, Vec<u32>) {
        let (main, workers) = find(&host.procfs(), &host.table(pids), None).unwrap();
        (main.pid, workers.iter().map(|id| id.pid).collect())
    }

    #[test]
    fn pool_processes_are_forks_of_the_main_process() {
        let mut host = Fixture::new();
        host.process(10, 1, &[], CELERY);
        host.process(11, 10, &[], CELERY);
        host.process(
            12,
            10,
            &[],
            "/venv/bin/python3 -c from_billiard.semaphore_tracker_import_main",
        );
        host.titled(13, 10, &[], "[celeryd: celery@host:ForkPoolWorker-2]");
        assert_eq!(found(&host, &[10, 11, 12, 13]), (10, vec![11, 13]));
    }

    #[test]
    fn celery_is_found_below_a_shell() {
        let mut host = Fixture::new();
        host.process(9, 1, &[], "/bin/sh -c celery");
        host.process(10, 9, &[], CELERY);
        host.process(11, 10, &[], CELERY);
        assert_eq!(found(&host, &[9, 10, 11]), (10, vec![11]));
    }

    #[test]
    fn a_pool_without_processes_has_a_main_process_all_the_same() {
        let mut host = Fixture::new();
        host.process(10, 1, &[], CELERY);
        assert_eq!(found(&host, &[10]), (10, vec![]));
    }

    #[test]
    fn two_roots_are_refused() {
        let mut host = Fixture::new();
        host.process(10, 1, &[], CELERY);
        host.process(20, 1, &[], CELERY);
        assert!(matches!(
            find(&host.procfs(), &host.table(&[10, 20]), None),
            Err(Unobservable::SeveralMasters { .. })
        ));
    }
}
