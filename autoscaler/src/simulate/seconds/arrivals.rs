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
    drawn: Drawn,
    mean_service: f64,
    burst: Option<Burst>,
    /// Requests expected up to the next one: a step of a Poisson process of rate 1.
    to_next: f64,
    now: u64,
    come: Vec<Request>,
}

/// How many requests are drawn at a time.
const DRAWN: usize = 64;

/// What chance decides of the requests to come, many at a time: so one logarithm does not wait for the other.
#[derive(Debug, Clone)]
struct Drawn {
    random: Random,
    services: Quantiles,
    /// Times of service, ns.
    service: [u64; DRAWN],
    /// From each request to the one after it: a step of a Poisson process of rate 1.
    gap: [f64; DRAWN],
    /// How many of them have come.
    used: usize,
}

impl Drawn {
    /// The next request's time of service, and the step to the one after it.
    #[inline]
    fn next(&mut self) -> (u64, f64) {
        if self.used == DRAWN {
            self.draw();
        }
        let next = (self.service[self.used], self.gap[self.used]);
        self.used += 1;
        next
    }

    fn draw(&mut self) {
        for (service, gap) in self.service.iter_mut().zip(&mut self.gap) {
            let drawn = self.services.draw(&mut self.random) * SECOND as f64;
            *service = whole(drawn).max(1);
            *gap = self.random.share();
        }
        for gap in &mut self.gap {
            *gap = step(*gap);
        }
        self.used = 0;
    }
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
        let to_next = step(random.share());
        Self {
            drawn: Drawn {
                services: Quantiles::log_normal(traffic.service.as_secs_f64(), traffic.variation),
                random,
                service: [0; DRAWN],
                gap: [0.0; DRAWN],
                used: DRAWN,
            },
            mean_service: traffic.service.as_secs_f64(),
            burst: (traffic.burst > 0.0).then(|| Burst::new(traffic.burst, seed)),
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
            let (service, gap) = self.drawn.next();
            self.come.push(Request {
                at: self.now + whole(after * ns).min(SECOND - 1),
                service,
            });
            after += gap;
        }
        self.to_next = after - expected;
        self.now += SECOND;
        &self.come
    }
}

/// Until the next event of a Poisson process of rate 1, by a random number above 0 and at most 1.
#[inline]
fn step(share: f64) -> f64 {
    -ln(share)
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
