use std::fs::{self, File, FileTimes};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::time::{Duration, SystemTime};

use super::waits::{Call, Wait};
use super::*;
use crate::host::fixture::{Fixture, GUNICORN_WORKER};

/// A worker 11 of a server that listens on port 8000 by its descriptor 5, with nothing else open.
fn worker() -> Fixture {
    let mut host = Fixture::new();
    host.process(11, 10, GUNICORN_WORKER, "server");
    for directory in ["fd", "fdinfo", "task/11", "net"] {
        fs::create_dir_all(host.path(&format!("proc/11/{directory}"))).unwrap();
    }
    open(&host, 5, "socket:[500]");
    tcp(&host, &["0: 00000000:1F40 00000000:0000 0A 0:0 00:0 0 0 0 500 1"]);
    host.write("proc/11/task/11/syscall", "running\n");
    host
}

fn open(host: &Fixture, number: u32, name: &str) {
    symlink(name, host.path(&format!("proc/11/fd/{number}"))).unwrap();
}

fn tcp(host: &Fixture, lines: &[&str]) {
    let table = format!("  sl  local_address rem_address\n{}\n", lines.join("\n"));
    host.write("proc/11/net/tcp", &table);
}

fn told(host: &Fixture) -> Serving {
    serving(&host.procfs(), 11).unwrap()
}

#[test]
fn a_listening_socket_alone_says_nothing() {
    assert_eq!(told(&worker()), Serving::NotYet);
}

#[test]
fn an_event_loop_that_watches_the_listening_socket_serves() {
    let host = worker();
    open(&host, 7, "anon_inode:[eventpoll]");
    let watches = |number: u32| {
        let line = format!("pos:\t0\ntfd: {number:8} events:       19 data: 5  pos:0 ino:1f4 sdev:8\n");
        host.write("proc/11/fdinfo/7", &line);
    };
    watches(6);
    assert_eq!(
        told(&host),
        Serving::NotYet,
        "another socket, such as a database's"
    );
    watches(5);
    assert_eq!(told(&host), Serving::Yes);
}

#[test]
fn a_connection_that_was_accepted_is_being_served() {
    let host = worker();
    open(&host, 8, "socket:[800]");
    let listens = "0: 00000000:1F40 00000000:0000 0A 0:0 00:0 0 0 0 500 1";
    tcp(
        &host,
        &[listens, "1: 0100007F:9C40 0100007F:1538 01 0:0 00:0 0 0 0 800 1"],
    );
    assert_eq!(told(&host), Serving::NotYet, "its own connection to a database");
    tcp(
        &host,
        &[listens, "1: 0100007F:1F40 0100007F:9C40 01 0:0 00:0 0 0 0 800 1"],
    );
    assert_eq!(told(&host), Serving::Yes);
}

#[test]
fn a_unix_socket_listens_and_is_accepted_from_by_its_path() {
    let host = worker();
    open(&host, 8, "socket:[800]");
    open(&host, 9, "socket:[900]");
    let table = |state: &str| {
        format!(
            "Num RefCount Protocol Flags Type St Inode Path\n\
             0: 2 0 00010000 0001 01 800 /run/web.sock\n0: 3 0 00000000 0001 03 {state}\n"
        )
    };
    host.write("proc/11/net/unix", &table("900"));
    assert_eq!(told(&host), Serving::NotYet);
    host.write("proc/11/net/unix", &table("900 /run/web.sock"));
    assert_eq!(told(&host), Serving::Yes);
}

#[test]
fn a_thread_that_accepts_on_it_serves() {
    let host = worker();
    let within = |number: i64, first: u64| {
        let line = format!("{number} {first:#x} 0x0 0x0 0x0 0x0 0x0 0x7ffe 0x7f01\n");
        host.write("proc/11/task/11/syscall", &line);
    };
    within(nix::libc::SYS_accept4, 6);
    assert_eq!(told(&host), Serving::NotYet);
    within(nix::libc::SYS_accept4, 5);
    assert_eq!(told(&host), Serving::Yes);
}

