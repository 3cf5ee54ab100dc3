//! The CPU of a project's own cgroup.

use std::process::Command;
use std::time::Duration;

use anyhow::Result;
use autoscaler_tests::server::Options;
use autoscaler_tests::tools::{Tool, require};
use autoscaler_tests::venv::NEWEST;
use autoscaler_tests::{Load, ScratchCgroup, Server, Venv, require_root, until};

use super::{LIMIT, block_on, config, observer};

#[test]
fn only_the_projects_own_cpu_is_counted() -> Result<()> {
    if !require_root() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let elsewhere = ScratchCgroup::new("elsewhere")?;
    let mut burner = Command::new("sh").args(["-c", "while :; do :; done"]).spawn()?;
    elsewhere.add(burner.id())?;

    let cgroup = ScratchCgroup::new("cpu")?;
    let server = Server::gunicorn(&Venv::gunicorn(NEWEST)?, &cgroup, &Options::workers(1))?;
    let config = config(&cgroup);
    let mut observer = observer();
    let mut sample = |interval| {
        block_on(observer.observe_over(&config, interval))
            .unwrap()
            .projects
            .remove("site")
            .unwrap()
            .unwrap()
            .cpu
            .unwrap()
    };
    // The boot of the workers burns CPU of its own: wait until that is over.
    let idle = until("an idle site beside a busy host", LIMIT, || {
        let cpu = sample(Duration::from_millis(500));
        (cpu.on_cpu < cpu.covered / 10).then_some(cpu)
    });
    let load = Load::start(server.address(), 2, "/burn/0.02");
    let busy = until("a busy site", LIMIT, || {
        let cpu = sample(Duration::from_millis(500));
        (cpu.on_cpu > cpu.covered / 10).then_some(cpu)
    });
    let totals = load.stop();
    burner.kill()?;
    burner.wait()?;

    assert!(idle?.covered >= Duration::from_millis(500));
    let busy = busy?;
    assert!(
        busy.on_cpu <= busy.covered.mul_f64(busy.allowed_cpus + 0.1),
        "{busy:?}"
    );
    assert!(busy.throttle.is_none() && busy.wait.is_none(), "{busy:?}");
    assert!(totals.failed.is_empty(), "{totals:?}");
    Ok(())
}

#[test]
fn a_cgroup_made_anew_gives_no_figure_of_the_old_one() -> Result<()> {
    if !require_root() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let venv = Venv::gunicorn(NEWEST)?;
    let cgroup = ScratchCgroup::new("anew")?;
    let config = config(&cgroup);
    let mut observer = observer();
    let mut cpu = || {
        let mut snapshot = block_on(observer.observe(&config)).unwrap();
        snapshot.projects.remove("site").unwrap().map(|sample| sample.cpu)
    };
    let server = Server::gunicorn(&venv, &cgroup, &Options::workers(1))?;
    assert_eq!(cpu(), Ok(None));
    assert!(cpu().is_ok_and(|cpu| cpu.is_some()));
    drop(server);
    for pid in cgroup.pids() {
        let _ = nix::sys::signal::kill(
            nix::unistd::Pid::from_raw(i32::try_from(pid)?),
            nix::sys::signal::Signal::SIGKILL,
        );
    }
    until("the cgroup to be removed", LIMIT, || {
        std::fs::remove_dir(cgroup.path()).ok()
    })?;
    assert!(cpu().is_err(), "a project without its cgroup was observed");
    std::fs::create_dir(cgroup.path())?;
    let _server = Server::gunicorn(&venv, &cgroup, &Options::workers(1))?;
    assert_eq!(cpu(), Ok(None));
    assert!(cpu().is_ok_and(|cpu| cpu.is_some()));
    Ok(())
}
