//! How many requests would be late in the fluid model, which has no queue: by Erlang's formula where the workers suffice, and
//! by what has piled up where they do not. Coarser than the replay of each request, and thousands of times as fast.

use super::seconds::{Setting, late_shares};

/// Steps of the table between no load and as much as the workers can serve.
const STEPS: usize = 200;

/// Shares of late requests by servers and load.
#[derive(Debug, Clone)]
pub(super) struct Lateness {
    /// By servers, from 1; of each, by load.
    shares: Vec<Vec<f64>>,
    /// The promised wait, seconds.
    wait: f64,
}

/// What has piled up before the workers, worker-seconds.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Backlog(f64);

impl Lateness {
    /// For up to `most` servers.
    pub(super) fn new(setting: &Setting, most: u32) -> Self {
        let (wait, service) = (
            setting.promise.wait.as_secs_f64(),
            setting.traffic.service.as_secs_f64(),
        );
        let share = |servers: u32, step: usize| {
            let busy = f64::from(servers) * step as f64 / STEPS as f64;
            late_shares(busy, wait / service)
                .nth(servers as usize - 1)
                .unwrap_or(1.0)
        };
        let of = |servers| (0..=STEPS).map(|step| share(servers, step)).collect();
        Self {
            shares: (1..=most.max(1)).map(of).collect(),
            wait,
        }
    }

    /// The share of the requests of `seconds` that is late before `servers` at a demand of `busy` workers.
    pub(super) fn of(&self, backlog: &mut Backlog, servers: u32, busy: f64, seconds: f64) -> f64 {
        let capacity = f64::from(servers.max(1));
        let rises = busy - capacity;
        let patient = self.wait * capacity;
        let before = backlog.0;
        backlog.0 = (before + rises * seconds).max(0.0);
        if rises >= 0.0 {
            let on_time = ((patient - before) / rises.max(1e-9)).clamp(0.0, seconds);
            return 1.0 - on_time / seconds * (1.0 - self.steady(servers, busy));
        }
        let late_for = ((before - patient) / -rises).clamp(0.0, seconds) / seconds;
        late_for + (1.0 - late_for) * self.steady(servers, busy)
    }

    fn steady(&self, servers: u32, busy: f64) -> f64 {
        let row = self
            .shares
            .get(servers.max(1) as usize - 1)
            .or(self.shares.last());
        let place = (busy / f64::from(servers.max(1)) * STEPS as f64).clamp(0.0, STEPS as f64);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "0 to STEPS"
        )]
        let below = (place as usize).min(STEPS - 1);
        row.map_or(1.0, |row| {
            row[below] + (row[below + 1] - row[below]) * (place - below as f64)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::Promise;
    use crate::simulate::seconds::Traffic;

    #[test]
    fn what_has_piled_up_makes_all_late_until_it_is_served() {
        let setting = Setting {
            traffic: Traffic {
                service: Duration::from_millis(100),
                variation: 1.0,
                burst: 0.0,
                cpu_share: 1.0,
            },
            boot: Duration::ZERO,
            promise: Promise::default(),
            check_interval: Duration::from_mins(2),
            seed: 1,
        };
        let (lateness, mut backlog) = (Lateness::new(&setting, 4), Backlog::default());
        // 1 of 3 is free: 44 % wait at all, and of those e^-1 for longer than a service.
        let share = lateness.of(&mut backlog, 3, 2.0, 60.0);
        assert!((share - 4.0 / 9.0 * (-1.0_f64).exp()).abs() < 0.01, "{share}");
        // A minute with one worker too few leaves 60 worker-seconds, which the third serves in a minute.
        assert!(lateness.of(&mut backlog, 1, 2.0, 60.0) > 0.99);
        assert!(lateness.of(&mut backlog, 3, 2.0, 60.0) > 0.99);
        assert!(lateness.of(&mut backlog, 3, 2.0, 60.0) < 0.2);
    }
}
