//! What is wrong with a memory limit, and what the service manager did not do.

use super::container::container_fault;
use super::host::{bus_fault, cgroup_error};
use super::system::system_fault;
use crate::model::{Language, ManagerError, MemoryError};

/// Why a memory limit could not be brought to its figure.
#[must_use]
pub fn memory_error(language: Language, error: &MemoryError) -> String {
    match error {
        MemoryError::Unavailable { cgroup } => {
            let cgroup = cgroup.display();
            say!(
                language,
                "{cgroup} has no memory.max: its memory controller is not enabled",
                "{cgroup} no tiene memory.max: su controlador de memoria no está activado"
            )
        }
        MemoryError::Unreadable(error) => cgroup_error(language, error),
        MemoryError::Unwritable { path, source } => {
            let (path, source) = (path.display(), system_fault(language, source));
            say!(
                language,
                "cannot write {path}: {source}",
                "no se puede escribir {path}: {source}"
            )
        }
        MemoryError::NotKept { path, wanted, seen } => {
            let path = path.display();
            say!(
                language,
                "{path} reads {seen} after {wanted} was written: something else sets it too",
                "{path} dice {seen} después de escribir {wanted}: alguien más lo cambia"
            )
        }
        MemoryError::Manager(error) => manager_error(language, error),
        MemoryError::Runtime(why) => {
            let why = container_fault(language, why);
            say!(
                language,
                "the container's runtime does not know of the limit: {why}",
                "el gestor del contenedor no conoce el límite: {why}"
            )
        }
    }
}

/// What the service manager did not do.
pub(super) fn manager_error(language: Language, error: &ManagerError) -> String {
    let ManagerError { unit, why } = error;
    let why = bus_fault(language, why);
    say!(
        language,
        "{unit}: the service manager did not do as it was told: {why}",
        "{unit}: el gestor de servicios no hizo lo que se le pidió: {why}"
    )
}
