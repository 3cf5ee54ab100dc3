//! What a project's requests are looked at for: `busy_thresholds`, `wait_thresholds`, and how many one worker serves.

use crate::config::fields::{Fields, Findings};
use crate::config::keys;
use crate::config::ladder::{self, Scale};
use crate::config::rules::Rules;
use crate::model::{Bounds, RequestRules, Wrong};

/// Keys of a project alone that are about requests.
pub(super) const KEYS: [&str; 3] = ["busy_thresholds", "wait_thresholds", "threads_per_worker"];

/// Reads what `fields` say of the requests of `project`.
pub(super) fn read(
    fields: &Fields<'_>,
    (project, bounds): (&str, Option<Bounds>),
    rules: Rules,
    findings: &mut Findings<'_>,
) -> RequestRules {
    let unwanted = fields.get("requests").is_some() && !rules.requests;
    let mut ladder = |key, scale, hold| {
        let field = fields.get(key)?;
        if unwanted {
            findings.refuse(&field, Wrong::RequestsUnwanted(field.name()));
        }
        ladder::read(field, scale, project, bounds, hold, findings)
    };
    let busy = ladder("busy_thresholds", Scale::Slots, rules.busy_hold);
    let wait = ladder("wait_thresholds", Scale::Millis, rules.wait_hold);
    let threads = fields
        .get("threads_per_worker")
        .and_then(|field| field.whole(keys::THREADS, findings));
    RequestRules {
        wanted: rules.requests || busy.is_some() || wait.is_some(),
        busy,
        wait,
        threads_per_worker: threads.and_then(|threads| u32::try_from(threads).ok()),
        down_while_busy: rules.down_while_busy,
        long: rules.long_request,
    }
}
