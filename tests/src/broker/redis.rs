//! `redis-server`, as Debian packages it.

use std::fs::{self, File};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use super::free_port;
use crate::tls;
use crate::wait::until;

const READY_LIMIT: Duration = Duration::from_mins(1);

/// Who may connect, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody on loopback.
    Open,
    /// With the password [`Redis::PASSWORD`].
    Password,
    /// With TLS, under a certificate of the test's own.
    Tls,
    /// With TLS, under a certificate that is an authority of its own, as `openssl req -x509` makes it.
    OwnAuthority,
    /// With TLS, for clients that show a certificate of the authority's.
    TlsBothWays,
}

/// A running Redis server. Dropping it kills it and removes its data.
#[derive(Debug)]
pub struct Redis {
    child: Child,
    port: u16,
    access: Access,
    directory: TempDir,
}

impl Redis {
    /// The password of [`Access::Password`]; it has characters that a URL must escape.
    pub const PASSWORD: &str = "p@ss/w:rd";

    /// Starts a server and waits until it answers.
    ///
    /// # Errors
    /// When `redis-server` is missing or does not come up.
    pub fn start(access: Access) -> Result<Self> {
        let directory = tempfile::tempdir().context("no temporary directory")?;
        let port = free_port()?;
        match access {
            Access::Tls | Access::TlsBothWays => certify(&directory)?,
            Access::OwnAuthority => certify_itself(&directory)?,
            Access::Open | Access::Password => {}
        }
        let child = spawn(&directory, port, access)?;
        let redis = Self {
            child,
            port,
            access,
            directory,
        };
        redis.wait_ready()?;
        Ok(redis)
    }

    /// Kills it as a crash would, and waits until it is gone. What it held is kept on disk.
    ///
    /// # Errors
    /// When it had been waited for already.
    pub fn kill(&mut self) -> Result<()> {
        self.child.kill().context("cannot kill redis-server")?;
        self.child.wait().context("cannot wait for redis-server")?;
        Ok(())
    }

    /// Starts it again on the same port, with what it held.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn start_again(&mut self) -> Result<()> {
        self.child = spawn(&self.directory, self.port, self.access)?;
        self.wait_ready()
    }

    /// The URL of database 0 as Celery takes it.
    #[must_use]
    pub fn url(&self) -> String {
        self.database(0)
    }

    /// The URL of a database.
    #[must_use]
    pub fn database(&self, number: u32) -> String {
        let port = self.port;
        match self.access {
            Access::Open => format!("redis://127.0.0.1:{port}/{number}"),
            Access::Password => format!("redis://:p%40ss%2Fw%3Ard@127.0.0.1:{port}/{number}"),
            Access::Tls | Access::OwnAuthority => {
                let ca = self.file("ca.pem");
                format!(
                    "rediss://localhost:{port}/{number}?ssl_cert_reqs=required&ssl_ca_certs={}",
                    ca.display()
                )
            }
            Access::TlsBothWays => {
                let [ca, pem, key] = ["ca.pem", "server.pem", "server.key"].map(|name| self.file(name));
                format!(
                    "rediss://localhost:{port}/{number}?ssl_cert_reqs=required&ssl_ca_certs={}&ssl_certfile={}&ssl_keyfile={}",
                    ca.display(),
                    pem.display(),
                    key.display()
                )
            }
        }
    }

    /// A file of its directory, such as `ca.pem` or `server.pem`.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Its port on loopback.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its Unix socket.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.directory.path().join("socket")
    }

    /// Runs one command with `redis-cli` over the socket, and returns what it prints.
    ///
    /// # Errors
    /// When the command fails.
    pub fn command(&self, arguments: &[&str]) -> Result<String> {
        let mut cli = Command::new("redis-cli");
        cli.arg("-s").arg(self.socket());
        if self.access == Access::Password {
            cli.args(["--no-auth-warning", "-a", Self::PASSWORD]);
        }
        let output = cli.args(arguments).output().context("cannot run redis-cli")?;
        if !output.status.success() {
            bail!(
                "redis-cli {arguments:?}: {}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    fn wait_ready(&self) -> Result<()> {
        let log = self.directory.path().join("log");
        until("redis-server to answer", READY_LIMIT, || {
            let listens = TcpStream::connect(("127.0.0.1", self.port)).is_ok();
            (listens && self.command(&["PING"]).is_ok_and(|answer| answer == "PONG")).then_some(())
        })
        .with_context(|| fs::read_to_string(&log).unwrap_or_default())
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(directory: &TempDir, port: u16, access: Access) -> Result<Child> {
    let at = |name: &str| directory.path().join(name);
    let mut command = Command::new("redis-server");
    let port = port.to_string();
    // Every write is on disk before it is answered: a kill in the middle loses nothing.
    command.args([
        "--bind",
        "127.0.0.1",
        "--appendonly",
        "yes",
        "--appendfsync",
        "always",
        "--save",
        "",
    ]);
    command
        .arg("--dir")
        .arg(directory.path())
        .arg("--unixsocket")
        .arg(at("socket"));
    match access {
        Access::Open => command.args(["--port", &port]),
        Access::Password => command.args(["--port", &port, "--requirepass", Redis::PASSWORD]),
        Access::Tls | Access::OwnAuthority | Access::TlsBothWays => {
            let of_clients = if access == Access::TlsBothWays {
                "yes"
            } else {
                "no"
            };
            command.args([
                "--port",
                "0",
                "--tls-port",
                &port,
                "--tls-auth-clients",
                of_clients,
            ]);
            command
                .arg("--tls-cert-file")
                .arg(at("server.pem"))
                .arg("--tls-key-file")
                .arg(at("server.key"));
            command.arg("--tls-ca-cert-file").arg(at("ca.pem"))
        }
    };
    let log = File::options().create(true).append(true).open(at("log"))?;
    command
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .context("cannot run redis-server: install it (on Debian and Ubuntu: apt-get install redis-server)")
}

/// A certificate authority and a certificate for `localhost` signed by it.
fn certify(directory: &TempDir) -> Result<()> {
    tls::authority(directory.path())?;
    tls::certify(directory.path(), "server")?;
    Ok(())
}

/// A certificate for `localhost` that has signed itself and is the authority, too.
fn certify_itself(directory: &TempDir) -> Result<()> {
    tls::openssl(
        directory.path(),
        "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout server.key -out server.pem",
    )?;
    let at = |name: &str| directory.path().join(name);
    fs::copy(at("server.pem"), at("ca.pem")).context("cannot copy the certificate")?;
    Ok(())
}
