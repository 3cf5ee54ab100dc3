//! Requests given to workers, one after the other: where a simulation spends most of its time.

use super::arrivals::Request;
use super::waits::{Batch, Waits};

/// Gives each request to the worker that is free first, until one would begin after `end`; says how many have begun. `free`:
/// when each worker is free, rising.
///
/// Up to sixteen workers are in registers meanwhile, with code for each count.
pub(super) fn serve(
    free: &mut [u64],
    requests: impl Iterator<Item = Request>,
    end: u64,
    waits: &mut Waits,
) -> usize {
    macro_rules! by_count {
        ($($count:literal)*) => {
            match free.len() {
                0 => 0,
                $($count => {
                    let mut few = [0; $count];
                    few.copy_from_slice(free);
                    let begun = serve_all(&mut few, requests, end, waits);
                    free.copy_from_slice(&few);
                    begun
                })*
                _ => serve_all(free, requests, end, waits),
            }
        };
    }
    by_count!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16)
}

#[inline(always)]
#[expect(clippy::inline_always, reason = "the count of workers is to be known in here")]
fn serve_all<F: AsMut<[u64]> + ?Sized>(
    free: &mut F,
    requests: impl Iterator<Item = Request>,
    end: u64,
    waits: &mut Waits,
) -> usize {
    let free = free.as_mut();
    let mut batch = Batch::default();
    for request in requests {
        let start = request.at.max(free[0]);
        if start >= end {
            break;
        }
        // Its worker takes its new place among the others, without a branch that would be guessed wrong.
        let mut at = start + request.service;
        for i in 1..free.len() {
            let other = free[i];
            free[i - 1] = other.min(at);
            at = other.max(at);
        }
        free[free.len() - 1] = at;
        batch.begun += 1;
        batch.service += request.service;
        let wait = start - request.at;
        if wait > 0 {
            batch.waited += 1;
            waits.add(wait);
        }
    }
    waits.add_batch(&batch);
    batch.begun
}
