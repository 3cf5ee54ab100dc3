//! Something done in another network namespace.

use std::fs::File;
use std::io;

use nix::sched::{CloneFlags, setns};

use crate::host::process::Procfs;
use crate::model::ListenFault;

/// Runs `open` in the network namespace of `pid`, on a thread that ends with it: a thread is in a namespace of its own
/// accord (setns(2)), and this one comes back by ending.
pub(super) fn inside<T: Send>(
    procfs: &Procfs,
    pid: u32,
    open: impl FnOnce() -> Result<T, ListenFault> + Send,
) -> Result<T, ListenFault> {
    let elsewhere = |error: io::Error| ListenFault::OtherNetwork {
        pid,
        error: error.into(),
    };
    let path = procfs.root().join(pid.to_string()).join("ns/net");
    let namespace = File::open(path).map_err(elsewhere)?;
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("netns".to_owned());
        let thread = thread.spawn_scoped(scope, move || {
            setns(namespace, CloneFlags::CLONE_NEWNET).map_err(|errno| elsewhere(errno.into()))?;
            open()
        });
        match thread.map_err(elsewhere)?.join() {
            Ok(opened) => opened,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}
