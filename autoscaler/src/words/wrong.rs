//! What is wrong with a configuration text, and what to write instead.

use super::broker::broker;
use super::figures::{all_quoted, quoted};
use super::name::name;
use super::schedule;
use super::syntax::syntax;
use super::wanted::{json, wanted};
use crate::model::{Language, Of, Wrong};

/// What is wrong at one place of a configuration.
#[must_use]
#[expect(
    clippy::too_many_lines,
    reason = "one arm for each variant and none for the rest: a new one asks for its words"
)]
pub fn wrong(language: Language, wrong: &Wrong) -> String {
    match wrong {
        Wrong::Syntax(fault) => syntax(language, fault),
        Wrong::NoObject => say!(
            language,
            "the file must hold an object: write {{ \"projects\": {{ … }} }}",
            "el archivo debe contener un objeto: escriba {{ \"projects\": {{ … }} }}"
        ),
        Wrong::GlobalKey(key) => {
            let key = quoted(key);
            say!(
                language,
                "{key} holds for the whole daemon: move it into \"global\"",
                "{key} vale para todo el demonio: póngala dentro de \"global\""
            )
        }
        Wrong::ProjectKeyInGlobal(key) => {
            let key = quoted(key);
            say!(
                language,
                "{key} belongs in a project, not in \"global\": move it there",
                "{key} es de un proyecto, no de \"global\": póngala en el suyo"
            )
        }
        Wrong::ProjectKeyAtTop(key) => {
            let key = quoted(key);
            say!(
                language,
                "{key} belongs in a project: write {{ \"NAME\": {{ {key}: … }} }}",
                "{key} es de un proyecto: escriba {{ \"NOMBRE\": {{ {key}: … }} }}"
            )
        }
        Wrong::BareBesideGlobal => say!(
            language,
            "beside \"global\" the projects stand under \"projects\": write {{ \"global\": {{ … }}, \"projects\": {{ \"NAME\": {{ … }} }} }}",
            "junto a \"global\" los proyectos van dentro de \"projects\": escriba {{ \"global\": {{ … }}, \"projects\": {{ \"NOMBRE\": {{ … }} }} }}"
        ),
        Wrong::BesideProjects(key) => {
            let key = quoted(key);
            say!(
                language,
                "{key} stands beside \"projects\": if it is a project, move it into it",
                "{key} está junto a \"projects\": si es un proyecto, póngalo dentro"
            )
        }
        Wrong::UnknownKey(key, place, nearest, known) => {
            let hint = if let Some(nearest) = nearest.as_deref().map(quoted) {
                say!(language, "did you mean {nearest}?", "¿quería decir {nearest}?")
            } else {
                let known = known.join(", ");
                say!(language, "known are {known}", "se conocen {known}")
            };
            let (key, place) = (quoted(key), belonging(language, place));
            say!(
                language,
                "{key} is no key {place}: {hint}",
                "{key} no es una clave {place}: {hint}"
            )
        }
        Wrong::Twice(key, place, line) => {
            let (key, place) = (quoted(key), of(language, place));
            say!(
                language,
                "{key} stands twice in {place} (first in line {line}): keep one",
                "{key} está dos veces en {place} (la primera en la línea {line}): deje una"
            )
        }
        Wrong::SameService(name, other) => {
            let (name, other) = (quoted(name), quoted(other));
            say!(
                language,
                "project {name} has the same service as {other}: give each its own, or take one out",
                "el proyecto {name} tiene el mismo servicio que {other}: dé a cada uno el suyo, o quite uno"
            )
        }
        Wrong::SameCgroup(name, other) => {
            let (name, other) = (quoted(name), quoted(other));
            say!(
                language,
                "project {name} has the same cgroup as {other}: give each its own, or take one out",
                "el proyecto {name} tiene el mismo cgroup que {other}: dé a cada uno el suyo, o quite uno"
            )
        }
        Wrong::SameContainer(name, other) => {
            let (name, other) = (quoted(name), quoted(other));
            say!(
                language,
                "project {name} has the same container as {other}: give each its own, or take one out",
                "el proyecto {name} tiene el mismo contenedor que {other}: dé a cada uno el suyo, o quite uno"
            )
        }
        Wrong::Type(key, found, be, meant) => {
            let (key, found) = (quoted(key), json(language, *found));
            let bare = if be.is_bare() {
                say!(language, ", without quotes", ", sin comillas")
            } else {
                String::new()
            };
            let be = wanted(language, be);
            let meant = meant
                .as_ref()
                .map(|meant| say!(language, ": write {meant}", ": escriba {meant}"));
            let meant = meant.unwrap_or_default();
            say!(
                language,
                "{key} is {found}, but must be {be}{bare}{meant}",
                "{key} es {found}, pero debe ser {be}{bare}{meant}"
            )
        }
        Wrong::Range(key, written, be) => {
            let (key, be) = (quoted(key), wanted(language, be));
            say!(
                language,
                "{key} is {written}: write {be}",
                "{key} es {written}: escriba {be}"
            )
        }
        Wrong::Choice(key, words) => {
            let (key, or) = (quoted(key), all_quoted(words, &say!(language, " or ", " o ")));
            say!(
                language,
                "{key} has no such choice: write {or}",
                "{key} no admite ese valor: escriba {or}"
            )
        }
        Wrong::Name(place, bad) => {
            let place = place.map(|key| format!("{}: ", quoted(key))).unwrap_or_default();
            format!("{place}{}", name(language, bad))
        }
        Wrong::NoMaximum(name) => {
            let name = quoted(name);
            say!(
                language,
                "project {name} lacks \"max_workers\": write the most workers it may have, for example \"max_workers\": 6",
                "al proyecto {name} le falta \"max_workers\": escriba cuántos workers puede tener como mucho, por ejemplo \"max_workers\": 6"
            )
        }
        Wrong::MaximumBelowMinimum(max, min) => say!(
            language,
            "\"max_workers\" is {max}, below \"min_workers\" which is {min}: write {min} or more",
            "\"max_workers\" es {max}, menos que \"min_workers\", que es {min}: escriba {min} o más"
        ),
        Wrong::NoThresholds(name) => {
            let name = quoted(name);
            say!(
                language,
                "project {name} has no rung at all: write \"cpu_thresholds\" (or \"queue_thresholds\" for tasks), for example \"cpu_thresholds\": {{ \"scale_up_2\": 65, \"scale_down_1\": 35 }}",
                "el proyecto {name} no tiene ningún umbral: escriba \"cpu_thresholds\" (o \"queue_thresholds\" para tareas), por ejemplo \"cpu_thresholds\": {{ \"scale_up_2\": 65, \"scale_down_1\": 35 }}"
            )
        }
        Wrong::WithoutTarget(key) => {
            let key = quoted(key);
            say!(
                language,
                "{key} means nothing without \"policy\": \"target\": write that too, or take {key} out",
                "{key} no significa nada sin \"policy\": \"target\": escriba también eso, o quite {key}"
            )
        }
        Wrong::ThresholdsBesideTarget(key) => {
            let key = quoted(key);
            say!(
                language,
                "{key} stands beside \"policy\": \"target\", which goes by a promise and not by thresholds: take {key} out",
                "{key} está junto a \"policy\": \"target\", que sigue una promesa y no umbrales: quite {key}"
            )
        }
        Wrong::TargetOfTasks(key) => {
            let key = quoted(key);
            say!(
                language,
                "{key} belongs to a project whose workers run tasks, and \"policy\": \"target\" is a promise about requests: take {key} or \"policy\" out",
                "{key} es de un proyecto cuyos workers hacen tareas, y \"policy\": \"target\" es una promesa sobre peticiones: quite {key} o \"policy\""
            )
        }
        Wrong::PlaceOfUnits(key) => {
            let key = quoted(key);
            say!(
                language,
                "with \"actuator\": \"units\" systemd alone knows where the instances are: take {key} out",
                "con \"actuator\": \"units\" solo systemd sabe dónde están las instancias: quite {key}"
            )
        }
        Wrong::BesideProcess(key) => {
            let key = quoted(key);
            say!(
                language,
                "{key} needs figures that servers in one cgroup have together: take it out, or give the server a unit of its own",
                "{key} necesita cifras que los servidores de un mismo cgroup tienen juntas: quítela, o dé al servidor su propia unidad"
            )
        }
        Wrong::NoFilter => say!(
            language,
            "\"process\" does not say which server: write for example {{ \"command\": \"shop.wsgi\" }}",
            "\"process\" no dice qué servidor es: escriba por ejemplo {{ \"command\": \"tienda.wsgi\" }}"
        ),
        Wrong::TwoPlaces(key) => {
            let key = quoted(key);
            say!(
                language,
                "{key} says already where the project is: take it out, or \"container\"",
                "{key} ya dice dónde está el proyecto: quítela, o quite \"container\""
            )
        }
        Wrong::UserOfDocker => say!(
            language,
            "\"container_user\" says whose rootless Podman runs the container: take it out, or write podman:NAME",
            "\"container_user\" dice de quién es el Podman sin root que corre el contenedor: quítela, o escriba podman:NOMBRE"
        ),
        Wrong::NoTemplate => say!(
            language,
            "with \"actuator\": \"units\" the service must be a template: write for example \"NAME@.service\"",
            "con \"actuator\": \"units\" el servicio debe ser una plantilla: escriba por ejemplo \"NOMBRE@.service\""
        ),
        Wrong::Template => say!(
            language,
            "this is a template, not a service: name one instance, for example \"NAME@1.service\", or all with \"NAME@*.service\"; where they take tasks from one queue, write \"actuator\": \"units\"",
            "esto es una plantilla, no un servicio: nombre una instancia, por ejemplo \"NOMBRE@1.service\", o todas con \"NOMBRE@*.service\"; si toman tareas de una misma cola, escriba \"actuator\": \"units\""
        ),
        Wrong::Star => say!(
            language,
            "the `*` stands for the instances of one template, once and behind its `@`: write for example \"gunicorn@*.service\"",
            "el `*` representa las instancias de una plantilla, una vez y detrás de su `@`: escriba por ejemplo \"gunicorn@*.service\""
        ),
        Wrong::NameOfInstance(name, family) => {
            let (name, family) = (quoted(name), quoted(family));
            say!(
                language,
                "{name} would be an instance of {family}, whose service_name has a `*`: choose a name without @",
                "{name} sería una instancia de {family}, cuyo service_name tiene un `*`: elija un nombre sin @"
            )
        }
        Wrong::NoQueueRule(key) => {
            let key = quoted(key);
            say!(
                language,
                "{key} means nothing without a rule over the queue: write \"queue_thresholds\" or \"tasks_per_worker\" too, or take it out",
                "{key} no significa nada sin una regla sobre la cola: escriba también \"queue_thresholds\" o \"tasks_per_worker\", o quítela"
            )
        }
        Wrong::NobodyTellsRunning(queue) => {
            let queue = queue.name();
            say!(
                language,
                "{queue} tells nobody which tasks run: take \"count_running\" out",
                "{queue} no dice a nadie qué tareas están en marcha: quite \"count_running\""
            )
        }
        Wrong::TwoQueueRules => say!(
            language,
            "\"tasks_per_worker\" stands in place of \"queue_thresholds\": keep one of them",
            "\"tasks_per_worker\" va en lugar de \"queue_thresholds\": deje una de las dos"
        ),
        Wrong::PoolOfOther(task_queue) => {
            let name = task_queue.name();
            say!(
                language,
                "only Celery lets others change its pool: {name} can be scaled by instances of a template, write \"actuator\": \"units\" and for example \"service_name\": \"NAME@.service\"",
                "solo Celery deja que otros cambien su pool: {name} se escala con instancias de una plantilla, escriba \"actuator\": \"units\" y por ejemplo \"service_name\": \"NOMBRE@.service\""
            )
        }
        Wrong::RequestsOfTasks(key) => {
            let key = quoted(key);
            say!(
                language,
                "{key} is over requests, and this project has tasks: take it out, or write \"queue_thresholds\"",
                "{key} cuenta peticiones, y este proyecto tiene tareas: quítela, o escriba \"queue_thresholds\""
            )
        }
        Wrong::RequestsUnwanted(key) => {
            let key = quoted(key);
            say!(
                language,
                "{key} is over requests, and \"requests\": false wants none to be seen: take one of the two out",
                "{key} cuenta peticiones, y \"requests\": false pide no verlas: quite una de las dos"
            )
        }
        Wrong::NoRung(key, example) => {
            let key = quoted(key);
            say!(
                language,
                "{key} has no rung: write at least one, for example \"scale_up_2\": {example}",
                "{key} no tiene ningún umbral: escriba al menos uno, por ejemplo \"scale_up_2\": {example}"
            )
        }
        Wrong::RungWithoutCount(key, prefix) => {
            let key = quoted(key);
            say!(
                language,
                "{key} must end in a worker count, a whole number from 1: write for example \"{prefix}2\"",
                "{key} debe terminar en un número de workers, entero y desde 1: escriba por ejemplo \"{prefix}2\""
            )
        }
        Wrong::RungOutside(key, min, max) => {
            let key = quoted(key);
            say!(
                language,
                "{key} is outside the bounds: min_workers is {min} and max_workers is {max}; change a bound or take the rung out",
                "{key} queda fuera de los límites: min_workers es {min} y max_workers es {max}; cambie un límite o quite el umbral"
            )
        }
        Wrong::RungFalls(key, value, before, least) => {
            let (key, before) = (quoted(key), quoted(before));
            say!(
                language,
                "{key} is {value}, but {before} is {least}: rungs must not fall as the workers rise, so write {least} or more",
                "{key} es {value}, pero {before} es {least}: los umbrales no pueden bajar cuando suben los workers, así que escriba {least} o más"
            )
        }
        Wrong::RungsCross(down, low, up, high) => {
            let (down, up) = (quoted(down), quoted(up));
            say!(
                language,
                "{down} is {low}, at or above {up} which is {high}: a step down would be followed by a step up; write less than {high}",
                "{down} es {low}, tanto o más que {up}, que es {high}: tras bajar se volvería a subir; escriba menos de {high}"
            )
        }
        Wrong::Fraction(key, written, percent) => {
            let key = quoted(key);
            say!(
                language,
                "{key} is {written}, less than one percent: thresholds are in percent, so write {percent} for {percent} %",
                "{key} es {written}, menos del uno por ciento: los umbrales van en porcentaje, así que escriba {percent} para un {percent} %"
            )
        }
        Wrong::Broker(bad) => broker(language, bad),
        Wrong::Schedule(bad) => schedule::bad(language, bad),
        Wrong::HistoryPath => say!(
            language,
            "\"path\" must be a file from / on: write for example \"/var/lib/autoscaler/history.db\"",
            "\"path\" debe ser un archivo desde / : escriba por ejemplo \"/var/lib/autoscaler/history.db\""
        ),
        Wrong::NoBudget => say!(
            language,
            "\"budget\" names no size: write {{ \"memory_mb\": 9000 }}",
            "\"budget\" no dice cuánta memoria: escriba {{ \"memory_mb\": 9000 }}"
        ),
        Wrong::NoMetricsAddress => say!(
            language,
            "\"metrics\" names no address: write {{ \"listen\": \"127.0.0.1:9919\" }}",
            "\"metrics\" no nombra ninguna dirección: escriba {{ \"listen\": \"127.0.0.1:9919\" }}"
        ),
        Wrong::MetricsAddress(written) => {
            let written = quoted(written);
            say!(
                language,
                "{written} is no address: write for example \"127.0.0.1:9919\" or \"unix:/run/autoscaler/metrics.sock\"",
                "{written} no es una dirección: escriba por ejemplo \"127.0.0.1:9919\" o \"unix:/run/autoscaler/metrics.sock\""
            )
        }
        Wrong::MetricsForAll(address) => {
            let port = address.port();
            say!(
                language,
                "{address} can be reached from other hosts, and there is no password: write 127.0.0.1:{port}, or \"allow_remote\": true if a firewall stands before it",
                "otras máquinas llegan a {address}, y no hay contraseña: escriba 127.0.0.1:{port}, o \"allow_remote\": true si hay un cortafuegos delante"
            )
        }
    }
}

fn of(language: Language, place: &Of) -> String {
    match place {
        Of::File => say!(language, "the file", "el archivo"),
        Of::Key(key) => quoted(key),
        Of::Project(name) => {
            let name = quoted(name);
            say!(language, "project {name}", "el proyecto {name}")
        }
    }
}

/// The same behind a key: `of the file`.
fn belonging(language: Language, place: &Of) -> String {
    match place {
        Of::File => say!(language, "of the file", "del archivo"),
        Of::Key(key) => {
            let key = quoted(key);
            say!(language, "of {key}", "de {key}")
        }
        Of::Project(name) => {
            let name = quoted(name);
            say!(language, "of project {name}", "del proyecto {name}")
        }
    }
}
