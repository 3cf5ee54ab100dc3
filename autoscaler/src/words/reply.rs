//! What the daemon answers to those who ask over its control socket, as data and in words.

use crate::model::{Bounds, Language, Peer, Reason};
use crate::words::figures::{quoted, workers};
use crate::words::peer::peer;
use crate::words::reason::reason;

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
        by: &'a Peer,
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
        by: &'a Peer,
    },
    /// The daemon is ending.
    Ending,
    /// The end of a step was not seen in the longest time that one can take.
    NoEnd,
}

/// An answer in words.
#[must_use]
pub fn reply(language: Language, reply: &Reply<'_>) -> String {
    match reply {
        Reply::UnknownProject { name, nearest, known } => {
            let name = quoted(name);
            if let Some(nearest) = nearest.map(quoted) {
                return say!(
                    language,
                    "there is no project {name}; did you mean {nearest}?",
                    "no existe el proyecto {name}; ¿quería decir {nearest}?"
                );
            }
            let known = known.join(", ");
            say!(
                language,
                "there is no project {name}; there are: {known}",
                "no existe el proyecto {name}; existen: {known}"
            )
        }
        Reply::Disabled { project } => say!(
            language,
            "{project} is disabled: set \"enabled\": true in the configuration first",
            "{project} está deshabilitado: ponga antes \"enabled\": true en la configuración"
        ),
        Reply::OutsideBounds {
            project,
            workers,
            bounds,
        } => {
            let (min, max) = (bounds.min, bounds.max);
            say!(
                language,
                "{project} may have {min} to {max} workers, not {workers}: give a count within these, or change \
                 \"min_workers\" or \"max_workers\" in the configuration",
                "{project} puede tener de {min} a {max} workers, no {workers}: dé un número entre ellos, o cambie \
                 \"min_workers\" o \"max_workers\" en la configuración"
            )
        }
        Reply::Replaced { by } => {
            let by = peer(language, by);
            say!(
                language,
                "a later order took its place, from {by}",
                "la sustituyó una orden posterior, de {by}"
            )
        }
        Reply::TakenOut { project } => say!(
            language,
            "{project} was taken out of the configuration meanwhile",
            "entretanto se quitó {project} de la configuración"
        ),
        Reply::Stays {
            unit,
            workers: count,
            reason: why,
        } => format!("{unit}: {} ({})", workers(*count), reason(language, why)),
        Reply::Blocked { project, reason: why } => format!("{project}: {}", reason(language, why)),
        Reply::NoOrder { project: Some(name) } => say!(
            language,
            "{name}: no order by hand holds",
            "{name}: no rige ninguna orden manual"
        ),
        Reply::NoOrder { project: None } => {
            say!(language, "no order by hand holds", "no rige ninguna orden manual")
        }
        Reply::NotPermitted { by } => {
            let by = peer(language, by);
            say!(
                language,
                "{by} may not talk to this daemon: root may",
                "{by} no puede hablar con este daemon: root sí"
            )
        }
        Reply::Ending => say!(language, "the daemon is ending", "el daemon está terminando"),
        Reply::NoEnd => say!(
            language,
            "no end of it was seen; look again with `autoscaler status`",
            "no se vio cómo terminó; mire otra vez con `autoscaler status`"
        ),
    }
}
