//! Why a daemon, its socket or its history does not answer.

use rusqlite::ErrorCode;

use super::figures::quoted;
use super::system::{system, system_fault};
use crate::model::{ClientError, Language, ProtocolFault, ReadError, SocketError, StoreError, meant};

/// Why a daemon did not answer, and what to do.
#[must_use]
pub fn client_error(language: Language, error: &ClientError) -> String {
    match error {
        ClientError::NoDaemon { path } => {
            let path = path.display();
            say!(
                language,
                "no autoscaler daemon answers at {path}. Start it: `sudo systemctl start autoscaler`, or in a terminal \
                 `sudo autoscaler run`. If it runs with another --runtime-dir, name that one here too",
                "ningún demonio autoscaler contesta en {path}. Arránquelo: `sudo systemctl start autoscaler`, o en una terminal \
                 `sudo autoscaler run`. Si corre con otro --runtime-dir, nómbrelo también aquí"
            )
        }
        ClientError::NotPermitted { path } => {
            let path = path.display();
            say!(
                language,
                "{path}: only root may talk to the daemon: run this command with sudo",
                "{path}: solo root puede hablar con el demonio: ejecute esta orden con sudo"
            )
        }
        ClientError::Io { path, source } => {
            let (path, source) = (path.display(), system(language, source));
            say!(
                language,
                "{path}: the daemon did not answer: {source}",
                "{path}: el demonio no ha contestado: {source}"
            )
        }
        ClientError::Closed { path } => {
            let path = path.display();
            say!(
                language,
                "{path}: the daemon did not answer: it closed the connection",
                "{path}: el demonio no ha contestado: cerró la conexión"
            )
        }
        // In the language that was asked for.
        ClientError::Refused(refused) => refused.message.clone(),
        ClientError::Protocol { why } => {
            let why = protocol_fault(language, why);
            say!(
                language,
                "the daemon answered in another protocol ({why}): restart it after an upgrade",
                "el demonio ha contestado en otro protocolo ({why}): reinícielo tras actualizar"
            )
        }
    }
}

fn protocol_fault(language: Language, fault: &ProtocolFault) -> String {
    match fault {
        ProtocolFault::Version(version) => say!(language, "version {version}", "versión {version}"),
        ProtocolFault::OtherAnswer(wanted) => say!(language, "no {wanted}", "no es {wanted}"),
        // The JSON parser's.
        ProtocolFault::Words(words) => words.clone(),
    }
}

/// Why there is no control socket.
#[must_use]
pub fn socket_error(language: Language, error: &SocketError) -> String {
    match error {
        SocketError::Taken { path } => {
            let path = path.display();
            say!(
                language,
                "{path}: another daemon listens there",
                "{path}: allí escucha otro demonio"
            )
        }
        SocketError::NotASocket { path } => {
            let path = path.display();
            say!(
                language,
                "{path}: this is no socket; take it away",
                "{path}: esto no es un socket; quítelo"
            )
        }
        SocketError::Io { path, source } => format!("{}: {}", path.display(), system(language, source)),
    }
}

/// Why the history cannot be read.
#[must_use]
pub fn read_error(language: Language, error: &ReadError) -> String {
    match error {
        ReadError::Missing { path } => {
            let path = path.display();
            say!(
                language,
                "there is no history at {path}: the daemon writes it at its first check; name another file with --store",
                "no hay historial en {path}: el demonio lo escribe en su primera comprobación; nombre otro archivo con --store"
            )
        }
        ReadError::Unreadable { path, error } => {
            let (path, error) = (path.display(), system(language, error));
            say!(
                language,
                "the history {path} cannot be read: {error}; try sudo",
                "no se puede leer el historial {path}: {error}; pruebe con sudo"
            )
        }
        ReadError::Unusable { path, why } => {
            let (path, why) = (path.display(), store_error(language, why));
            say!(
                language,
                "the history {path} cannot be used: {why}",
                "no se puede usar el historial {path}: {why}"
            )
        }
    }
}

/// What is wrong with the history's file.
#[must_use]
pub fn store_error(language: Language, error: &StoreError) -> String {
    match error {
        StoreError::Directory { path, error } => {
            let (path, error) = (path.display(), system_fault(language, error));
            say!(
                language,
                "the directory {path} cannot be used: {error}",
                "no se puede usar el directorio {path}: {error}"
            )
        }
        StoreError::NotSetAside { path, error } => {
            let (path, error) = (path.display(), system_fault(language, error));
            say!(
                language,
                "the damaged file {path} cannot be renamed: {error}",
                "no se puede renombrar el archivo dañado {path}: {error}"
            )
        }
        StoreError::NoThread(error) => {
            let error = system_fault(language, error);
            say!(
                language,
                "no thread can be started: {error}",
                "no se puede arrancar un hilo: {error}"
            )
        }
        StoreError::Older { found, known } => say!(
            language,
            "it has format {found}, and the daemon of this version ({known}) has not run since",
            "tiene el formato {found}, y el demonio de esta versión ({known}) no ha corrido desde entonces"
        ),
        StoreError::Newer { found, known } => say!(
            language,
            "it was written by a later autoscaler (format {found}; this one knows {known}): upgrade, or move it away",
            "lo escribió un autoscaler posterior (formato {found}; este conoce {known}): actualice, o apártelo"
        ),
        StoreError::Foreign => say!(
            language,
            "it is another program's database: name another file in \"history\"",
            "es la base de datos de otro programa: nombre otro archivo en \"history\""
        ),
        StoreError::Damaged(why) => say!(language, "it is damaged: {why}", "está dañado: {why}"),
        StoreError::Reason(why) => say!(
            language,
            "a reason cannot be written: {why}",
            "no se puede escribir una razón: {why}"
        ),
        StoreError::Sqlite { code, words } => match code {
            Some(ErrorCode::DiskFull) => say!(language, "the disk is full", "el disco está lleno"),
            Some(ErrorCode::DatabaseBusy) => say!(
                language,
                "another process keeps it locked",
                "otro proceso lo tiene bloqueado"
            ),
            Some(ErrorCode::ReadOnly) => say!(
                language,
                "it cannot be written (read-only)",
                "no se puede escribir (solo lectura)"
            ),
            // SQLite's own.
            _ => words.clone(),
        },
    }
}

/// The history has no such project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotInHistory {
    /// The name that was given.
    pub project: String,
    /// Those that it has.
    pub names: Vec<String>,
}

told_by_words!(NotInHistory);

/// That the history does not have a project.
#[must_use]
pub fn not_in_history(language: Language, error: &NotInHistory) -> String {
    let NotInHistory { project, names } = error;
    let advice = match (meant(project, names).map(quoted), names.as_slice()) {
        (Some(near), _) => say!(language, "did you mean {near}?", "¿quería decir {near}?"),
        (None, []) => say!(
            language,
            "it holds no project yet",
            "aún no tiene ningún proyecto"
        ),
        (None, names) => {
            let names = names.join(", ");
            say!(language, "there are: {names}", "existen: {names}")
        }
    };
    let project = quoted(project);
    say!(
        language,
        "the history has no project {project}: {advice}",
        "el historial no tiene el proyecto {project}: {advice}"
    )
}
