//! The bench itself: what it starts runs where it says, and nothing is left when it is dropped.

use anyhow::Result;
use autoscaler_tests::server::{Options, state};
use autoscaler_tests::tools::{Tool, require};
use autoscaler_tests::venv::{GUNICORNS, NEWEST};
use autoscaler_tests::{Load, ScratchCgroup, Server, Venv, require_root};

#[test]
fn every_gunicorn_answers_inside_its_cgroup_and_leaves_nothing_behind() -> Result<()> {
    if !require_root() || !require(&[Tool::Python]) {
        return Ok(());
    }
    for version in GUNICORNS {
        let venv = Venv::gunicorn(version)?;
        let cgroup = ScratchCgroup::new("bench")?;
        let (path, pids);
        {
            let server = Server::gunicorn(&venv, &cgroup, &Options::workers(2))?;
            let (status, body) = server.get("/")?;
            assert_eq!(status, 200, "gunicorn {version}");
            assert!(
                server.workers().contains(&body.parse()?),
                "gunicorn {version}: {body} answered"
            );
            pids = cgroup.pids();
            assert!(pids.len() >= 3, "gunicorn {version}: {pids:?} in the cgroup");
            assert!(pids.contains(&server.master_pid()));
            let totals = Load::start(server.address(), 2, "/").stop();
            assert!(
                totals.answered > 0 && totals.failed.is_empty(),
                "gunicorn {version}: {totals:?}"
            );
            path = cgroup.path().to_owned();
        }
        drop(cgroup);
        assert!(!path.exists(), "{} is left", path.display());
        for pid in pids {
            assert!(
                matches!(state(pid), None | Some('Z')),
                "gunicorn {version}: {pid} still runs"
            );
        }
    }
    Ok(())
}

#[test]
fn a_wrapper_shell_stays_above_the_server() -> Result<()> {
    if !require_root() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("wrapped")?;
    let options = Options {
        wrapper_shell: true,
        loopback: true,
        ..Options::workers(1)
    };
    let server = Server::gunicorn(&Venv::gunicorn(NEWEST)?, &cgroup, &options)?;
    assert_ne!(server.main_pid(), server.master_pid());
    assert_eq!(server.workers().len(), 1);
    Ok(())
}

#[test]
fn uvicorn_answers_with_two_workers() -> Result<()> {
    if !require_root() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("uvicorn")?;
    let server = Server::uvicorn(&Venv::uvicorn(NEWEST)?, &cgroup, &Options::workers(2))?;
    assert_eq!(server.workers().len(), 2);
    Ok(())
}
