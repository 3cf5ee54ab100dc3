//! How a promise was kept, told.

use serde::{Deserialize, Serialize};

use super::unix;
use crate::model::{Kept, Language, Stretch};
use crate::words;

/// How a promise about requests was kept lately.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct PromiseStatus {
    /// How long a request may wait without being late, ms.
    pub wait_ms: f64,
    /// Share of the requests that may be late, percent.
    pub percent: f64,
    /// From the local midnight on; `None` before any request could be seen.
    pub today: Option<LateStatus>,
    /// In seven days.
    pub week: Option<LateStatus>,
    /// All of it in words.
    pub words: String,
}

/// The requests of a stretch of time that ends now.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct LateStatus {
    /// Where it begins: Unix time, seconds; no earlier than anything is known of.
    pub since: i64,
    /// Requests that were read.
    pub requests: u64,
    /// Those that were late.
    pub late: u64,
    /// Their share, percent; `None` without requests.
    pub late_percent: Option<f64>,
}

impl PromiseStatus {
    /// What is known of it, in `language`.
    #[must_use]
    pub fn of(language: Language, kept: &Kept) -> Self {
        let lately = kept.lately.as_ref();
        Self {
            wait_ms: kept.promise.wait.as_secs_f64() * 1e3,
            percent: kept.promise.percent,
            today: lately.map(|lately| LateStatus::of(&lately.today)),
            week: lately.map(|lately| LateStatus::of(&lately.week)),
            words: words::promise(language, kept),
        }
    }
}

impl LateStatus {
    fn of(stretch: &Stretch) -> Self {
        let requests = stretch.requests;
        Self {
            since: unix(stretch.since),
            requests: requests.begun,
            late: whole(requests.late),
            late_percent: requests.percent(),
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count of requests: never negative, and saturates"
)]
fn whole(late: f64) -> u64 {
    late.round() as u64
}
