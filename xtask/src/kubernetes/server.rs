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

/// Who comes to the server, by a token that is the same word and good for this server alone: its name there, and its group.
const USERS: [(&str, &str, &str); 2] = [
    // Whoever is one of these may do everything.
    (ADMIN, "admin", "system:masters"),
    (KUBELET, "system:node:guest", "system:nodes"),
];

/// A person.
pub(super) const ADMIN: &str = "admin";

/// The kubelet of the node `guest`.
pub(super) const KUBELET: &str = "kubelet";

/// Where this machine's loopback is from.
pub(super) const HERE: &str = "127.0.0.1";

/// A running server.
pub(super) struct Server {
    // In this order: the server goes before what it keeps its objects in, and the folder last.
    process: Daemon,
    _etcd: Daemon,
    home: TempDir,
    port: u16,
}

impl Server {
    /// Starts both; `alone`, without controllers beside it. Whether the server answers yet is [`super::kubectl`]'s to find out.
    ///
    /// # Errors
    /// When one cannot be started, or etcd does not come up.
    pub(super) fn start(programs: &Programs, alone: bool) -> Result<Self> {
        let home = tempfile::tempdir().context("no temporary folder")?;
        let (etcd, address) = start_etcd(&programs.etcd, home.path())?;
        let port = free_port()?;
        let mut command = command(&programs.server, home.path(), &address, port)?;
        if alone {
            // Nobody makes the ServiceAccounts that it asks for.
            command.arg("--disable-admission-plugins=ServiceAccount");
        }
        let process =
            Daemon::start(command).with_context(|| format!("{} cannot be run", programs.server.display()))?;
        let server = Self {
            process,
            _etcd: etcd,
            home,
            port,
        };
        let authority = server.home().join("ca.pem");
        server.write_config(ADMIN, HERE, &authority, &server.home().join("kubeconfig"))?;
        Ok(server)
    }

    /// Writes the file by which a user comes to the server from where this machine's loopback is called `from`.
    pub(super) fn write_config(&self, user: &str, from: &str, authority: &Path, path: &Path) -> Result<()> {
        let config = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "here",
            "contexts": [{ "name": "here", "context": { "cluster": "here", "user": user } }],
            "users": [{ "name": user, "user": { "token": user } }],
            "clusters": [{ "name": "here", "cluster": {
                "server": format!("https://{from}:{}", self.port),
                "tls-server-name": "localhost",
                "certificate-authority": authority } }],
        });
        fs::write(path, config.to_string()).with_context(|| format!("cannot write {}", path.display()))
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

/// What starts the server, with an authority, a certificate and a key of its own below `home`.
fn command(program: &Path, home: &Path, etcd: &str, port: u16) -> Result<Command> {
    tls::authority(home)?;
    let (certificate, key) = tls::certify(home, "server")?;
    let tokens = home.join("tokens");
    let lines = USERS.map(|(token, name, group)| format!("{token},{name},{token},\"{group}\"\n"));
    fs::write(&tokens, lines.concat()).with_context(|| format!("cannot write {}", tokens.display()))?;
    let mut command = Command::new(program);
    command
        .args(["--bind-address=127.0.0.1", "--advertise-address=127.0.0.1"])
        .arg(format!("--secure-port={port}"))
        .arg(format!("--etcd-servers={etcd}"))
        .arg("--service-cluster-ip-range=10.0.0.0/24")
        .args([
            "--service-account-issuer=manifests",
            "--authorization-mode=Node,RBAC",
        ])
        .arg("--enable-admission-plugins=NodeRestriction")
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
    Ok(command)
}
