//! Why listening sockets cannot be seen.

use crate::model::{Language, ListenFault};
use crate::words::host::process_error;
use crate::words::system::system_fault;

/// Why listening sockets cannot be seen, or not all of them.
#[must_use]
pub fn listen_fault(language: Language, fault: &ListenFault) -> String {
    match fault {
        ListenFault::NoNetlink { error } => {
            let error = system_fault(language, error);
            say!(
                language,
                "the kernel cannot be asked about listening sockets: {error}; in a unit, RestrictAddressFamilies= must name AF_NETLINK",
                "no se puede preguntar al kernel por los sockets que escuchan: {error}; en una unidad, RestrictAddressFamilies= debe nombrar AF_NETLINK"
            )
        }
        ListenFault::OtherNetwork { pid, error } => {
            let error = system_fault(language, error);
            say!(
                language,
                "process {pid} is in a network namespace of its own, and its sockets cannot be seen from outside: {error}; that takes CAP_SYS_ADMIN and, in a unit, RestrictNamespaces=net",
                "el proceso {pid} está en un espacio de nombres de red propio, y sus sockets no se ven desde fuera: {error}; hacen falta CAP_SYS_ADMIN y, en una unidad, RestrictNamespaces=net"
            )
        }
        ListenFault::NoModule { module } => say!(
            language,
            "the kernel has no module `{module}`, which tells of listening sockets",
            "el kernel no tiene el módulo `{module}`, que informa de los sockets que escuchan"
        ),
        ListenFault::Broken { error } => {
            let error = system_fault(language, error);
            say!(
                language,
                "the kernel does not tell of listening sockets to the end: {error}",
                "el kernel no informa hasta el final de los sockets que escuchan: {error}"
            )
        }
        ListenFault::Process(error) => process_error(language, error),
    }
}
