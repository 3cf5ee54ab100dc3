//! The observer against real servers in real cgroups: which process is the master, which are the workers, and
//! how much CPU they used.

mod cpu;
mod masters;
mod workers;

use std::time::Duration;

use autoscaler::config::parse;
use autoscaler::host::service::Systemd;
use autoscaler::host::usage::CpuStatSource;
use autoscaler::model::Config;
use autoscaler::model::{ProjectSample, Unobservable};
use autoscaler::observe::Observer;
use autoscaler_tests::ScratchCgroup;

/// A configuration of one project in `cgroup`.
fn config(cgroup: &ScratchCgroup) -> Config {
    let text = format!(
        r#"{{ "site": {{ "enabled": true, "min_workers": 1, "max_workers": 4, "cgroup": "{}",
            "cpu_thresholds": {{ "scale_up_2": 70 }} }} }}"#,
        cgroup.relative().display()
    );
    parse("test", &text).expect("a valid configuration").config
}

fn observer() -> Observer<Systemd> {
    Observer::new(Systemd::default(), Box::<CpuStatSource>::default())
}

/// What one look at `cgroup` sees.
fn look(cgroup: &ScratchCgroup) -> Result<ProjectSample, Unobservable> {
    block_on(observer().observe(&config(cgroup)))
        .expect("the host can be read")
        .projects
        .remove("site")
        .expect("the project is in the snapshot")
}

/// The pids of the workers that one look sees.
fn workers(cgroup: &ScratchCgroup) -> Vec<u32> {
    look(cgroup).map_or_else(
        |_| Vec::new(),
        |sample| sample.workers.iter().map(|id| id.pid).collect(),
    )
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(future)
}

const LIMIT: Duration = Duration::from_secs(30);
