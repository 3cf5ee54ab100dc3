//! Three daemons in networks of their own, and one Prometheus that follows what they want together.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use autoscaler_tests::server::Options;
use autoscaler_tests::tools::{Tool, require};
use autoscaler_tests::{Daemon, Home, Load, ScratchCgroup, Server, Venv, require_root, until};

use crate::metrics::Prometheus;

const LIMIT: Duration = Duration::from_mins(2);
const PORT: u16 = 9919;

/// A network namespace with one way to this machine's. Dropping it takes both away.
struct Network {
    name: String,
    /// Its own address.
    address: String,
}

impl Network {
    fn new(number: u8) -> Result<Self> {
        // Two runs at a time take other names and addresses.
        let run = std::process::id();
        let name = format!("autoscaler-{run}-{number}");
        let (here, there) = (format!("as{run}.{number}"), "eth0");
        let block = (run % 60) * 4;
        let network = Self {
            address: format!("198.18.{number}.{}", block + 2),
            name,
        };
        ip(&["netns", "add", &network.name])?;
        ip(&[
            "link",
            "add",
            &here,
            "type",
            "veth",
            "peer",
            "name",
            there,
            "netns",
            &network.name,
        ])?;
        ip(&[
            "address",
            "add",
            &format!("198.18.{number}.{}/30", block + 1),
            "dev",
            &here,
        ])?;
        ip(&["link", "set", &here, "up"])?;
        let inside = ["-netns", network.name.as_str()];
        ip(&[
            &inside[..],
            &["address", "add", &format!("{}/30", network.address), "dev", there],
        ]
        .concat())?;
        ip(&[&inside[..], &["link", "set", there, "up"]].concat())?;
        Ok(network)
    }

    /// `command` in this network. Unlike `ip netns exec` this leaves /sys as it is, where the cgroups are.
    fn enter(&self, command: &Command) -> Command {
        let mut inside = Command::new("nsenter");
        inside
            .arg(format!("--net=/run/netns/{}", self.name))
            .arg(command.get_program())
            .args(command.get_args());
        for (key, value) in command.get_envs() {
            match value {
                Some(value) => inside.env(key, value),
                None => inside.env_remove(key),
            };
        }
        inside
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        let _ = ip(&["netns", "delete", &self.name]);
    }
}

fn ip(args: &[&str]) -> Result<()> {
    let output = Command::new("ip").args(args).output().context("ip")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "ip {}: {said}", args.join(" "));
    Ok(())
}

fn config(cgroup: &Path, address: &str) -> String {
    format!(
        r#"{{ "global": {{ "check_interval_seconds": 1, "language": "en", "min_available_mb_per_worker": 1,
                          "scale_up_on_saturated_host": true,
                          "metrics": {{ "listen": "{address}:{PORT}", "allow_remote": true }} }},
             "projects": {{ "site": {{ "enabled": true, "cgroup": "/{}", "max_workers": 2,
                "cpu_thresholds": {{ "scale_up_2": 6.5 }}, "cpu_duration_minutes": {{ "scale_up": 0.03 }} }} }} }}"#,
        cgroup.display()
    )
}

/// A daemon in a network of its own, over a gunicorn with one worker.
struct Host {
    daemon: Daemon,
    server: Server,
    instance: String,
    _network: Network,
    _home: Home,
    _cgroup: ScratchCgroup,
}

impl Host {
    fn new(number: u8) -> Result<Self> {
        let network = Network::new(number)?;
        let cgroup = ScratchCgroup::new("fleet")?;
        let server = Server::gunicorn(&Venv::gunicorn("23.0.0")?, &cgroup, &Options::workers(1))?;
        let home = Home::new(&config(&cgroup.relative(), &network.address))?;
        let daemon = Daemon::start(network.enter(&home.command()))?;
        daemon.wait_line("metrics are served at ", LIMIT)?;
        Ok(Self {
            daemon,
            server,
            instance: format!("{}:{PORT}", network.address),
            _network: network,
            _home: home,
            _cgroup: cgroup,
        })
    }
}

#[test]
fn what_three_hosts_want_together_is_followed_by_one_prometheus() -> Result<()> {
    if !require(&[Tool::Prometheus, Tool::Iproute, Tool::UtilLinux, Tool::Python]) || !require_root() {
        return Ok(());
    }
    let hosts = (1..=3).map(Host::new).collect::<Result<Vec<_>>>()?;
    let instances: Vec<String> = hosts.iter().map(|host| host.instance.clone()).collect();
    let prometheus = Prometheus::start(&instances)?;
    let busy = &instances[0];
    prometheus.wait("sum(up{job=\"autoscaler\"})", |up| up > 2.5)?;
    prometheus.wait("project:autoscaler_workers:sum{project=\"site\"}", |workers| {
        workers > 2.5
    })?;

    // Idle, each wants the one worker it has; under load one of them wants more than the two that it may have.
    prometheus.wait("project:autoscaler_workers_wanted:sum", |wanted| {
        (2.5..3.5).contains(&wanted)
    })?;
    let load = Load::start(hosts[0].server.address(), 6, "/burn/0.05");
    prometheus.wait(&format!("autoscaler_workers{{instance=\"{busy}\"}}"), |workers| {
        workers > 1.5
    })?;
    let short = format!("instance:autoscaler_workers_short:sum{{instance=\"{busy}\"}}");
    prometheus.wait(&short, |short| short > 0.5)?;
    // Read of one moment, so that the sum is that of its parts.
    let parts = "sum(autoscaler_workers_wanted) - sum(autoscaler_workers_wanted and on (instance) autoscaler_workers > 1)";
    let others = prometheus.wait(parts, |_| true)?;
    ensure!(others < 2.5, "the idle hosts want {others} workers together");
    prometheus.wait(
        "project:autoscaler_hosts_wanted:ceil{project=\"site\"}",
        |hosts| hosts > 1.5,
    )?;
    // It is at its maximum, and not full: nothing but the configuration stands in the way.
    let full = prometheus.rows("ALERTS{alertname=\"AutoscalerHostFull\"}")?;
    ensure!(full.is_empty(), "{full:?}");
    let totals = load.stop();
    ensure!(totals.failed.is_empty(), "{totals:?}");

    // A host that is gone is no longer counted.
    let mut hosts = hosts;
    let gone = hosts.pop().context("three hosts")?;
    gone.daemon.end()?;
    until("a sum of two", LIMIT, || {
        let sum = prometheus.value("count(autoscaler_workers)");
        sum.filter(|count| *count < 2.5)
    })?;
    for host in hosts {
        host.daemon.end()?;
    }
    Ok(())
}
