//! What the kernel has against a call. Its own words are English; those that an operator meets are told in both
//! languages, always without the number.

use std::io;

use nix::errno::Errno;

use crate::model::{Language, SystemFault};

/// An error of the system, in words.
#[must_use]
pub fn system(language: Language, error: &io::Error) -> String {
    system_fault(language, &SystemFault::from(error))
}

/// The same of one that is kept.
#[must_use]
pub fn system_fault(language: Language, fault: &SystemFault) -> String {
    match language {
        Language::En => fault.text.clone(),
        Language::Es => spanish(fault).map_or_else(|| fault.text.clone(), str::to_owned),
    }
}

/// How the standard library begins an error of getaddrinfo(3), which has no errno.
const NO_SUCH_HOST: &str = "failed to lookup address information";

fn spanish(fault: &SystemFault) -> Option<&'static str> {
    if fault.text.starts_with(NO_SUCH_HOST) {
        return Some("no se encuentra la dirección de ese nombre de máquina");
    }
    Some(match fault.errno()? {
        Errno::ENOENT => "no existe ese archivo o directorio",
        Errno::EACCES => "permiso denegado",
        Errno::EPERM => "operación no permitida",
        Errno::ENOSPC => "no queda espacio en el disco",
        Errno::EDQUOT => "se ha agotado la cuota de disco",
        Errno::EROFS => "el sistema de archivos es de solo lectura",
        Errno::EEXIST => "ya existe",
        Errno::ENOTDIR => "no es un directorio",
        Errno::EISDIR => "es un directorio",
        Errno::ENOTEMPTY => "el directorio no está vacío",
        Errno::ELOOP => "demasiados enlaces simbólicos",
        Errno::ENAMETOOLONG => "el nombre es demasiado largo",
        Errno::ECONNREFUSED => "conexión rechazada",
        Errno::ECONNRESET => "el otro extremo cortó la conexión",
        Errno::ECONNABORTED => "conexión interrumpida",
        Errno::ETIMEDOUT => "se agotó el tiempo de espera",
        Errno::EAGAIN => "ahora mismo no está disponible",
        Errno::EADDRINUSE => "la dirección ya está en uso",
        Errno::EADDRNOTAVAIL => "esta máquina no tiene esa dirección",
        Errno::EHOSTUNREACH => "no hay camino hasta esa máquina",
        Errno::ENETUNREACH => "no hay camino hasta esa red",
        Errno::EPIPE => "nadie lee al otro lado",
        Errno::ENOMEM => "no queda memoria",
        Errno::EMFILE => "este proceso tiene demasiados archivos abiertos",
        Errno::ENFILE => "el sistema tiene demasiados archivos abiertos",
        Errno::EBUSY => "está ocupado",
        Errno::EINVAL => "argumento no válido",
        Errno::EIO => "error de entrada/salida",
        Errno::ENODEV => "no existe ese dispositivo",
        Errno::ENXIO => "no existe ese dispositivo o dirección",
        Errno::ESRCH => "no existe ese proceso",
        Errno::EOPNOTSUPP => "operación no admitida",
        Errno::ENOSYS => "este kernel no tiene esa función",
        // The rest is rare, and looked up by its English words.
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_errors_are_told_in_both_languages_without_their_numbers() {
        for errno in [
            Errno::ENOENT,
            Errno::EACCES,
            Errno::EPERM,
            Errno::ENOSPC,
            Errno::EROFS,
            Errno::EEXIST,
            Errno::ENOTDIR,
            Errno::EISDIR,
            Errno::ECONNREFUSED,
            Errno::ECONNRESET,
            Errno::ETIMEDOUT,
            Errno::EADDRINUSE,
            Errno::EADDRNOTAVAIL,
            Errno::ENOMEM,
            Errno::EMFILE,
            Errno::EBUSY,
            Errno::EINVAL,
            Errno::EIO,
            Errno::ENODEV,
            Errno::EPIPE,
            Errno::EHOSTUNREACH,
            Errno::ENETUNREACH,
        ] {
            let error = io::Error::from(errno);
            let [en, es] = [Language::En, Language::Es].map(|language| system(language, &error));
            assert_ne!(en, es);
            assert!(!en.contains("os error") && !es.contains("os error"), "{en} {es}");
        }
    }

    #[test]
    fn a_host_that_is_not_found_is_told_in_both_languages() {
        let error = io::Error::other(format!("{NO_SUCH_HOST}: Name or service not known"));
        assert!(system(Language::En, &error).starts_with(NO_SUCH_HOST));
        assert!(system(Language::Es, &error).starts_with("no se encuentra"));
    }

    #[test]
    fn what_has_no_words_of_ours_keeps_the_systems() {
        let error = io::Error::from(Errno::EXDEV);
        assert_eq!(system(Language::Es, &error), "Invalid cross-device link");
    }
}
