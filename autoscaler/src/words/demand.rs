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
                "{load}: the promise is kept with {needed}",
                "{load}: la promesa se cumple con {needed}"
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
        Reason::BudgetSpent(demand) => {
            let (load, needed) = (load(language, demand), workers(demand.needed));
            say!(
                language,
                "{load}: the promise asks for {needed}, but the memory budget is spent and other projects need it more",
                "{load}: la promesa pide {needed}, pero el presupuesto de memoria está gastado y otros proyectos lo necesitan más"
            )
        }
        Reason::BudgetYields(demand) => {
            let load = load(language, demand);
            say!(
                language,
                "{load}: the memory budget is spent, and a worker is missed less here than elsewhere",
                "{load}: el presupuesto de memoria está gastado y un worker hace menos falta aquí que en otro proyecto"
            )
        }
        Reason::MemoryPressure { waiting_percent } => say!(
            language,
            "tasks of this host waited for memory for {waiting_percent:.0}% of the last 10 s: another worker would make it worse",
            "hubo tareas de esta máquina esperando memoria el {waiting_percent:.0}% de los últimos 10 s: otro worker lo empeoraría"
        ),
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
