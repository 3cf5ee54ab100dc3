//! What systemd does to a service's processes when it is told to stop it (systemd.kill(5), systemd.service(5)).

use std::time::Duration;

/// The settings of one unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StopRules {
    /// `KillMode`: which of the processes get the signal.
    pub kill_mode: String,
    /// `KillSignal`: the signal, SIGTERM unless configured.
    pub kill_signal: i32,
    /// `TimeoutStopUSec`, after which systemd kills; `None` when it never does.
    pub time_limit: Option<Duration>,
}
