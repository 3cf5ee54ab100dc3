//! `rabbitmq-server`, as Debian packages it.

use std::fs::{self, File};
use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tempfile::TempDir;

use super::free_port;
use crate::wait::until;

/// The Erlang machine takes its time to start, more so when CPUs are short.
const READY_LIMIT: Duration = Duration::from_mins(2);

/// A running RabbitMQ server. Dropping it kills it and removes its data.
#[derive(Debug)]
pub struct RabbitMq {
    child: Child,
    /// Erlang's registry of nodes: started by the server it would outlive it.
    registry: Child,
    registry_port: u16,
    port: u16,
    /// The management API's, where its plugin is switched on.
    management: Option<u16>,
    directory: TempDir,
}

impl RabbitMq {
    /// Starts a server and waits until it takes connections.
    ///
    /// # Errors
    /// When `rabbitmq-server` is missing or does not come up.
    pub fn start() -> Result<Self> {
        Self::with(None)
    }

    /// The same with its management API, on a port of its own.
    ///
    /// # Errors
    /// When `rabbitmq-server` is missing or does not come up.
    pub fn with_management() -> Result<Self> {
        Self::with(Some(free_port()?))
    }

    fn with(management: Option<u16>) -> Result<Self> {
        let directory = tempfile::tempdir().context("no temporary directory")?;
        let port = free_port()?;
        let registry_port = free_port()?;
        let registry = Command::new("epmd")
            .args(["-address", "127.0.0.1", "-port", &registry_port.to_string()])
            .stdin(Stdio::null())
            .spawn()
            .context("cannot run epmd: install rabbitmq-server (on Debian and Ubuntu: apt-get install rabbitmq-server)")?;
        let child = spawn(&directory, port, management, registry_port)?;
        let mut server = Self {
            child,
            registry,
            registry_port,
            port,
            management,
            directory,
        };
        server.wait_ready()?;
        Ok(server)
    }

    /// Kills it as a crash would, and waits until it is gone. Durable queues and their messages are kept.
    ///
    /// # Errors
    /// When it had been waited for already.
    pub fn kill(&mut self) -> Result<()> {
        end(&mut self.child);
        self.child.wait().context("cannot wait for rabbitmq-server")?;
        Ok(())
    }

    /// Starts it again on the same port, with what it held.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn start_again(&mut self) -> Result<()> {
        self.child = spawn(&self.directory, self.port, self.management, self.registry_port)?;
        self.wait_ready()
    }

    /// Sets the share of memory above which it takes no more messages: 0 raises the alarm at once.
    ///
    /// # Errors
    /// When `rabbitmqctl` cannot do it.
    pub fn limit_memory(&self, share: &str) -> Result<()> {
        let ended = packaged("rabbitmqctl", &self.directory, self.port, self.registry_port)
            .args(["set_vm_memory_high_watermark", share])
            .stdin(Stdio::null())
            .output()
            .context("cannot run rabbitmqctl")?;
        ensure!(ended.status.success(), "rabbitmqctl: {ended:?}");
        Ok(())
    }

    /// The URL of the default virtual host as Celery takes it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("amqp://guest:guest@127.0.0.1:{}//", self.port)
    }

    /// Its port on loopback.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The management API's URL, for `user` with `password`.
    ///
    /// # Panics
    /// When it was started without.
    #[must_use]
    pub fn management_url(&self, user: &str, password: &str) -> String {
        let port = self.management.expect("started with its management API");
        format!("http://{user}:{password}@127.0.0.1:{port}")
    }

    fn wait_ready(&mut self) -> Result<()> {
        let log = self.directory.path().join("log");
        until("rabbitmq-server to take connections", READY_LIMIT, || {
            let mut ports = [Some(self.port), self.management].into_iter().flatten();
            ports
                .all(|port| TcpStream::connect(("127.0.0.1", port)).is_ok())
                .then_some(())
        })
        .with_context(|| fs::read_to_string(&log).unwrap_or_default())
    }
}

impl Drop for RabbitMq {
    fn drop(&mut self) {
        end(&mut self.child);
        let _ = self.child.wait();
        let _ = self.registry.kill();
        let _ = self.registry.wait();
    }
}

/// The server is a shell script around the Erlang machine: they share a process group of their own.
fn end(child: &mut Child) {
    if let Ok(group) = i32::try_from(child.id()) {
        let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
    }
}

fn spawn(directory: &TempDir, port: u16, management: Option<u16>, registry_port: u16) -> Result<Child> {
    let at = |name: &str| directory.path().join(name);
    let distribution = free_port()?;
    let listener = format!("listeners.tcp.1 = 127.0.0.1:{port}\nlog.console = true\nlog.file = false\n");
    let (api, plugins) = match management {
        Some(port) => (
            format!("management.tcp.ip = 127.0.0.1\nmanagement.tcp.port = {port}\n"),
            "[rabbitmq_management].\n",
        ),
        None => (String::new(), "[].\n"),
    };
    fs::write(at("rabbitmq.conf"), listener + &api)?;
    fs::write(at("enabled_plugins"), plugins)?;
    let log = File::options().create(true).append(true).open(at("log"))?;
    // The packaged script changes to the user rabbitmq, who could not read our directory; the one below it does not.
    packaged("rabbitmq-server", directory, port, registry_port)
        .env("RABBITMQ_DIST_PORT", distribution.to_string())
        .current_dir(directory.path())
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .process_group(0)
        .spawn()
        .context(
            "cannot run rabbitmq-server: install it (on Debian and Ubuntu: apt-get install rabbitmq-server)",
        )
}

/// A program of the package, for the node whose data are in `directory`.
fn packaged(program: &str, directory: &TempDir, port: u16, registry_port: u16) -> Command {
    let at = |name: &str| directory.path().join(name);
    let mut command = Command::new(Path::new("/usr/lib/rabbitmq/bin").join(program));
    command
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("HOME", directory.path())
        .env("RABBITMQ_NODENAME", format!("test{port}@localhost"))
        .env("RABBITMQ_CONFIG_FILE", at("rabbitmq.conf"))
        .env("RABBITMQ_ENABLED_PLUGINS_FILE", at("enabled_plugins"))
        .env("RABBITMQ_MNESIA_BASE", at("mnesia"))
        .env("RABBITMQ_LOG_BASE", at("logs"))
        .env("RABBITMQ_LOGS", "-")
        .env("RABBITMQ_PID_FILE", at("pid"))
        .env("RABBITMQ_GENERATED_CONFIG_DIR", at("generated"))
        .env("RABBITMQ_CONF_ENV_FILE", at("no-environment"))
        .env("ERL_EPMD_PORT", registry_port.to_string())
        .env("ERL_EPMD_ADDRESS", "127.0.0.1");
    command
}
