//! What systemd wants to hear: `sd_notify(3)` for Type=notify-reload and the watchdog.

use std::time::Duration;

use libsystemd::daemon::{NotifyState, notify, watchdog_enabled};

use crate::host::usage::monotonic;

/// The daemon is up, or a reload is over.
pub(super) fn ready(status: String) {
    send(&[NotifyState::Ready, NotifyState::Status(status)]);
}

/// A reload begins. systemd wants to know when, to tell this reload from one before.
pub(super) fn reloading() {
    let now = NotifyState::Other(format!("MONOTONIC_USEC={}", monotonic().as_micros()));
    send(&[NotifyState::Reloading, now]);
}

/// The line that `systemctl status` shows.
pub(super) fn status(status: String) {
    send(&[NotifyState::Status(status)]);
}

/// The daemon ends.
pub(super) fn stopping() {
    send(&[NotifyState::Stopping]);
}

/// The daemon is alive.
pub(super) fn alive() {
    send(&[NotifyState::Watchdog]);
}

/// How often systemd must hear that the daemon is alive: half of what it allows.
pub(super) fn watchdog_interval() -> Option<Duration> {
    watchdog_enabled(false).map(|allowed| allowed / 2)
}

fn send(states: &[NotifyState]) {
    // Nobody listens where systemd did not start us, and a lost notification is repeated by the next.
    let _ = notify(false, states);
}
