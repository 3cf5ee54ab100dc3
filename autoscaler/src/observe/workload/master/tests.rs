use super::*;
use crate::host::fixture::{Fixture, GUNICORN, GUNICORN_WORKER};

const SHELL: &[Signal] = &[Signal::SIGCHLD, Signal::SIGINT];

fn master(fixture: &Fixture, pids: &[u32], main: Option<u32>) -> Result<u32, Unobservable> {
    let table = fixture.table(pids);
    let main = main.map(|pid| table.get(pid).unwrap());
    find(&fixture.procfs(), &table, main).map(|stat| stat.id.pid)
}

#[test]
fn a_main_process_that_catches_both_is_the_master() {
    let mut host = Fixture::new();
    host.process(10, 1, GUNICORN, "gunicorn");
    host.process(11, 10, GUNICORN_WORKER, "gunicorn");
    assert_eq!(master(&host, &[10, 11], Some(10)), Ok(10));
}

#[test]
fn without_systemd_it_is_the_process_whose_parent_is_outside() {
    let mut host = Fixture::new();
    host.process(10, 1, GUNICORN, "gunicorn");
    host.process(11, 10, GUNICORN_WORKER, "gunicorn");
    assert_eq!(master(&host, &[10, 11], None), Ok(10));
}

#[test]
fn below_a_shell_the_server_is_found() {
    let mut host = Fixture::new();
    host.process(9, 1, SHELL, "/bin/sh -c x");
    host.process(10, 9, SHELL, "/bin/sh -c y");
    host.process(11, 10, GUNICORN, "gunicorn");
    host.process(12, 11, GUNICORN_WORKER, "gunicorn");
    assert_eq!(master(&host, &[9, 10, 11, 12], Some(9)), Ok(11));
    assert_eq!(master(&host, &[9, 10, 11, 12], None), Ok(11));
}

#[test]
fn a_process_that_catches_only_one_of_them_is_never_taken() {
    let mut host = Fixture::new();
    host.process(10, 1, &[Signal::SIGTTIN, Signal::SIGTERM], "server");
    let refused = Unobservable::NotAWorkerServer {
        pid: 10,
        command: "name".into(),
    };
    assert_eq!(master(&host, &[10], Some(10)), Err(refused));
}

/// dumb-init handles every signal alike, and on SIGTTIN stops itself and the server below it.
#[test]
fn an_init_that_handles_every_signal_is_never_taken() {
    let every: Vec<Signal> = Signal::iterator()
        .filter(|signal| !matches!(signal, Signal::SIGKILL | Signal::SIGSTOP | Signal::SIGCHLD))
        .collect();
    let mut host = Fixture::new();
    host.process(9, 1, &every, "dumb-init gunicorn wsgi:app");
    host.process(10, 9, GUNICORN, "gunicorn");
    host.process(11, 10, GUNICORN_WORKER, "gunicorn");
    assert_eq!(master(&host, &[9, 10, 11], Some(9)), Ok(10));
    let refused = Unobservable::NotAWorkerServer {
        pid: 9,
        command: "name".into(),
    };
    assert_eq!(master(&host, &[9], Some(9)), Err(refused));
}

#[test]
fn two_servers_below_one_shell_are_refused() {
    let mut host = Fixture::new();
    host.process(9, 1, SHELL, "/bin/sh start.sh");
    host.process(10, 9, GUNICORN, "gunicorn a");
    host.process(20, 9, GUNICORN, "gunicorn b");
    let refused = Unobservable::SeveralMasters { pids: vec![10, 20] };
    assert_eq!(master(&host, &[9, 10, 20], Some(9)), Err(refused));
}

#[test]
fn other_processes_beside_the_server_do_not_matter() {
    let mut host = Fixture::new();
    host.process(9, 1, SHELL, "/bin/sh login");
    host.process(10, 1, GUNICORN, "gunicorn");
    assert_eq!(master(&host, &[9, 10], None), Ok(10));
}

#[test]
fn a_worker_that_outlived_its_master_is_not_taken_for_one() {
    let mut host = Fixture::new();
    host.process(11, 1, GUNICORN_WORKER, "gunicorn");
    host.process(20, 1, GUNICORN, "gunicorn");
    assert_eq!(master(&host, &[11, 20], None), Ok(20));
}

#[test]
fn a_process_that_ends_while_it_is_looked_at_is_passed_over() {
    let mut host = Fixture::new();
    host.process(9, 1, SHELL, "/bin/sh");
    host.process(10, 9, GUNICORN, "gunicorn");
    let table = host.table(&[9, 10]);
    std::fs::remove_dir_all(host.path("proc/10")).unwrap();
    assert!(matches!(
        find(&host.procfs(), &table, table.get(9)),
        Err(Unobservable::NotAWorkerServer { pid: 9, .. })
    ));
}
