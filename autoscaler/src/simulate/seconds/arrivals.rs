//! Requests as they come: at random, as many users who know nothing of each other send them, at a rate that follows the
//! recording.

use super::exact::{exp, ln, whole};
use super::quantile::Quantiles;
use super::random::Random;
use super::{SECOND, Traffic};

/// How long a burst lasts: the time constant of the rate's own sway, seconds.
const BURST_SECONDS: f64 = 10.0;

/// One request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Request {
    /// When it comes, ns since the beginning.
    pub(super) at: u64,
    /// How long it will be served, ns.
    pub(super) service: u64,
}

/// The requests of one service, second by second.
#[derive(Debug, Clone)]
pub(super) struct Arrivals {
    random: Random,
    services: Quantiles,
    mean_service: f64,
    burst: Option<Burst>,
    /// Requests expected up to the next one: a step of a Poisson process of rate 1.
    to_next: f64,
    now: u64,
    come: Vec<Request>,
}

/// The rate's own sway: an Ornstein-Uhlenbeck process, the exponential of which multiplies the rate.
#[derive(Debug, Clone)]
struct Burst {
    random: Random,
    normal: Quantiles,
    deviation: f64,
    /// In standard deviations.
    now: f64,
}

impl Arrivals {
    /// The stream of `seed`.
    pub(super) fn new(traffic: &Traffic, seed: u64) -> Self {
        let mut random = Random::new(seed, 0);
        let to_next = gap(&mut random);
        Self {
            services: Quantiles::log_normal(traffic.service.as_secs_f64(), traffic.variation),
            mean_service: traffic.service.as_secs_f64(),
            burst: (traffic.burst > 0.0).then(|| Burst::new(traffic.burst, seed)),
            random,
            to_next,
            now: 0,
            come: Vec::new(),
        }
    }

    /// What the next second's demand will really be, of the `demand` that the recording has, busy workers.
    pub(super) fn sway(&mut self, demand: f64) -> f64 {
        demand * self.burst.as_mut().map_or(1.0, Burst::next)
    }

    /// The requests of the next second, at this demand, in the order of time.
    pub(super) fn next(&mut self, demand: f64) -> &[Request] {
        self.come.clear();
        let expected = demand / self.mean_service;
        let mut after = self.to_next;
        let ns = SECOND as f64 / expected;
        while after < expected {
            let service = self.services.draw(&mut self.random) * SECOND as f64;
            self.come.push(Request {
                at: self.now + whole(after * ns).min(SECOND - 1),
                service: whole(service).max(1),
            });
            after += gap(&mut self.random);
        }
        self.to_next = after - expected;
        self.now += SECOND;
        &self.come
    }
}

/// Until the next event of a Poisson process of rate 1.
#[inline]
fn gap(random: &mut Random) -> f64 {
    -ln(random.share())
}

impl Burst {
    fn new(variation: f64, seed: u64) -> Self {
        let (mut random, normal) = (Random::new(seed, 1), Quantiles::normal());
        Self {
            now: normal.draw(&mut random),
            deviation: ln(1.0 + variation * variation).sqrt(),
            random,
            normal,
        }
    }

    /// What the rate of the next second is multiplied by: 1 on average.
    fn next(&mut self) -> f64 {
        let stays = exp(-1.0 / BURST_SECONDS);
        self.now = stays * self.now + (1.0 - stays * stays).sqrt() * self.normal.draw(&mut self.random);
        exp(self.deviation * self.now - 0.5 * self.deviation * self.deviation)
    }
}
