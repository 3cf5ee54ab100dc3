//! A running API server with its etcd, on loopback. Both are killed by pid when the value goes, whatever came before.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use autoscaler_tests::broker::free_port;
use autoscaler_tests::{Daemon, tls};
use serde_json::json;
use tempfile::TempDir;

use super::build::Programs;

/// Longest that etcd may take to be ready.
const ETCD: Duration = Duration::from_mins(1);

/// Whoever has it may do everything. It is good for this server alone, which nobody else reaches.
const TOKEN: &str = "manifests";

/// A running server.
pub(super) struct Server {
    // In this order: the server goes before what it keeps its objects in, and the folder last.
    process: Daemon,
    _etcd: Daemon,
    home: TempDir,
}

impl Server {
    /// Starts both. Whether the server answers yet is [`super::kubectl`]'s to find out.
    ///
    /// # Errors
    /// When one cannot be started, or etcd does not come up.
    pub(super) fn start(programs: &Programs) -> Result<Self> {
        let home = tempfile::tempdir().context("no temporary folder")?;
        let (etcd, address) = start_etcd(&programs.etcd, home.path())?;
        let server = start_server(&programs.server, home.path(), &address)?;
        Ok(Self {
            process: server,
            _etcd: etcd,
            home,
        })
    }

    /// A folder that goes with it; `kubeconfig` in it leads to the server.
    pub(super) fn home(&self) -> &Path {
        self.home.path()
    }

    /// The last that it printed: why it does not come up stands there.
    pub(super) fn last_words(&self) -> String {
        let printed = self.process.printed();
        printed[printed.len().saturating_sub(20)..].join("\n")
    }
}

/// etcd, and where it is.
fn start_etcd(program: &Path, home: &Path) -> Result<(Daemon, String)> {
    let [clients, peers] = [free_port()?, free_port()?].map(|port| format!("http://127.0.0.1:{port}"));
    let mut command = Command::new(program);
    command
        .arg("--data-dir")
        .arg(home.join("etcd"))
        .stdin(Stdio::null());
    for (flag, value) in [
        ("listen-client-urls", &clients),
        ("advertise-client-urls", &clients),
        ("listen-peer-urls", &peers),
        ("initial-advertise-peer-urls", &peers),
        ("initial-cluster", &format!("default={peers}")),
    ] {
        command.arg(format!("--{flag}={value}"));
    }
    let etcd = Daemon::start(command).with_context(|| format!("{} cannot be run", program.display()))?;
    etcd.wait_line("ready to serve client requests", ETCD)
        .with_context(|| format!("{} does not come up", program.display()))?;
    Ok((etcd, clients))
}

fn start_server(program: &Path, home: &Path, etcd: &str) -> Result<Daemon> {
    let authority = tls::authority(home)?;
    let (certificate, key) = tls::certify(home, "server")?;
    let tokens = home.join("tokens");
    fs::write(&tokens, format!("{TOKEN},admin,1,\"system:masters\"\n"))
        .with_context(|| format!("cannot write {}", tokens.display()))?;
    let port = free_port()?;
    let mut command = Command::new(program);
    command
        .args(["--bind-address=127.0.0.1", "--advertise-address=127.0.0.1"])
        .arg(format!("--secure-port={port}"))
        .arg(format!("--etcd-servers={etcd}"))
        .arg("--service-cluster-ip-range=10.0.0.0/24")
        .args(["--service-account-issuer=manifests", "--authorization-mode=RBAC"])
        // Nobody makes the ServiceAccounts that it asks for.
        .arg("--disable-admission-plugins=ServiceAccount")
        .stdin(Stdio::null());
    for (flag, path) in [
        ("cert-dir", home),
        ("tls-cert-file", &certificate),
        ("tls-private-key-file", &key),
        ("service-account-key-file", &key),
        ("service-account-signing-key-file", &key),
        ("token-auth-file", &tokens),
    ] {
        command.arg(format!("--{flag}={}", path.display()));
    }
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "here",
        "contexts": [{ "name": "here", "context": { "cluster": "here", "user": "admin" } }],
        "users": [{ "name": "admin", "user": { "token": TOKEN } }],
        "clusters": [{ "name": "here", "cluster": {
            "server": format!("https://127.0.0.1:{port}"),
            "tls-server-name": "localhost",
            "certificate-authority": authority } }],
    });
    let path = home.join("kubeconfig");
    fs::write(&path, config.to_string()).with_context(|| format!("cannot write {}", path.display()))?;
    Daemon::start(command).with_context(|| format!("{} cannot be run", program.display()))
}
