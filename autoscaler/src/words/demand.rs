//! What a promise asks of a project's workers.

use super::figures::{short, workers};
use crate::model::{Basis, Demand, Language, Reason};

/// The reasons that are about a promise alone.
pub(super) fn reason(language: Language, reason: &Reason) -> String {
    match reason {
        Reason::Demand(demand) => {
            let (load, needed) = (load(language, demand), workers(demand.needed));
            say!(
                language,
                "{load}: the promise asks for {needed}",
                "{load}: la promesa pide {needed}"
            )
        }
        Reason::DemandMet(demand) => {
            let (load, needed) = (load(language, demand), workers(demand.needed));
            say!(
                language,
                "{load}: {needed} keep the promise",
                "{load}: {needed} cumplen la promesa"
            )
        }
        Reason::DemandPending(demand) => {
            let (load, needed) = (load(language, demand), workers(demand.needed));
            say!(
                language,
                "{load}: the promise asks for {needed}, not for long enough yet",
                "{load}: la promesa pide {needed}, aún no durante el tiempo suficiente"
            )
        }
        Reason::TooManySteps { steps, within } => {
            let within = short(*within);
            say!(
                language,
                "{steps} steps in {within} are enough: the load may ask for something else than workers, look at `autoscaler why`",
                "{steps} pasos en {within} son suficientes: puede que la carga pida otra cosa que workers, mire `autoscaler why`"
            )
        }
        // No others come here.
        _ => String::new(),
    }
}

/// The load as it is known.
fn load(language: Language, demand: &Demand) -> String {
    let Demand {
        by, busy, waiting, ..
    } = demand;
    let by = match by {
        Basis::Requests => String::new(),
        Basis::Cpu => say!(language, " by CPU", " según la CPU"),
        Basis::LearnedCpu => say!(
            language,
            " by CPU, as requests cannot be seen now",
            " según la CPU, porque ahora no se ven las peticiones"
        ),
    };
    match waiting {
        0 => say!(language, "{busy:.1} busy{by}", "{busy:.1} ocupados{by}"),
        waiting => say!(
            language,
            "{busy:.1} busy{by}, {waiting} waiting",
            "{busy:.1} ocupados{by}, {waiting} en espera"
        ),
    }
}
