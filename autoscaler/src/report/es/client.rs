//! Why a daemon or its history does not answer, in Spanish.

use crate::config::meant;
use crate::control::ClientError;
use crate::history::{ReadError, StoreError};
use crate::report::NotInHistory;

pub(in crate::report) fn client_error(error: &ClientError) -> String {
    match error {
        ClientError::NoDaemon { path } => format!(
            "ningún demonio autoscaler contesta en {}. Arránquelo: `sudo systemctl start autoscaler`, o en una terminal \
             `sudo autoscaler run`. Si corre con otro --runtime-dir, nómbrelo también aquí",
            path.display()
        ),
        ClientError::NotPermitted { path } => format!(
            "{}: solo root puede hablar con el demonio: ejecute esta orden con sudo",
            path.display()
        ),
        ClientError::Io { path, source } => {
            format!("{}: el demonio no ha contestado: {source}", path.display())
        }
        // In the language that was asked for.
        ClientError::Refused(refused) => refused.message.clone(),
        ClientError::Protocol { why } => {
            format!("el demonio ha contestado en otro protocolo ({why}): reinícielo tras actualizar")
        }
    }
}

pub(in crate::report) fn read_error(error: &ReadError) -> String {
    match error {
        ReadError::Missing { path } => format!(
            "no hay historial en {}: el demonio lo escribe en su primera revisión; nombre otro fichero con --store",
            path.display()
        ),
        ReadError::Unreadable { path, error } => {
            format!(
                "no se puede leer el historial {}: {error}; pruebe con sudo",
                path.display()
            )
        }
        ReadError::Unusable { path, why } => {
            format!("no se puede usar el historial {}: {why}", path.display())
        }
    }
}

pub(in crate::report) fn not_in_history(error: &NotInHistory) -> String {
    let NotInHistory { project, names } = error;
    let advice = match (meant(project, names), names.as_slice()) {
        (Some(near), _) => format!("¿quería decir {near:?}?"),
        (None, []) => "aún no tiene ningún proyecto".to_owned(),
        (None, names) => format!("existen: {}", names.join(", ")),
    };
    format!("el historial no tiene el proyecto {project:?}: {advice}")
}

/// What is wrong with the history's file. What SQLite says is its own.
pub(super) fn store_error(error: &StoreError) -> String {
    match error {
        StoreError::Directory { path, error } => {
            format!("no se puede usar el directorio {}: {error}", path.display())
        }
        StoreError::NotSetAside { path, error } => {
            format!(
                "no se puede renombrar el fichero dañado {}: {error}",
                path.display()
            )
        }
        StoreError::Newer { found, known } => format!(
            "lo escribió un autoscaler posterior (formato {found}; este conoce {known}): actualice, o apártelo"
        ),
        StoreError::Foreign => {
            "es la base de datos de otro programa: nombre otro fichero en \"history\"".into()
        }
        StoreError::Damaged(why) => format!("está dañado: {why}"),
        StoreError::Reason(why) => format!("no se puede escribir una razón: {why}"),
        StoreError::Sqlite(_) => error.to_string(),
    }
}
