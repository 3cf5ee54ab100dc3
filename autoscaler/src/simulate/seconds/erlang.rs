//! How many requests wait before workers that nothing changes: Erlang's C formula.
//! <https://en.wikipedia.org/wiki/Erlang_(unit)#Erlang_C_formula>

use super::exact::exp;

/// The share of requests that wait for longer than `wait` services before each count of workers, from 1 on, at a demand
/// of `busy` workers; 1 where they cannot serve it. For times of service that are exponential: of others it is near.
pub(in crate::simulate) fn late(busy: f64, wait: f64) -> impl Iterator<Item = f64> {
    let mut blocked = 1.0;
    (1_u32..).map(move |workers| {
        let workers = f64::from(workers);
        blocked = busy * blocked / (workers + busy * blocked);
        if workers <= busy {
            return 1.0;
        }
        let waits = blocked / (1.0 - busy / workers * (1.0 - blocked));
        waits * exp((-(workers - busy) * wait).max(-700.0))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_what_the_tables_say() {
        // Erlang C for 2 erlangs before 3 workers is 4/9, for 1 before 2 it is 1/3.
        let waits = |busy: f64, workers: usize| late(busy, 0.0).nth(workers - 1).unwrap_or_default();
        assert!((waits(2.0, 3) - 4.0 / 9.0).abs() < 1e-12);
        assert!((waits(1.0, 2) - 1.0 / 3.0).abs() < 1e-12);
        assert!((waits(3.0, 3) - 1.0).abs() < 1e-12);
    }
}
