use std::fs;
use std::os::unix::fs::symlink;

use super::*;
use crate::host::fixture::{Fixture, GUNICORN, GUNICORN_WORKER};

const DIRTY_ARBITER: &[Signal] = &[
    Signal::SIGHUP,
    Signal::SIGQUIT,
    Signal::SIGINT,
    Signal::SIGTERM,
    Signal::SIGTTIN,
    Signal::SIGTTOU,
    Signal::SIGUSR1,
    Signal::SIGWINCH,
    Signal::SIGCHLD,
];
const GUNICORN_LINE: &str = "/venv/bin/python3 /venv/bin/gunicorn wsgi:app";

fn workers(fixture: &Fixture, pids: &[u32]) -> Result<Vec<u32>, Unobservable> {
    let table = fixture.table(pids);
    let master = table.get(10).unwrap();
    of(&fixture.procfs(), &table, master).map(|workers| workers.iter().map(|id| id.pid).collect())
}

fn gunicorn() -> Fixture {
    let mut host = Fixture::new();
    host.process(10, 1, GUNICORN, GUNICORN_LINE);
    host
}

#[test]
fn workers_come_oldest_first_even_when_pids_wrapped() {
    let mut host = gunicorn();
    host.process(900, 10, GUNICORN_WORKER, GUNICORN_LINE);
    host.process(12, 10, GUNICORN_WORKER, GUNICORN_LINE);
    assert_eq!(workers(&host, &[10, 12, 900]), Ok(vec![900, 12]));
}

#[test]
fn a_worker_counts_as_soon_as_it_is_forked() {
    let mut host = gunicorn();
    host.process(11, 10, GUNICORN, GUNICORN_LINE);
    assert_eq!(workers(&host, &[10, 11]), Ok(vec![11]));
}

#[test]
fn zombies_and_grandchildren_do_not_count() {
    let mut host = gunicorn();
    host.process(11, 10, GUNICORN_WORKER, GUNICORN_LINE);
    host.process(12, 11, GUNICORN_WORKER, GUNICORN_LINE);
    host.process(13, 10, GUNICORN_WORKER, GUNICORN_LINE);
    let zombie = "13 (name) Z 10 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 1005 0 0\n";
    host.write("proc/13/stat", zombie);
    assert_eq!(workers(&host, &[10, 11, 12, 13]), Ok(vec![11]));
}

#[test]
fn the_dirty_arbiter_and_its_workers_do_not_count() {
    let mut host = gunicorn();
    host.process(11, 10, GUNICORN_WORKER, GUNICORN_LINE);
    host.process(12, 10, DIRTY_ARBITER, GUNICORN_LINE);
    host.process(13, 12, GUNICORN_WORKER, GUNICORN_LINE);
    assert_eq!(workers(&host, &[10, 11, 12, 13]), Ok(vec![11]));
    host.titled(12, 10, GUNICORN, "gunicorn: dirty-arbiter");
    assert_eq!(workers(&host, &[10, 11, 12, 13]), Ok(vec![11]));
}

#[test]
fn a_worker_may_handle_more_signals_of_its_own() {
    let mut host = gunicorn();
    let mut caught = GUNICORN_WORKER.to_vec();
    caught.extend([Signal::SIGHUP, Signal::SIGCHLD]);
    host.process(11, 10, &caught, GUNICORN_LINE);
    let uvicorn_class = [Signal::SIGTTIN, Signal::SIGTTOU, Signal::SIGUSR1, Signal::SIGTERM];
    host.process(12, 10, &uvicorn_class, GUNICORN_LINE);
    let reset = [Signal::SIGTERM, Signal::SIGUSR1];
    host.process(13, 10, &reset, GUNICORN_LINE);
    assert_eq!(workers(&host, &[10, 11, 12, 13]), Ok(vec![11, 12, 13]));
}

#[test]
fn what_the_application_or_a_hook_started_does_not_count() {
    let mut host = gunicorn();
    host.process(11, 10, GUNICORN_WORKER, GUNICORN_LINE);
    // A multiprocessing.Manager of a preloaded application, and one of the hook `when_ready`.
    host.process(12, 10, &[], GUNICORN_LINE);
    let inherited: Vec<Signal> = GUNICORN
        .iter()
        .copied()
        .filter(|signal| *signal != Signal::SIGINT)
        .collect();
    host.process(13, 10, &inherited, GUNICORN_LINE);
    host.process(14, 10, &[Signal::SIGTERM], "/usr/bin/node app.js");
    assert_eq!(workers(&host, &[10, 11, 12, 13, 14]), Ok(vec![11]));
}

#[test]
fn an_upgrade_in_place_has_two_masters() {
    let mut host = gunicorn();
    host.process(11, 10, GUNICORN_WORKER, GUNICORN_LINE);
    host.process(20, 10, GUNICORN, GUNICORN_LINE);
    host.process(21, 20, GUNICORN_WORKER, GUNICORN_LINE);
    let refused = Unobservable::SeveralMasters { pids: vec![10, 20] };
    assert_eq!(workers(&host, &[10, 11, 20, 21]), Err(refused));
}

/// Right after its exec it has no handler, and for as long as it imports the application no child either.
#[test]
fn a_new_master_is_known_from_its_exec_on_whatever_it_handles() {
    let refused = Unobservable::SeveralMasters { pids: vec![10, 20] };
    for caught in [&[] as &[Signal], &[Signal::SIGINT], GUNICORN, GUNICORN_WORKER] {
        let mut host = gunicorn();
        host.process(11, 10, GUNICORN_WORKER, GUNICORN_LINE);
        host.process(20, 10, caught, GUNICORN_LINE);
        host.executed(20);
        assert_eq!(workers(&host, &[10, 11, 20]), Err(refused.clone()), "{caught:?}");
    }
}

