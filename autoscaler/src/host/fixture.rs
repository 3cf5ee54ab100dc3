//! A small host made of files, for tests: procfs and a cgroup tree.

use std::fs;
use std::path::Path;

use nix::sys::signal::Signal;

use crate::host::process::{ProcessTable, Procfs, SignalSet};

/// The signals that gunicorn's master handles.
pub(crate) const GUNICORN: &[Signal] = &[
    Signal::SIGHUP,
    Signal::SIGQUIT,
    Signal::SIGINT,
    Signal::SIGTERM,
    Signal::SIGTTIN,
    Signal::SIGTTOU,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
    Signal::SIGWINCH,
    Signal::SIGCHLD,
];

/// The signals that a gunicorn worker of class sync handles.
pub(crate) const GUNICORN_WORKER: &[Signal] = &[
    Signal::SIGQUIT,
    Signal::SIGINT,
    Signal::SIGTERM,
    Signal::SIGTTIN,
    Signal::SIGTTOU,
    Signal::SIGUSR1,
    Signal::SIGWINCH,
    Signal::SIGABRT,
];

/// The tree. Its processes start one tick after the other, in the order in which they are added.
pub(crate) struct Fixture {
    dir: tempfile::TempDir,
    ticks: u64,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        for name in ["proc/self", "cgroup"] {
            fs::create_dir_all(dir.path().join(name)).unwrap();
        }
        let fixture = Self { dir, ticks: 1000 };
        let mount = fixture.path("cgroup");
        fixture.write(
            "proc/self/mountinfo",
            &format!("30 23 0:26 / {} rw - cgroup2 none rw\n", mount.display()),
        );
        fixture.write("proc/stat", "cpu  1 0 1 8 0 0 0 0 0 0\ncpu0 1\ncpu1 1\n");
        fixture.write("proc/meminfo", "MemTotal: 4096 kB\nMemAvailable: 2048 kB\n");
        fixture
    }

    pub(crate) fn path(&self, file: &str) -> std::path::PathBuf {
        self.dir.path().join(file)
    }

    pub(crate) fn write(&self, file: &str, text: &str) {
        fs::write(self.path(file), text).unwrap();
    }

    pub(crate) fn procfs(&self) -> Procfs {
        Procfs::at(self.path("proc"))
    }

    /// Makes the cgroup `name` with `pids` in it.
    pub(crate) fn cgroup(&self, name: &str, pids: &[u32]) {
        let directory = Path::new("cgroup").join(name);
        fs::create_dir_all(self.path(directory.to_str().unwrap())).unwrap();
        let lines: Vec<String> = pids.iter().map(u32::to_string).collect();
        self.write(
            directory.join("cgroup.procs").to_str().unwrap(),
            &lines.join("\n"),
        );
        for pid in pids {
            self.write(&format!("proc/{pid}/cgroup"), &format!("0::/{name}\n"));
        }
    }

    /// Adds a process that was forked and has run no program since; `cmdline` is split at spaces.
    pub(crate) fn process(&mut self, pid: u32, parent: u32, caught: &[Signal], cmdline: &str) {
        self.ticks += 1;
        let ticks = self.ticks;
        let name = format!("proc/{pid}");
        fs::create_dir_all(self.path(&name)).unwrap();
        self.write(
            &format!("{name}/stat"),
            &format!("{pid} (name) S {parent} 1 1 0 -1 64 0 0 0 0 0 0 0 0 20 0 1 0 {ticks} 0 0\n"),
        );
        let caught: SignalSet = caught.iter().copied().collect();
        self.write(
            &format!("{name}/status"),
            &format!("Uid:\t0\t0\t0\t0\nSigCgt:\t{caught:x}\nCpus_allowed_list:\t0-7\n"),
        );
        self.write(&format!("{name}/cmdline"), &cmdline.replace(' ', "\0"));
    }

    /// Has a process belong to somebody: its real, effective, saved and file system uids.
    pub(crate) fn owned(&self, pid: u32, uids: [u32; 4]) {
        let file = format!("proc/{pid}/status");
        let status = fs::read_to_string(self.path(&file)).unwrap();
        let [real, effective, saved, files] = uids;
        let line = format!("Uid:\t{real}\t{effective}\t{saved}\t{files}\n");
        self.write(&file, &status.replace("Uid:\t0\t0\t0\t0\n", &line));
    }

    /// Has a process run a program of its own, as one does after an exec.
    pub(crate) fn executed(&self, pid: u32) {
        let file = format!("proc/{pid}/stat");
        let stat = fs::read_to_string(self.path(&file)).unwrap();
        self.write(&file, &stat.replace(" -1 64 ", " -1 0 "));
    }

    /// Has a process start just now.
    pub(crate) fn young(&self, pid: u32) {
        let stat = self.procfs().stat(pid).unwrap();
        let seconds = stat.id.start_ticks / rustix::param::clock_ticks_per_second();
        self.write("proc/uptime", &format!("{seconds}.99 0.00\n"));
    }

    /// Adds a process whose title is one argument with spaces.
    pub(crate) fn titled(&mut self, pid: u32, parent: u32, caught: &[Signal], title: &str) {
        self.process(pid, parent, caught, "");
        self.write(&format!("proc/{pid}/cmdline"), &format!("{title}\0"));
    }

    pub(crate) fn table(&self, pids: &[u32]) -> ProcessTable {
        ProcessTable::read(&self.procfs(), pids).unwrap()
    }
}
