//! Against a fixture tree, and against this very process.

use std::fs;
use std::time::Duration;

use super::*;

fn fixture() -> (tempfile::TempDir, Procfs) {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("42")).unwrap();
    fs::write(dir.path().join("uptime"), "1000.50 1900.00\n").unwrap();
    let procfs = Procfs::at(dir.path());
    (dir, procfs)
}

fn me() -> u32 {
    std::process::id()
}

#[test]
fn the_cgroup_is_the_line_of_the_unified_hierarchy() {
    let (dir, procfs) = fixture();
    fs::write(
        dir.path().join("42/cgroup"),
        "4:memory:/other\n0::/system.slice/a.service\n",
    )
    .unwrap();
    assert_eq!(procfs.cgroup(42).unwrap(), "/system.slice/a.service");

    fs::write(dir.path().join("42/cgroup"), "4:memory:/other\n").unwrap();
    assert!(matches!(procfs.cgroup(42), Err(ProcessError::Malformed { .. })));
}

#[test]
fn the_command_line_keeps_empty_arguments() {
    let (dir, procfs) = fixture();
    let file = dir.path().join("42/cmdline");
    fs::write(&file, b"python3\0-c\0\0x\0").unwrap();
    assert_eq!(procfs.cmdline(42).unwrap(), ["python3", "-c", "", "x"]);
    fs::write(&file, b"").unwrap();
    assert!(procfs.cmdline(42).unwrap().is_empty());
    fs::write(&file, b"caf\xe9\0").unwrap();
    assert_eq!(procfs.cmdline(42).unwrap(), ["caf\u{fffd}"]);
}

#[test]
fn a_process_that_is_not_there_is_gone() {
    let (_dir, procfs) = fixture();
    assert!(matches!(procfs.stat(43), Err(ProcessError::Gone { pid: 43 })));
}

#[test]
fn the_age_is_uptime_less_start() {
    let (_dir, procfs) = fixture();
    let id = ProcessId {
        pid: 42,
        start_ticks: 99_000,
    };
    assert_eq!(procfs.age(id).unwrap(), Duration::from_millis(10_500));
    let later = ProcessId {
        start_ticks: u64::MAX,
        ..id
    };
    assert_eq!(procfs.age(later).unwrap(), Duration::ZERO);
}

#[test]
fn this_process_reads_itself() {
    let procfs = Procfs::default();
    let stat = procfs.stat(me()).unwrap();
    assert_eq!(stat.parent, std::os::unix::process::parent_id());
    assert!(procfs.is_alive(stat.id).unwrap());
    assert!(procfs.age(stat.id).unwrap() < Duration::from_hours(1));
    assert!(!procfs.cmdline(me()).unwrap().is_empty());
    procfs.status(me()).unwrap();
}

#[test]
fn a_reused_pid_is_another_process() {
    let procfs = Procfs::default();
    let mut id = procfs.stat(me()).unwrap().id;
    id.start_ticks += 1;
    assert!(!procfs.is_alive(id).unwrap());
}

#[test]
fn a_zombie_is_not_alive_and_a_reaped_process_is_gone() {
    let procfs = Procfs::default();
    let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
    let id = procfs.stat(child.id()).unwrap().id;
    assert!(procfs.is_alive(id).unwrap());

    child.kill().unwrap();
    let deadline = std::time::Instant::now() + Duration::from_secs(10);
    while procfs.stat(id.pid).unwrap().state != State::Dead {
        assert!(std::time::Instant::now() < deadline, "no zombie in 10 s");
        std::thread::yield_now();
    }
    assert!(!procfs.is_alive(id).unwrap());
    assert!(ProcessTable::read(&procfs, &[id.pid]).unwrap().is_empty());

    child.wait().unwrap();
    assert!(!procfs.is_alive(id).unwrap());
}

#[test]
fn the_table_knows_who_is_whose_child() {
    let procfs = Procfs::default();
    let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
    let table = ProcessTable::read(&procfs, &[me(), child.id()]).unwrap();
    assert_eq!(table.roots().len(), 1);
    assert_eq!(table.roots()[0].id.pid, me());
    assert_eq!(table.children(me())[0].id.pid, child.id());
    assert!(table.children(child.id()).is_empty());
    child.kill().unwrap();
    child.wait().unwrap();
}