#[test]
fn a_new_master_is_known_by_its_environment_where_a_title_hides_the_arguments() {
    for (variable, expected) in [
        (
            "GUNICORN_PID=10",
            Err(Unobservable::SeveralMasters { pids: vec![10, 20] }),
        ),
        (
            "UNICORN_FD=5",
            Err(Unobservable::SeveralMasters { pids: vec![10, 20] }),
        ),
        ("GUNICORN_PID=9", Ok(vec![11])),
    ] {
        let mut host = Fixture::new();
        host.titled(10, 1, GUNICORN, "gunicorn: master [wsgi:app]");
        host.titled(11, 10, GUNICORN_WORKER, "gunicorn: worker [wsgi:app]");
        host.process(20, 10, &[], GUNICORN_LINE);
        host.executed(20);
        host.write("proc/20/environ", &format!("PATH=/bin\0{variable}\0"));
        assert_eq!(workers(&host, &[10, 11, 20]), expected, "{variable}");
    }
}

/// Between fork and exec a new master, and any program that a hook starts, is like a worker just forked.
#[test]
fn what_was_forked_just_now_is_not_known_yet() {
    let mut host = gunicorn();
    host.process(11, 10, GUNICORN_WORKER, GUNICORN_LINE);
    host.process(20, 10, GUNICORN, GUNICORN_LINE);
    assert_eq!(
        workers(&host, &[10, 11, 20]),
        Ok(vec![11, 20]),
        "a slow hook post_fork"
    );
    host.young(20);
    let forking = Err(Unobservable::Forking { pid: 20 });
    assert_eq!(workers(&host, &[10, 11, 20]), forking);
    let table = host.table(&[10, 11, 20]);
    let children = children(&host.procfs(), &table, table.get(10).unwrap()).unwrap();
    let known: Vec<u32> = children.workers.iter().map(|id| id.pid).collect();
    assert_eq!((known, children.unknown), (vec![11], Some(20)));
    // In the middle of its exec.
    host.executed(20);
    host.write("proc/20/cmdline", "");
    assert_eq!(workers(&host, &[10, 11, 20]), forking);
}

#[test]
fn uvicorns_resource_tracker_does_not_count() {
    let mut host = Fixture::new();
    let python = "/venv/bin/python3";
    host.process(10, 1, GUNICORN, "/venv/bin/python3 /venv/bin/uvicorn --workers 2");
    host.process(
        11,
        10,
        &[],
        &format!("{python} -c from_multiprocessing.resource_tracker_import_main;main(5)"),
    );
    let spawned = format!("{python} -c from_multiprocessing.spawn_import_x --multiprocessing-fork");
    host.process(12, 10, &[Signal::SIGINT], &spawned);
    host.process(13, 10, &[Signal::SIGINT, Signal::SIGTERM], &spawned);
    for pid in [11, 12, 13] {
        host.executed(pid);
    }
    assert_eq!(workers(&host, &[10, 11, 12, 13]), Ok(vec![12, 13]));
}

#[test]
fn ruby_servers_title_their_workers() {
    for title in [
        "puma: cluster worker 0: 10 [app]",
        "unicorn worker[0] -c /srv/unicorn.rb -E production",
        "/usr/bin/unicorn_rails worker[3] -D",
        "gunicorn: worker [app]",
    ] {
        let mut host = gunicorn();
        host.titled(11, 10, &[Signal::SIGTERM], title);
        assert_eq!(workers(&host, &[10, 11]), Ok(vec![11]), "{title}");
    }
}

/// puma with `fork_worker`: worker 0 is the parent of the others.
#[test]
fn workers_that_the_first_one_forked_count() {
    let mut host = gunicorn();
    let terminate = [Signal::SIGTERM];
    host.titled(11, 10, &terminate, "puma: cluster worker 0: 10 [shop]");
    host.titled(12, 11, &terminate, "puma: cluster worker 1: 10 [shop]");
    host.titled(13, 11, &terminate, "puma: cluster worker 2: 10");
    // Of another master, and a program that a worker started.
    host.titled(14, 11, &terminate, "puma: cluster worker 0: 99 [shop]");
    host.process(15, 12, &terminate, "/usr/bin/convert a.png");
    assert_eq!(workers(&host, &[10, 11, 12, 13, 14, 15]), Ok(vec![11, 12, 13]));
}

/// `multiprocessing.Process` started in `when_ready` keeps the handlers of gunicorn's master for ever.
#[test]
fn a_process_of_a_hook_is_no_worker_where_the_heartbeat_tells() {
    let mut host = gunicorn();
    for pid in [11, 12, 13] {
        host.process(
            pid,
            10,
            if pid == 12 { GUNICORN_WORKER } else { GUNICORN },
            GUNICORN_LINE,
        );
    }
    let all = [10, 11, 12, 13];
    assert_eq!(workers(&host, &all), Ok(vec![11, 12, 13]), "nothing tells");
    for pid in all {
        fs::create_dir(host.path(&format!("proc/{pid}/fd"))).unwrap();
    }
    assert_eq!(workers(&host, &all), Ok(vec![11, 12, 13]), "another server");
    for pid in [10, 12, 13] {
        let link = host.path(&format!("proc/{pid}/fd/6"));
        symlink("/tmp/wgunicorn-x7f (deleted)", link).unwrap();
    }
    assert_eq!(
        workers(&host, &all),
        Ok(vec![12, 13]),
        "13 is in a slow post_fork"
    );
}
