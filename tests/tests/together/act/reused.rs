//! A pid that the kernel has given to another process, in another pid namespace: neither the signal that was ready for the
//! first one nor a new one reaches the second.

use std::fs;
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};
use autoscaler::act::{SignalTarget, WorkerSignal};
use autoscaler::host::cgroup::CgroupMount;
use autoscaler::host::process::Procfs;
use autoscaler::model::Refusal;
use autoscaler_tests::cgroup::mount;
use autoscaler_tests::{ScratchCgroup, require_root, until};

use super::bench::{MODE, actor, apply, id, project, refusal, sample_of};

const LIMIT: Duration = Duration::from_mins(1);

/// The pid after which the kernel looks for the next one that is free, in the namespace of whoever writes (`proc_sys_kernel(5)`).
const LAST_PID: &str = "/proc/sys/kernel/ns_last_pid";

/// The first process of a pid namespace, as a container's server is: it catches both signals and notes that it got one.
struct Contained {
    outer: Child,
    pid: u32,
}

impl Contained {
    fn start(cgroup: &ScratchCgroup, notes: &Path) -> Result<Self> {
        let script = r#"echo 0 > "$1" && trap 'echo told >> "$2"' TTIN TTOU && while :; do sleep 1; done"#;
        let mut outer = Command::new("unshare")
            .args(["--pid", "--fork", "--kill-child", "bash", "-c", script, "bash"])
            .args([&cgroup.path().join("cgroup.procs"), notes])
            .spawn()
            .context("cannot start unshare")?;
        let id = outer.id();
        let children = format!("/proc/{id}/task/{id}/children");
        let inner = until("the first process of the namespace", LIMIT, || {
            fs::read_to_string(&children).ok()?.trim().parse().ok()
        });
        match inner {
            Ok(pid) => Ok(Self { outer, pid }),
            Err(error) => {
                outer.kill().context("cannot end unshare")?;
                outer.wait().context("unshare")?;
                Err(error)
            }
        }
    }

    /// Another one, with a pid that is free: `unshare` takes the one before it.
    fn with_pid(pid: u32, cgroup: &ScratchCgroup, notes: &Path) -> Result<Self> {
        let began = Instant::now();
        loop {
            fs::write(LAST_PID, (pid - 2).to_string()).context(LAST_PID)?;
            let contained = Self::start(cgroup, notes)?;
            if contained.pid == pid {
                return Ok(contained);
            }
            ensure!(
                began.elapsed() < LIMIT,
                "others take the pid {pid} again and again"
            );
        }
    }
}

impl Drop for Contained {
    fn drop(&mut self) {
        // The one below it goes with it (`--kill-child`).
        let _ = self.outer.kill();
        let _ = self.outer.wait();
    }
}

#[test]
fn who_got_the_pid_of_a_container_s_server_is_not_signalled() -> Result<()> {
    if !require_root() {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("namespaces")?;
    let folder = tempfile::tempdir()?;
    let (first_notes, second_notes) = (folder.path().join("first"), folder.path().join("second"));
    let own = CgroupMount::at(mount()?).open(&cgroup.relative())?;
    let procfs = Procfs::default();

    let first = Contained::start(&cgroup, &first_notes)?;
    let pid = first.pid;
    let target = until("it to catch the signals", LIMIT, || {
        SignalTarget::open(&procfs, &own, id(pid).ok()?).ok()
    })?;
    let sample = sample_of(cgroup.path(), id(pid)?, vec![id(pid)?]);
    target
        .send(WorkerSignal::Add)
        .map_err(|refused| anyhow!("{refused:?}"))?;
    until("it to be told", LIMIT, || first_notes.exists().then_some(()))?;

    drop(first);
    until("its pid to be free", LIMIT, || {
        (!Path::new(&format!("/proc/{pid}")).exists()).then_some(())
    })?;
    let second = Contained::with_pid(pid, &cgroup, &second_notes)?;
    let ready = until("the other one to catch the signals", LIMIT, || {
        SignalTarget::open(&procfs, &own, id(second.pid).ok()?).ok()
    })?;

    assert!(target.send(WorkerSignal::Add).is_err(), "the first one is gone");
    let refused = refusal(apply(&actor(MODE)?, &project(4), &sample, 2)?);
    assert_eq!(refused, Some(Refusal::Reused { pid }));
    assert!(!second_notes.exists(), "it was signalled");
    // It would have noted it.
    ready
        .send(WorkerSignal::Add)
        .map_err(|refused| anyhow!("{refused:?}"))?;
    until("the other one to be told", LIMIT, || {
        second_notes.exists().then_some(())
    })?;
    Ok(())
}
