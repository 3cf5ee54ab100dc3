//! Servers of Ruby: the system's own puma and unicorn.

use std::fs;

use anyhow::{Context, Result};

use super::{Options, Server, apps};
use crate::cgroup::ScratchCgroup;
use crate::http::Address;

impl Server {
    /// Starts puma with `tests/apps/timed.ru`, each worker with `threads` threads, and waits until it answers with all its
    /// workers.
    ///
    /// # Errors
    /// When it does not come up; the message ends with its log.
    pub fn puma(cgroup: &ScratchCgroup, options: &Options, threads: u32) -> Result<Self> {
        let mut command = vec!["puma".to_owned()];
        command.extend(["--environment".to_owned(), "production".to_owned()]);
        command.extend(["--workers".to_owned(), options.workers.to_string()]);
        command.extend(["--threads".to_owned(), format!("{threads}:{threads}")]);
        command.extend(options.args.iter().cloned());
        Self::start(command, cgroup, options, |address| {
            let bind = match address {
                Address::Unix(socket) => format!("unix://{}", socket.display()),
                Address::Loopback(port) => format!("tcp://127.0.0.1:{port}"),
            };
            vec!["--bind".to_owned(), bind, rackup()]
        })
    }

    /// Starts unicorn with `tests/apps/timed.ru`, and waits until it answers with all its workers. `home` is a directory for
    /// its configuration: on its command line no number of workers can be given.
    ///
    /// # Errors
    /// As [`Self::puma`].
    pub fn unicorn(cgroup: &ScratchCgroup, options: &Options, home: &std::path::Path) -> Result<Self> {
        let config = home.join("unicorn.rb");
        fs::write(&config, format!("worker_processes {}\n", options.workers))
            .with_context(|| format!("cannot write {}", config.display()))?;
        let mut command = vec!["unicorn".to_owned()];
        // As it is on a server: without Rack's own checks and access log.
        command.extend(["--env".to_owned(), "none".to_owned()]);
        command.extend(["--config-file".to_owned(), config.display().to_string()]);
        command.extend(options.args.iter().cloned());
        Self::start(command, cgroup, options, |address| {
            let listen = match address {
                Address::Unix(socket) => socket.display().to_string(),
                Address::Loopback(port) => format!("127.0.0.1:{port}"),
            };
            vec!["--listen".to_owned(), listen, rackup()]
        })
    }
}

fn rackup() -> String {
    apps().join("timed.ru").display().to_string()
}
