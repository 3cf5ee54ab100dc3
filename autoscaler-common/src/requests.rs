//! The records of requests that cross from the kernel programs to userspace.

/// Buckets of a histogram: see [`bucket_of`].
pub const BUCKETS: usize = 240;

/// Listeners of which each CPU remembers whose their requests are. A power of two.
pub const SEATS_EACH: u32 = 64;

/// Bits of a time below its highest one that tell its bucket: eight buckets for each doubling.
const FINE_BITS: u32 = 3;

/// Times are told apart from here on, as a power of two of ns: 1.024 µs.
const UNIT_BITS: u32 = 10;

/// What one CPU has charged to one cgroup. Every counter only grows. In whole cache lines: what each request changes but for its
/// buckets is one.
#[repr(C, align(64))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Requests {
    /// Requests that were begun: data was read of them.
    pub begun: u64,
    /// Requests that were answered, at least in part.
    pub answered: u64,
    /// Requests whose connection was closed before anything was answered.
    pub abandoned: u64,
    /// From the first data of a request to its being read, all requests together, ns.
    pub wait_ns: u64,
    /// From a request's being read to the last that was sent of its answer so far, all requests together, ns.
    pub busy_ns: u64,
    /// The same of those that were abandoned, until then.
    pub abandoned_ns: u64,
    /// Up to a whole cache line.
    pub reserved: [u64; 2],
    /// Requests by their wait.
    pub waits: [u64; BUCKETS],
    /// Requests by their time of service; each is counted when its connection's next one begins or it is closed.
    pub services: [u64; BUCKETS],
}

impl Default for Requests {
    fn default() -> Self {
        Self {
            begun: 0,
            answered: 0,
            abandoned: 0,
            wait_ns: 0,
            busy_ns: 0,
            abandoned_ns: 0,
            reserved: [0; 2],
            waits: [0; BUCKETS],
            services: [0; BUCKETS],
        }
    }
}

/// What the kernel keeps with a connection. Times are `CLOCK_MONOTONIC`, ns.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default)]
pub struct Connection {
    /// When data came that nothing unread was before. Written by the arriving side alone, all else by the reading side.
    pub arrived: u64,
    /// When it was last read from.
    pub read: u64,
    /// When the request that is served, or was last, was read; 0 before the first.
    pub begun: u64,
    /// When something was last sent of its answer; 0 before that.
    pub sent: u64,
    /// Address of the set of cgroups that the reading task is in; 0 before anybody has read.
    pub reader: u64,
    /// The place of the counters of its cgroup, or [`Connection::NOBODYS`].
    pub place: u32,
    /// The port of its listener; 0 for a Unix socket.
    pub port: u32,
    /// What that listener is known by beside its port: the address of its network namespace, or of a Unix socket's name.
    pub listener: u64,
}

impl Connection {
    /// The place of a cgroup whose requests nobody wants.
    pub const NOBODYS: u32 = u32::MAX;

    /// Whether it is one of a Unix socket.
    #[inline(always)]
    #[must_use]
    #[expect(
        clippy::inline_always,
        reason = "in the kernel, what is not inlined is a call, verified apart"
    )]
    pub fn is_unix(&self) -> bool {
        self.port == 0
    }

    /// What its listener is known by, in one word: a kernel's address has 48 bits that tell it from others, and the port takes
    /// the place of the other 16.
    #[inline(always)]
    #[must_use]
    #[expect(
        clippy::inline_always,
        reason = "in the kernel, what is not inlined is a call, verified apart"
    )]
    pub fn listener_key(&self) -> u64 {
        (self.listener << 16) | u64::from(self.port)
    }

    /// What waits or is served on it, charged to the counters at `place`; `None` where nothing does.
    #[inline(always)]
    #[must_use]
    #[expect(
        clippy::inline_always,
        reason = "in the kernel, what is not inlined is a call, verified apart"
    )]
    pub fn live(&self, place: u32) -> Option<Live> {
        let live = Live {
            place,
            unused: 0,
            waiting_since: if self.arrived > self.read { self.arrived } else { 0 },
            served_since: if self.sent == 0 { self.begun } else { 0 },
        };
        let none = place == Self::NOBODYS || (live.waiting_since | live.served_since) == 0;
        (!none).then_some(live)
    }
}

/// A place for a connection. One cache line.
#[repr(C, align(64))]
#[derive(Debug, Clone, Copy, Default)]
pub struct Placed {
    /// The number that the kernel has given to this socket alone; 0 where the place is free.
    pub cookie: u64,
    /// What is kept with it.
    pub connection: Connection,
}

/// A connection on which a request waits or is served. Times are `CLOCK_MONOTONIC`, ns; 0 for none.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Live {
    /// The place of its cgroup's counters.
    pub place: u32,
    /// Up to a whole word.
    pub unused: u32,
    /// Since when a request waits.
    pub waiting_since: u64,
    /// Since when a request is served, of which nothing has been answered yet.
    pub served_since: u64,
}

/// The bucket of a time in ns: log-linear, eight for each doubling, so that its middle is no more than a sixteenth off.
#[inline(always)]
#[must_use]
#[expect(
    clippy::inline_always,
    reason = "in the kernel, what is not inlined is a call, verified apart"
)]
pub fn bucket_of(ns: u64) -> usize {
    let units = ns >> UNIT_BITS;
    let bucket = if units < 1 << FINE_BITS {
        units
    } else {
        let exponent = units.ilog2();
        let fine = (units >> (exponent - FINE_BITS)) & ((1 << FINE_BITS) - 1);
        (u64::from(exponent - FINE_BITS + 1) << FINE_BITS) + fine
    };
    // The comparison is what the verifier asks for.
    match usize::try_from(bucket) {
        Ok(bucket) if bucket < BUCKETS => bucket,
        _ => BUCKETS - 1,
    }
}

/// The least time that falls into a bucket, ns.
#[must_use]
pub fn lower_bound(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    let fine = 1 << FINE_BITS;
    if bucket < fine {
        return bucket << UNIT_BITS;
    }
    let exponent = bucket / fine - 1;
    (fine + bucket % fine) << exponent << UNIT_BITS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_lies_in_its_bucket_and_no_bucket_is_wider_than_an_eighth() {
        for bits in UNIT_BITS..39 {
            for part in 0..64_u64 {
                let ns = (1 << bits) + (part << bits >> 6);
                let bucket = bucket_of(ns);
                let (least, next) = (lower_bound(bucket), lower_bound(bucket + 1));
                assert!(
                    (least..next).contains(&ns),
                    "{ns}: bucket {bucket}, {least}..{next}"
                );
                assert!(bits < UNIT_BITS + FINE_BITS || (next - least) * 8 <= least);
            }
        }
    }

    #[test]
    fn times_beyond_all_buckets_are_in_the_last() {
        assert_eq!(bucket_of(u64::MAX), BUCKETS - 1);
        assert_eq!(bucket_of(0), 0);
        assert!(
            lower_bound(BUCKETS - 1) > 30 * 60 * 1_000_000_000,
            "half an hour is told"
        );
    }
}
