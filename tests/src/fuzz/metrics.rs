//! What somebody sends to the metrics' port.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use autoscaler::host::usage::Health;
use autoscaler::metrics::{Process, Scrape, Server, ServerEvent};
use autoscaler::model::{Listen, SourceKind};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::time::{sleep, timeout};

use super::{block_on, scratch};

/// No answer is waited for longer: a request that is not whole gets none.
const PATIENCE: Duration = Duration::from_millis(200);

/// Anything but a whole request.
pub(super) fn request(input: &[u8]) {
    thread_local! {
        static SERVER: OnceCell<PathBuf> = const { OnceCell::new() };
    }
    block_on(async {
        let socket = SERVER.with(|server| server.get_or_init(start).clone());
        let mut client = loop {
            match UnixStream::connect(&socket).await {
                Ok(client) => break client,
                // It is about to listen.
                Err(_) => sleep(Duration::from_millis(1)).await,
            }
        };
        let _ = client.write_all(input).await;
        let _ = client.shutdown().await;
        let _ = timeout(PATIENCE, client.read_to_end(&mut Vec::new())).await;
    });
}

/// Starts the server, and plays the daemon's loop behind it.
fn start() -> PathBuf {
    let socket = scratch().join("metrics.sock");
    let mut server: Server = Server::start(Listen::Unix(socket.clone()));
    tokio::spawn(async move {
        loop {
            if let ServerEvent::Wanted(reply) = server.message().await {
                let _ = reply.send(scrape());
            }
        }
    });
    socket
}

fn scrape() -> Scrape {
    Scrape {
        source: SourceKind::CpuStat,
        health: Health::default(),
        requests_way: None,
        host: None,
        checked_at: None,
        check_interval: Duration::from_mins(2),
        checks: 7,
        failed_checks: 0,
        check_time: Duration::ZERO,
        history_lost: None,
        config_in_force: true,
        process: Process {
            cpu: Duration::ZERO,
            resident: None,
            started_at: SystemTime::UNIX_EPOCH,
        },
        projects: BTreeMap::new(),
    }
}
