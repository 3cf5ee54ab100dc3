//! What the program at every switch costs, as the kernel itself measures it.

use std::os::fd::OwnedFd;
use std::time::Duration;

use aya::sys::{Stats, enable_stats};

use crate::host::usage::{RunCost, monotonic};

/// Least time from the end of one measurement to the start of the next.
const REST: Duration = Duration::from_mins(1);

/// A measurement is followed by a rest this many times as long: two more clock reads a run, some 20 ns, are paid for
/// a sixtieth of the time at most.
const RESTS: u32 = 60;

/// Measures from one look to the next, now and then.
#[derive(Debug, Default)]
pub(super) struct Meter {
    state: State,
    last: Option<RunCost>,
}

#[derive(Debug, Default)]
enum State {
    /// Measuring is due at the next look.
    #[default]
    Due,
    /// The kernel counts since `since`, when the program had run `before`.
    Counting {
        /// The kernel stops to count when the last such descriptor is closed: bpf(2), `BPF_ENABLE_STATS`.
        _on: OwnedFd,
        since: Duration,
        before: RunCost,
    },
    /// Not before this `CLOCK_MONOTONIC`.
    Resting { until: Duration },
    /// The kernel refuses: it takes `CAP_SYS_ADMIN`, and Linux 5.8.
    Refused,
}

impl Meter {
    /// What the last measurement found, after this look; `ran` reads the program's own counters.
    pub(super) fn look(&mut self, ran: impl Fn() -> Option<RunCost>) -> Option<RunCost> {
        let now = monotonic();
        match &self.state {
            State::Due => self.state = start(now, ran),
            State::Counting { since, before, .. } => {
                let measured = ran().and_then(|after| after.since(*before));
                let took = now.saturating_sub(*since);
                self.last = measured.or(self.last);
                self.state = State::Resting {
                    until: now + REST.max(took * RESTS),
                };
            }
            State::Resting { until } if now >= *until => self.state = start(now, ran),
            State::Resting { .. } | State::Refused => {}
        }
        self.last
    }
}

fn start(now: Duration, ran: impl Fn() -> Option<RunCost>) -> State {
    let Ok(on) = enable_stats(Stats::RunTime) else {
        return State::Refused;
    };
    match ran() {
        Some(before) => State::Counting {
            _on: on,
            since: now,
            before,
        },
        None => State::Refused,
    }
}
