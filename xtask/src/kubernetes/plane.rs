//! All of a cluster but its node, which a guest is: the API server with its controllers and its scheduler, on this machine's loopback. In the
//! guest they would wait for an emulated CPU longer than they wait for each other.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use autoscaler_tests::Daemon;
use autoscaler_tests::broker::free_port;

use super::build;
use super::kubectl::Kubectl;
use super::server::{ADMIN, KUBELET, Server};

/// What this machine's loopback is called in the guest (QEMU's documentation, "Using the user mode network stack").
const FROM_GUEST: &str = "10.0.2.2";

/// Where the guest has the folder [`Plane::for_guest`].
const IN_GUEST: &str = "/payload/in/cluster";

/// A running cluster without nodes. It ends with its owner.
pub(crate) struct Plane {
    // In this order: the others would complain of a server that is gone.
    _controllers: Daemon,
    _scheduler: Daemon,
    server: Server,
}

impl Plane {
    /// Starts it, and waits until the server is ready.
    ///
    /// # Errors
    /// When a part of it cannot be made or started.
    pub(crate) fn start() -> Result<Self> {
        let cluster = build::cluster()?;
        let server = Server::start(&cluster.base, false)?;
        let kubectl = Kubectl::of(&server)?;
        println!("  the API server answers as {} …", kubectl.server_version()?);
        let home = server.home();
        let mut controllers = beside(&cluster.controllers, home)?;
        controllers
            .arg(format!("--root-ca-file={}", home.join("ca.pem").display()))
            .arg(format!(
                "--service-account-private-key-file={}",
                home.join("server.key").display()
            ))
            // A node on an emulated CPU may be slow to say that it lives.
            .arg("--node-monitor-grace-period=10m");
        let plane = Self {
            _controllers: start(controllers)?,
            _scheduler: start(beside(&cluster.scheduler, home)?)?,
            server,
        };
        plane.write_for_guest()?;
        Ok(plane)
    }

    /// The folder by which a guest comes to it, once from inside as a person and once as its kubelet.
    pub(crate) fn for_guest(&self) -> PathBuf {
        self.server.home().join("cluster")
    }

    fn write_for_guest(&self) -> Result<()> {
        let folder = self.for_guest();
        fs::create_dir(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        fs::copy(self.server.home().join("ca.pem"), folder.join("ca.pem"))
            .with_context(|| format!("cannot write into {}", folder.display()))?;
        let authority = Path::new(IN_GUEST).join("ca.pem");
        for user in [ADMIN, KUBELET] {
            let path = folder.join(format!("{user}.kubeconfig"));
            self.server.write_config(user, FROM_GUEST, &authority, &path)?;
        }
        Ok(())
    }
}

/// A program that works for the server, the only one of its kind.
fn beside(program: &Path, home: &Path) -> Result<Command> {
    let mut command = Command::new(program);
    command
        .arg(format!("--kubeconfig={}", home.join("kubeconfig").display()))
        .arg(format!("--cert-dir={}", home.display()))
        .args(["--leader-elect=false", "--bind-address=127.0.0.1", "--port=0"])
        .arg(format!("--secure-port={}", free_port()?))
        .stdin(Stdio::null());
    Ok(command)
}

fn start(command: Command) -> Result<Daemon> {
    let program = command.get_program().to_owned();
    Daemon::start(command).with_context(|| format!("{} cannot be run", program.display()))
}
