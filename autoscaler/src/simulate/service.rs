//! A plain model of the service: `n` workers serve at most `n` CPUs of demand, and never more than the host has.
//! Workers that wait need no CPU. What is over is unmet: it is lost, not queued, as a client that turns away.

use super::Piece;

/// The host that the service runs on, alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Service {
    /// CPUs of the host.
    pub cpus: u32,
    /// Memory of the host, MiB; `None` for so much that no rule over it stands in the way.
    pub memory_mib: Option<u64>,
    /// What its workers do with a request.
    pub work: Work,
}

/// What workers do with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Work {
    /// They compute: a busy worker needs a CPU.
    #[default]
    Computes,
    /// They wait, as for a database, and need none.
    Waits,
}

/// One interval of the service.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Served {
    /// Its length, seconds.
    pub seconds: f64,
    /// CPU time wanted, CPU-seconds.
    pub demand: f64,
    /// CPU time served, CPU-seconds: at most the demand.
    pub served: f64,
    /// Time that workers had something to do and no CPU to do it on, CPU-seconds.
    pub waited: f64,
    /// Demand at the interval's end, CPUs.
    pub latest: f64,
}

impl Service {
    /// What `workers` workers make of the demand of one interval.
    #[must_use]
    pub fn serve(&self, workers: u32, pieces: &[Piece]) -> Served {
        let workers = f64::from(workers);
        let cpus = match self.work {
            Work::Computes => f64::from(self.cpus),
            Work::Waits => f64::INFINITY,
        };
        let mut sum = Served::default();
        for piece in pieces {
            let busy = piece.cpus.min(workers);
            let running = busy.min(cpus);
            sum.seconds += piece.seconds;
            sum.demand += piece.cpus * piece.seconds;
            sum.served += running * piece.seconds;
            sum.waited += (busy - running) * piece.seconds;
            sum.latest = piece.cpus;
        }
        sum
    }
}
