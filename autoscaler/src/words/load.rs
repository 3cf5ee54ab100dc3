//! Why no configuration could be loaded.

use super::system::system;
use super::wrong::wrong;
use crate::model::{ConfigErrors, DEFAULT_PATH, Distrust, Fault, Language, LoadError};

/// Why no configuration could be loaded, and what to do.
#[must_use]
pub fn load_error(language: Language, error: &LoadError) -> String {
    match error {
        LoadError::NotFound { path } => {
            let path = path.display();
            say!(
                language,
                "{path}: there is no such file. Name the configuration with --config FILE, or begin with the example: \
                 sudo install -D -m 0644 packaging/autoscaler.example.json {path}",
                "{path}: no existe ese archivo. Nombre la configuración con --config ARCHIVO, o empiece por el ejemplo: \
                 sudo install -D -m 0644 packaging/autoscaler.example.json {path}"
            )
        }
        LoadError::NotAFile { path } => {
            let path = path.display();
            say!(
                language,
                "{path}: this is no regular file. Name the configuration file itself",
                "{path}: no es un archivo normal. Nombre el propio archivo de la configuración"
            )
        }
        LoadError::Unreadable { path, source } => {
            let (path, source) = (path.display(), system(language, source));
            say!(
                language,
                "{path}: it cannot be read: {source}",
                "{path}: no se puede leer: {source}"
            )
        }
        LoadError::TooLarge { path, most_kib } => {
            let path = path.display();
            say!(
                language,
                "{path}: it is larger than {most_kib} KiB, so it is hardly a configuration",
                "{path}: pasa de {most_kib} KiB, así que difícilmente es una configuración"
            )
        }
        LoadError::Empty { path } => {
            let path = path.display();
            say!(
                language,
                "{path}: it is empty. Write at least {{ \"projects\": {{ }} }}",
                "{path}: está vacío. Escriba al menos {{ \"projects\": {{ }} }}"
            )
        }
        LoadError::NotUtf8 { path, line } => {
            let path = path.display();
            say!(
                language,
                "{path}:{line}: it is not UTF-8 text from this line on. Save it as UTF-8",
                "{path}:{line}: desde esta línea no es texto UTF-8. Guárdelo como UTF-8"
            )
        }
        LoadError::Distrusted(distrust) => distrusted(language, distrust),
        LoadError::Invalid(errors) => config_errors(language, errors),
    }
}

/// Everything that is wrong with one configuration text: one `FILE:LINE:COLUMN: sentence` for each fault, most with the
/// line it is in below it.
#[must_use]
pub fn config_errors(language: Language, errors: &ConfigErrors) -> String {
    let faults = errors.faults().iter();
    let faults: Vec<String> = faults
        .map(|found| fault(language, errors.file(), found))
        .collect();
    faults.join("\n")
}

/// One fault of the text in `file`, with its place.
pub(super) fn fault(language: Language, file: &str, fault: &Fault) -> String {
    fault.placed(file, &wrong(language, &fault.wrong))
}

fn distrusted(language: Language, distrust: &Distrust) -> String {
    let root = say!(
        language,
        "and a root daemon takes orders from root alone",
        "y un demonio de root recibe órdenes solo de root"
    );
    match distrust {
        Distrust::Owner { path, uid } => {
            let path = path.display();
            say!(
                language,
                "{path}: it belongs to user {uid}, {root}. Mend it: sudo chown root:root '{path}'",
                "{path}: es del usuario {uid}, {root}. Corríjalo: sudo chown root:root '{path}'"
            )
        }
        Distrust::Writable { path, mode } => {
            let path = path.display();
            say!(
                language,
                "{path}: others than root may write it (mode {mode:04o}), {root}. Mend it: sudo chmod go-w '{path}'",
                "{path}: otros que root pueden escribirlo (modo {mode:04o}), {root}. Corríjalo: sudo chmod go-w '{path}'"
            )
        }
        Distrust::Replaced { path } => {
            let path = path.display();
            say!(
                language,
                "{path}: it is replaced by another file again and again while it is read. Leave it as it is, and try again",
                "{path}: otro archivo lo sustituye una y otra vez mientras se lee. Déjelo como está, y pruebe de nuevo"
            )
        }
        Distrust::Directory {
            path,
            directory,
            uid,
            mode,
        } => {
            let (path, directory) = (path.display(), directory.display());
            say!(
                language,
                "{path}: others than root may replace it, because of its directory {directory} (user {uid}, mode {mode:04o}), {root}. \
                 Keep it where only root writes: sudo install -D -o root -g root -m 0644 '{path}' {DEFAULT_PATH}",
                "{path}: otros que root pueden sustituirlo, por su directorio {directory} (usuario {uid}, modo {mode:04o}), {root}. \
                 Guárdelo donde solo escriba root: sudo install -D -o root -g root -m 0644 '{path}' {DEFAULT_PATH}"
            )
        }
    }
}
