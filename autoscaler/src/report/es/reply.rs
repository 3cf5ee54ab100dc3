//! Answers over the control socket, in Spanish.

use super::reason;
use crate::report::{Reply, workers};

pub(in crate::report) fn reply(reply: &Reply<'_>) -> String {
    match reply {
        Reply::UnknownProject { name, nearest, known } => match nearest {
            Some(nearest) => format!("no existe el proyecto {name:?}; ¿quería decir {nearest:?}?"),
            None => format!("no existe el proyecto {name:?}; existen: {}", known.join(", ")),
        },
        Reply::Disabled { project } => {
            format!("{project} está deshabilitado: ponga antes \"enabled\": true en la configuración")
        }
        Reply::OutsideBounds {
            project,
            workers,
            bounds,
        } => format!(
            "{project} puede tener de {} a {} workers, no {workers}: dé un número entre ellos, o cambie \
             \"min_workers\" o \"max_workers\" en la configuración",
            bounds.min, bounds.max
        ),
        Reply::Replaced { by } => format!("la sustituyó una orden posterior, de {by}"),
        Reply::TakenOut { project } => format!("entretanto se quitó {project} de la configuración"),
        Reply::Stays {
            unit,
            workers: count,
            reason: why,
        } => format!("{unit}: {} ({})", workers(*count), reason(why)),
        Reply::Blocked { project, reason: why } => format!("{project}: {}", reason(why)),
        Reply::NoOrder { project: Some(name) } => format!("{name}: no rige ninguna orden manual"),
        Reply::NoOrder { project: None } => "no rige ninguna orden manual".into(),
        Reply::NotPermitted { by } => format!("{by} no puede hablar con este daemon: root sí"),
        Reply::Ending => "el daemon está terminando".into(),
        Reply::NoEnd => "no se vio cómo terminó; mire otra vez con `autoscaler status`".into(),
    }
}
