//! nginx in front of a server, on a loopback port.

use std::fs::{self, File};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::http::Address;
use crate::wait::until;

const READY_LIMIT: Duration = Duration::from_secs(30);

/// A running nginx. Dropping it ends it.
#[derive(Debug)]
pub struct Nginx {
    process: Child,
    address: Address,
    directory: TempDir,
}

impl Nginx {
    /// Starts one that passes everything on to `server`, with `keep_alive` over connections that it keeps.
    ///
    /// # Errors
    /// When it does not come up; the message ends with its log.
    pub fn before(server: &Address, keep_alive: bool) -> Result<Self> {
        let directory = tempfile::tempdir().context("no temporary directory")?;
        let address = Address::free_port()?;
        let Address::Loopback(port) = address else {
            anyhow::bail!("a port is wanted")
        };
        let home = directory.path();
        let config = home.join("nginx.conf");
        fs::write(&config, configuration(port, server, keep_alive))?;
        let log = File::create(home.join("log"))?;
        let process = Command::new(crate::tools::path_of("nginx").context("there is no nginx")?)
            .arg("-p")
            .arg(home)
            .arg("-c")
            .arg(&config)
            .args(["-e", "stderr"])
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("cannot start nginx")?;
        let nginx = Self {
            process,
            address,
            directory,
        };
        until("nginx to answer", READY_LIMIT, || {
            let (status, _) = nginx.address.get("/", READY_LIMIT).ok()?;
            (status == 200).then_some(())
        })
        .with_context(|| fs::read_to_string(nginx.directory.path().join("log")).unwrap_or_default())?;
        Ok(nginx)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// One process that stays in the foreground and keeps all its files in its own directory.
fn configuration(port: u16, server: &Address, keep_alive: bool) -> String {
    let server = match server {
        Address::Unix(socket) => format!("unix:{}", socket.display()),
        Address::Loopback(port) => format!("127.0.0.1:{port}"),
    };
    let (kept, connection) = if keep_alive {
        ("keepalive 32;", "")
    } else {
        ("", "close")
    };
    format!(
        "daemon off; master_process off; pid nginx.pid; error_log stderr;
events {{ worker_connections 512; }}
http {{
access_log off;
client_body_temp_path client_body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
upstream server {{ server {server}; {kept} }}
server {{
  listen 127.0.0.1:{port};
  keepalive_requests 1000000;
  location / {{
    proxy_pass http://server;
    proxy_http_version 1.1;
    proxy_set_header Connection \"{connection}\";
  }}
}}
}}
"
    )
}
