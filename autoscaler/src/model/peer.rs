//! Who asks something of the daemon.

/// A process that asks: `SO_PEERCRED` of unix(7), as it was when the process connected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Its effective user.
    pub uid: u32,
    /// Its pid; `None` from another pid namespace.
    pub pid: Option<u32>,
    /// The user who logged in, where that is another (sudo): `/proc/PID/loginuid`, `proc_pid_loginuid(5)`.
    pub login: Option<u32>,
}
