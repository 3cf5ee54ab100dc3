//! Answers over the control socket, in English.

use super::reason;
use crate::report::{Reply, workers};

pub(in crate::report) fn reply(reply: &Reply<'_>) -> String {
    match reply {
        Reply::UnknownProject { name, nearest, known } => match nearest {
            Some(nearest) => format!("there is no project {name:?}; did you mean {nearest:?}?"),
            None => format!("there is no project {name:?}; there are: {}", known.join(", ")),
        },
        Reply::Disabled { project } => {
            format!("{project} is disabled: set \"enabled\": true in the configuration first")
        }
        Reply::OutsideBounds {
            project,
            workers,
            bounds,
        } => format!(
            "{project} may have {} to {} workers, not {workers}: give a count within these, or change \
             \"min_workers\" or \"max_workers\" in the configuration",
            bounds.min, bounds.max
        ),
        Reply::Replaced { by } => format!("a later order took its place, from {by}"),
        Reply::TakenOut { project } => format!("{project} was taken out of the configuration meanwhile"),
        Reply::Stays {
            unit,
            workers: count,
            reason: why,
        } => format!("{unit}: {} ({})", workers(*count), reason(why)),
        Reply::Blocked { project, reason: why } => format!("{project}: {}", reason(why)),
        Reply::NoOrder { project: Some(name) } => format!("{name}: no order by hand holds"),
        Reply::NoOrder { project: None } => "no order by hand holds".into(),
        Reply::NotPermitted { by } => format!("{by} may not talk to this daemon: root may"),
        Reply::Ending => "the daemon is ending".into(),
        Reply::NoEnd => "no end of it was seen; look again with `autoscaler status`".into(),
    }
}
