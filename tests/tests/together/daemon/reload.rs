//! A new configuration is put in force if it is valid; otherwise the one before stays.

use std::time::Duration;

use anyhow::Result;
use autoscaler_tests::daemon::config;
use autoscaler_tests::{Daemon, Home, require_root};
use nix::sys::signal::Signal;

const LIMIT: Duration = Duration::from_mins(1);

fn rungs(max: u32) -> String {
    format!(
        r#""min_workers": 1, "max_workers": {max}, "cpu_thresholds": {{ "scale_up_2": 60, "scale_down_1": 20 }}"#
    )
}

#[test]
fn a_bad_file_is_told_and_the_old_rules_stay_until_it_is_mended() -> Result<()> {
    if !require_root() {
        return Ok(());
    }
    let good = config("nothing".as_ref(), 0.5, &rungs(2));
    let home = Home::new(&good)?;
    let daemon = Daemon::start(home.command())?;
    daemon.wait_line("blocked: there is no cgroup", LIMIT)?;

    home.configure(&good.replace("max_workers\": 2", "max_workers\": 0"))?;
    let said = daemon.wait_line("the one before stays in force", LIMIT)?;
    assert!(said.starts_with("[ERROR]"), "{said}");
    daemon.wait_line("config.json:", LIMIT)?;

    home.configure(&config("nothing".as_ref(), 0.5, &rungs(3)))?;
    daemon.wait_line("configuration reloaded: changed site", LIMIT)?;

    home.configure(&good.replace("\"language\": \"en\"", "\"language\": \"es\""))?;
    daemon.signal(Signal::SIGHUP)?;
    daemon.wait_line("configuración recargada: cambiados site; ajustes globales", LIMIT)?;
    daemon.end()
}
