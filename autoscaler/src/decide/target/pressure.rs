//! Do busy workers wait for a CPU, or for something else? More workers help against the second alone.

use std::time::Duration;

use crate::decide::constraint::{BUSY_PERCENT, WAIT_PERCENT};
use crate::model::{Pulse, Reason};

/// Seconds that a figure counts for.
const MEMORY: f64 = 20.0;

/// What busy workers did of late.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Pressure {
    /// Seconds of busy workers, and of their wait for a CPU.
    busy: f64,
    wait: f64,
    /// The host's busy share, percent times seconds, and the seconds.
    host: (f64, f64),
}

impl Pressure {
    /// Takes one look in; `busy` is the time that workers were busy in it, seconds.
    pub(super) fn add(&mut self, pulse: &Pulse, busy: f64) {
        let seconds = pulse.covered.as_secs_f64();
        let kept = (-seconds / MEMORY).exp();
        // A worker is busy at least while it has a CPU or wants one.
        let wanted = (pulse.on_cpu + pulse.cpu_wait).as_secs_f64();
        self.busy = self.busy.mul_add(kept, busy.max(wanted));
        self.wait = self.wait.mul_add(kept, pulse.cpu_wait.as_secs_f64());
        if let Some(percent) = pulse.host_busy_percent {
            self.host = (
                self.host.0.mul_add(kept, percent * seconds),
                self.host.1.mul_add(kept, seconds),
            );
        }
    }

    /// Why another worker would wait for a CPU too.
    pub(super) fn against_up(&self) -> Option<Reason> {
        let busy_percent = self.host.0 / self.host.1;
        let wait_percent = 100.0 * self.wait / self.busy;
        (busy_percent >= BUSY_PERCENT && wait_percent >= WAIT_PERCENT).then_some(Reason::HostSaturated {
            wait_percent,
            busy_percent,
        })
    }
}

/// CPU that each busy worker uses, learned where requests are seen, for the time in which they are not.
#[derive(Debug, Clone, Copy, PartialEq, Default, serde::Serialize, serde::Deserialize)]
pub(super) struct CpuShare {
    cpu: f64,
    busy: f64,
}

/// Seconds over which the share is learned.
const SHARE_MEMORY: f64 = 3600.0;

/// Seconds of busy workers from which on the share is known.
const ENOUGH: f64 = 30.0;

impl CpuShare {
    /// Takes one look in, at which workers were busy for `busy` seconds.
    pub(super) fn learn(&mut self, covered: Duration, cpu: f64, busy: f64) {
        let kept = (-covered.as_secs_f64() / SHARE_MEMORY).exp();
        self.cpu = self.cpu.mul_add(kept, cpu);
        self.busy = self.busy.mul_add(kept, busy);
    }

    /// The time for which workers were busy that used `cpu` seconds; `None` where that is not known.
    pub(super) fn busy(&self, cpu: f64) -> Option<f64> {
        (self.busy >= ENOUGH && self.cpu > 0.0).then(|| cpu * self.busy / self.cpu)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Concurrency, RequestFault};

    fn second(on_cpu: f64, cpu_wait: f64, host: f64) -> Pulse {
        Pulse {
            covered: Duration::from_secs(1),
            on_cpu: Duration::from_secs_f64(on_cpu),
            cpu_wait: Duration::from_secs_f64(cpu_wait),
            allowed_cpus: 4.0,
            host_busy_percent: Some(host),
            memory_pressure_percent: None,
            worker_mib: None,
            requests: Err(RequestFault::NotSeen),
            concurrency: Concurrency::Threads(1),
        }
    }

    #[test]
    fn workers_that_wait_for_a_database_do_not_wait_for_a_cpu() {
        // Both waited for a third of the time that they wanted a CPU, on a full host.
        for (busy, saturated) in [(3.0, true), (20.0, false)] {
            let mut pressure = Pressure::default();
            (0..60).for_each(|_| pressure.add(&second(2.0, 1.0, 99.0), busy));
            assert_eq!(pressure.against_up().is_some(), saturated, "{busy}");
        }
    }

    #[test]
    fn a_host_with_cpus_left_is_not_full() {
        let mut pressure = Pressure::default();
        assert_eq!(pressure.against_up(), None, "nothing seen yet");
        (0..60).for_each(|_| pressure.add(&second(2.0, 2.0, 80.0), 4.0));
        assert_eq!(pressure.against_up(), None);
    }

    #[test]
    fn busy_workers_are_told_by_their_cpu_once_it_is_known() {
        let mut share = CpuShare::default();
        assert_eq!(share.busy(1.0), None);
        (0..60).for_each(|_| share.learn(Duration::from_secs(1), 0.5, 2.0));
        assert!((share.busy(1.0).unwrap() - 4.0).abs() < 1e-9);
    }
}
