//! Why no configuration could be loaded, in Spanish.

use super::wrong::wrong;
use crate::config::{ConfigErrors, DEFAULT_PATH, Distrust, Fault, LoadError};

pub(in crate::report) fn load_error(error: &LoadError) -> String {
    match error {
        LoadError::NotFound { path } => format!(
            "{path}: no existe ese fichero. Nombre la configuración con --config FICHERO, o empiece por el ejemplo: \
             sudo install -D -m 0644 packaging/autoscaler.example.json {path}",
            path = path.display()
        ),
        LoadError::NotAFile { path } => format!(
            "{}: no es un fichero normal. Nombre el propio fichero de la configuración",
            path.display()
        ),
        LoadError::Unreadable { path, source } => {
            format!("{}: no se puede leer: {source}", path.display())
        }
        LoadError::TooLarge { path, most_kib } => format!(
            "{}: pasa de {most_kib} KiB, así que difícilmente es una configuración",
            path.display()
        ),
        LoadError::Empty { path } => format!(
            "{}: está vacío. Escriba al menos {{ \"projects\": {{ }} }}",
            path.display()
        ),
        LoadError::NotUtf8 { path, line } => format!(
            "{}:{line}: desde esta línea no es texto UTF-8. Guárdelo como UTF-8",
            path.display()
        ),
        LoadError::Distrusted(distrust) => distrusted(distrust),
        LoadError::Invalid(errors) => config_errors(errors),
    }
}

fn config_errors(errors: &ConfigErrors) -> String {
    let faults: Vec<_> = errors
        .faults()
        .iter()
        .map(|found| fault(errors.file(), found))
        .collect();
    faults.join("\n")
}

/// One fault of the text in `file`, with its place.
pub(super) fn fault(file: &str, fault: &Fault) -> String {
    fault.placed(file, &wrong(&fault.wrong))
}

fn distrusted(distrust: &Distrust) -> String {
    let root = "y un demonio de root recibe órdenes solo de root";
    match distrust {
        Distrust::Owner { path, uid } => format!(
            "{path}: es del usuario {uid}, {root}. Corríjalo: sudo chown root:root '{path}'",
            path = path.display()
        ),
        Distrust::Writable { path, mode } => format!(
            "{path}: otros que root pueden escribirlo (modo {mode:04o}), {root}. Corríjalo: sudo chmod go-w '{path}'",
            path = path.display()
        ),
        Distrust::Replaced { path } => format!(
            "{}: otro fichero lo sustituye una y otra vez mientras se lee. Déjelo como está, y pruebe de nuevo",
            path.display()
        ),
        Distrust::Directory {
            path,
            directory,
            uid,
            mode,
        } => format!(
            "{path}: otros que root pueden sustituirlo, por su directorio {} (usuario {uid}, modo {mode:04o}), {root}. \
             Guárdelo donde solo escriba root: sudo install -D -o root -g root -m 0644 '{path}' {DEFAULT_PATH}",
            directory.display(),
            path = path.display()
        ),
    }
}
