//! What is wrong with a name of a configuration.

use super::figures::quoted;
use crate::model::{BadName, Language};

/// Why a name cannot be used.
pub(super) fn name(language: Language, bad: &BadName) -> String {
    let allowed = say!(
        language,
        "use letters a-z, digits and . _ - @ : only, and begin with a letter, a digit or _",
        "use solo letras a-z, cifras y . _ - @ : y empiece por una letra, una cifra o _"
    );
    let inside = say!(
        language,
        "write the cgroup's directory below the cgroup2 mount, for example \"/demo/web\"",
        "escriba el directorio del cgroup por debajo del montaje de cgroup2, por ejemplo \"/demo/web\""
    );
    match bad {
        BadName::Empty => say!(
            language,
            "a project needs a name: write it in place of the empty quotes",
            "un proyecto necesita un nombre: escríbalo en lugar de las comillas vacías"
        ),
        BadName::TooLong(most) => say!(
            language,
            "a project's name has at most {most} characters",
            "el nombre de un proyecto tiene como mucho {most} caracteres"
        ),
        BadName::Characters(name) => {
            let name = quoted(name);
            say!(
                language,
                "the project's name {name} could leave the cgroup tree or break a log line: {allowed}",
                "el nombre de proyecto {name} podría salirse del árbol de cgroups o romper una línea del registro: {allowed}"
            )
        }
        BadName::NoService => say!(
            language,
            "this unit is no service: write one that ends in .service",
            "esta unidad no es un servicio: escriba una que termine en .service"
        ),
        BadName::UnitTooLong(most) => say!(
            language,
            "a unit's name has at most {most} characters",
            "el nombre de una unidad tiene como mucho {most} caracteres"
        ),
        BadName::UnitCharacters => say!(
            language,
            "this is no name of a systemd service: {allowed}",
            "esto no es el nombre de un servicio de systemd: {allowed}"
        ),
        BadName::PathCharacters => say!(
            language,
            "control characters have no place in a path: {inside}",
            "en una ruta no caben caracteres de control: {inside}"
        ),
        BadName::Parent => say!(
            language,
            "\"..\" could leave the cgroup tree: {inside}",
            "\"..\" podría salirse del árbol de cgroups: {inside}"
        ),
        BadName::Root => say!(
            language,
            "the root of the tree holds every project: {inside}",
            "la raíz del árbol contiene todos los proyectos: {inside}"
        ),
        BadName::Container => say!(
            language,
            "this is no name of a container: write what `docker ps` or `podman ps` shows under NAMES",
            "esto no es el nombre de un contenedor: escriba lo que `docker ps` o `podman ps` muestra en NAMES"
        ),
        BadName::Runtime => say!(
            language,
            "what runs the container is not known: write docker:NAME or podman:NAME, or the name alone",
            "no se conoce lo que corre el contenedor: escriba docker:NOMBRE o podman:NOMBRE, o solo el nombre"
        ),
    }
}
