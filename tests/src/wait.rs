//! Waiting for a condition, with a deadline.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

const POLL: Duration = Duration::from_millis(10);

/// Calls `look` until it gives a value, and returns that value.
///
/// # Errors
/// When `limit` has passed; the message says what was waited for.
pub fn until<T>(what: &str, limit: Duration, mut look: impl FnMut() -> Option<T>) -> Result<T> {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return Ok(found);
        }
        if start.elapsed() >= limit {
            bail!("waited {limit:?} in vain for {what}");
        }
        thread::sleep(POLL);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_the_value_or_says_what_was_missing() {
        let mut looks = 0;
        let found = until("three looks", Duration::from_secs(5), || {
            looks += 1;
            (looks == 3).then_some(looks)
        });
        assert_eq!(found.unwrap(), 3);
        let missing = until("nothing", Duration::ZERO, || None::<()>).unwrap_err();
        assert!(missing.to_string().contains("nothing"), "{missing}");
    }
}
