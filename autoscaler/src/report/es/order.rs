//! Orders by hand, in Spanish.

use crate::model::Order;
use crate::report::duration::short;
use crate::report::{Lasts, workers};

pub(super) fn ordered(unit: &str, order: Order, lasts: Lasts, by: &str) -> String {
    let what = match order {
        Order::Pause => "en pausa".to_owned(),
        Order::Scale(count) => workers(count),
    };
    let length = match lasts {
        Lasts::Once => String::new(),
        Lasts::For(length) => format!(" durante {}", short(length)),
        Lasts::UntilResumed => " hasta que se reanude".to_owned(),
    };
    format!("✋ {unit}: {what}{length}, por orden de {by}")
}

pub(super) fn ended(unit: &str, by: Option<&str>) -> String {
    match by {
        Some(by) => format!("▶️ {unit}: reanudado por {by}; vuelven a mandar los umbrales"),
        None => format!("▶️ {unit}: terminó la orden manual; vuelven a mandar los umbrales"),
    }
}