#[test]
fn the_calls_that_wait_are_told_by_their_arguments() {
    let line = |number: i64| format!("{number} 0x9 0x7ffe10 0x0 0x0 0x0 0x0 0x7ffe 0x7f01\n");
    let waits = |number| Call::parse(&line(number)).and_then(Call::waits);
    let select = Wait::Select {
        below: 9,
        at: 0x007f_fe10,
    };
    assert_eq!(waits(nix::libc::SYS_pselect6), Some(select));
    let poll = Wait::Poll {
        at: 9,
        count: 0x007f_fe10,
    };
    assert_eq!(waits(nix::libc::SYS_ppoll), Some(poll));
    assert_eq!(waits(nix::libc::SYS_read), None);
    for running in ["running\n", "-1 0x7ffe 0x7f01\n", ""] {
        assert_eq!(Call::parse(running), None);
    }
}

#[test]
fn what_select_and_poll_wait_for_is_read_from_the_memory() {
    let host = worker();
    let within = |number: i64, first: u64, second: u64, memory: &[u8]| {
        let line = format!("{number} {first:#x} {second:#x} 0x0 0x0 0x0 0x0 0x7ffe 0x7f01\n");
        host.write("proc/11/task/11/syscall", &line);
        let mut bytes = vec![0; 64];
        bytes.extend(memory);
        fs::write(host.path("proc/11/mem"), bytes).unwrap();
        told(&host)
    };
    let select = nix::libc::SYS_pselect6;
    assert_eq!(
        within(select, 8, 64, &[1 << 6]),
        Serving::NotYet,
        "another descriptor"
    );
    assert_eq!(within(select, 8, 64, &[1 << 5 | 1 << 7]), Serving::Yes);
    assert_eq!(
        within(select, 5, 64, &[1 << 5]),
        Serving::NotYet,
        "beyond the set"
    );
    let polled: Vec<u8> = [6_u32, 1, 5, 1]
        .iter()
        .flat_map(|word| word.to_ne_bytes())
        .collect();
    let poll = nix::libc::SYS_ppoll;
    assert_eq!(
        within(poll, 64, 1, &polled),
        Serving::NotYet,
        "another descriptor"
    );
    assert_eq!(within(poll, 64, 2, &polled), Serving::Yes);
}

#[test]
fn a_thread_of_this_process_that_waits_for_a_connection_is_seen() {
    use std::os::fd::AsRawFd as _;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let (number, address) = (listener.as_raw_fd(), listener.local_addr().unwrap());
    let listening = [u32::try_from(number).unwrap()].into();
    std::thread::scope(|scope| {
        scope.spawn(|| drop(listener.accept()));
        let procfs = Procfs::default();
        let seen = |wanted| waits::in_call(&procfs, std::process::id(), wanted).unwrap();
        let end = std::time::Instant::now() + Duration::from_secs(20);
        while !seen(&listening) && std::time::Instant::now() < end {
            std::thread::yield_now();
        }
        let (this, other) = (seen(&listening), seen(&[4711].into()));
        drop(std::net::TcpStream::connect(address).unwrap());
        assert_eq!((this, other), (true, false));
    });
}

/// gunicorn's worker under load never waits: only its heart tells.
#[test]
fn the_heart_of_gunicorn_beats_once_it_serves() {
    let host = worker();
    let file = File::create(host.path("wgunicorn-x7f")).unwrap();
    symlink(host.path("wgunicorn-x7f"), host.path("proc/11/fd/6")).unwrap();
    assert_eq!(told(&host), Serving::NotYet);
    let monotonic = SystemTime::UNIX_EPOCH + Duration::from_secs(4711);
    file.set_times(FileTimes::new().set_modified(monotonic)).unwrap();
    assert_eq!(told(&host), Serving::Yes);

    // gunicorn of before: by its mode, beside the files of its elder siblings.
    let old = File::create(host.path("wgunicorn-old")).unwrap();
    symlink(host.path("wgunicorn-old"), host.path("proc/11/fd/9")).unwrap();
    assert_eq!(told(&host), Serving::NotYet);
    old.set_permissions(fs::Permissions::from_mode(0o001)).unwrap();
    assert_eq!(told(&host), Serving::Yes);
}

#[test]
fn what_shows_no_sockets_is_untold_and_what_ended_is_gone() {
    let mut host = Fixture::new();
    host.process(11, 10, &[], "python");
    assert!(matches!(
        serving(&host.procfs(), 12),
        Err(ProcessError::Gone { pid: 12 })
    ));
    fs::create_dir_all(host.path("proc/11/fd")).unwrap();
    assert_eq!(told(&host), Serving::Untold);
}
