//! What the daemon answers to those who ask over its control socket, as data. `es` and `en` turn it into sentences.

use crate::model::{Bounds, Language, Reason};

use super::{en, es};

/// One answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply<'a> {
    /// There is no such project.
    UnknownProject {
        /// The name that was given.
        name: &'a str,
        /// The project that is called almost so.
        nearest: Option<&'a str>,
        /// Every project.
        known: &'a [String],
    },
    /// The project is disabled.
    Disabled {
        /// Its name.
        project: &'a str,
    },
    /// A count outside the bounds.
    OutsideBounds {
        /// The project's name.
        project: &'a str,
        /// The count.
        workers: u32,
        /// The bounds.
        bounds: Bounds,
    },
    /// A later order took this one's place.
    Replaced {
        /// Who gave the later one.
        by: &'a str,
    },
    /// The project was taken out of the configuration before its order could be carried out.
    TakenOut {
        /// Its name.
        project: &'a str,
    },
    /// The project has the count that was ordered, or does not yet know one.
    Stays {
        /// Its unit.
        unit: &'a str,
        /// Workers seen.
        workers: u32,
        /// What was decided.
        reason: &'a Reason,
    },
    /// Something stands against the order.
    Blocked {
        /// The project's name.
        project: &'a str,
        /// What.
        reason: &'a Reason,
    },
    /// There was no order to end.
    NoOrder {
        /// For the project asked about; `None` for all.
        project: Option<&'a str>,
    },
    /// Who asks may not.
    NotPermitted {
        /// Who.
        by: &'a str,
    },
    /// The daemon is ending.
    Ending,
    /// The end of a step was not seen in the longest time that one can take.
    NoEnd,
}

/// An answer in words.
#[must_use]
pub fn reply_of(language: Language, reply: &Reply<'_>) -> String {
    match language {
        Language::Es => es::reply(reply),
        Language::En => en::reply(reply),
    }
}
