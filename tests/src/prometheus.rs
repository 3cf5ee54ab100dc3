//! A real Prometheus that scrapes what a test has.

use std::fs;
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};
use tempfile::TempDir;

use crate::daemon::Daemon;
use crate::http::Address;
use crate::wait::until;

const READY: Duration = Duration::from_mins(1);

/// A Prometheus with a store of its own. Dropping it kills it, and the store goes with it.
#[derive(Debug)]
pub struct Prometheus {
    process: Daemon,
    address: Address,
    _home: TempDir,
}

impl Prometheus {
    /// Starts it at `address`, with each of `targets` (an address and the path of its figures) scraped once a second.
    ///
    /// # Errors
    /// When it does not come up; the message ends with what it said.
    pub fn start(address: &Address, targets: &[(&Address, &str)]) -> Result<Self> {
        let home = tempfile::tempdir()?;
        let jobs = targets.iter().enumerate().map(|(number, (target, path))| {
            let target = loopback(target);
            // What kube-state-metrics says of a pod is not to be renamed: `honor_labels`.
            format!(
                "  - {{ job_name: job-{number}, honor_labels: true, metrics_path: {path}, \
                 static_configs: [{{ targets: [\"{target}\"] }}] }}\n"
            )
        });
        let jobs: String = jobs.collect();
        let config = home.path().join("prometheus.yml");
        fs::write(
            &config,
            format!("global: {{ scrape_interval: 1s, scrape_timeout: 1s }}\nscrape_configs:\n{jobs}"),
        )?;
        let mut command = Command::new("prometheus");
        command
            .arg(format!("--config.file={}", config.display()))
            .arg(format!(
                "--storage.tsdb.path={}",
                home.path().join("data").display()
            ))
            .arg(format!("--web.listen-address={}", loopback(address)));
        let process = Daemon::start(command)?;
        let ready = until("prometheus to be ready", READY, || {
            let (status, _) = address.get("/-/ready", READY).ok()?;
            (status == 200).then_some(())
        });
        if let Err(error) = ready {
            bail!("{error}:\n{}", process.printed().join("\n"));
        }
        Ok(Self {
            process,
            address: address.clone(),
            _home: home,
        })
    }

    /// Where it is, as a URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", loopback(&self.address))
    }

    /// Ends it; its address is free then.
    ///
    /// # Errors
    /// When it does not end in time.
    pub fn end(self) -> Result<()> {
        self.process.end()
    }
}

/// Host and port.
///
/// # Panics
/// For a Unix socket, which Prometheus cannot scrape.
#[must_use]
pub fn loopback(address: &Address) -> String {
    match address {
        Address::Loopback(port) => format!("127.0.0.1:{port}"),
        Address::Unix(socket) => panic!("{} is no address of the loopback", socket.display()),
    }
}
