//! Orders by hand, in English.

use crate::model::Order;
use crate::report::duration::short;
use crate::report::{Lasts, workers};

pub(super) fn ordered(unit: &str, order: Order, lasts: Lasts, by: &str) -> String {
    let what = match order {
        Order::Pause => "paused".to_owned(),
        Order::Scale(count) => workers(count),
    };
    let length = match lasts {
        Lasts::Once => String::new(),
        Lasts::For(length) => format!(" for {}", short(length)),
        Lasts::UntilResumed => " until resumed".to_owned(),
    };
    format!("✋ {unit}: {what}{length}, ordered by {by}")
}

pub(super) fn ended(unit: &str, by: Option<&str>) -> String {
    match by {
        Some(by) => format!("▶️ {unit}: resumed by {by}; the thresholds rule again"),
        None => format!("▶️ {unit}: the order by hand is over; the thresholds rule again"),
    }
}
