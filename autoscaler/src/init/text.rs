//! A proposal as the text of a configuration, the reason of each choice beside it.

use std::fmt::Write as _;

use crate::init::{
    At, Broker, ByRequests, Found, Kind, LeftOut, Proposal, Rungs, Service, WhyLeftOut, propose,
};
use crate::model::{Language, TaskQueue, Unobservable};
use crate::words::{quoted, say, unobservable};

/// Where the comments stand.
const COLUMN: usize = 44;

/// The configuration for all that was found.
#[must_use]
pub fn text(found: &Found) -> String {
    let mut text = Text::default();
    text.head(found);
    for service in &found.services {
        let proposal = propose(service, &found.host, found.services.len());
        text.project(service, &proposal);
    }
    for left_out in &found.left_out {
        text.0 += "\n";
        text.comment(4, &format!("Left out: {}", words(Language::En, left_out)));
    }
    text.0 += "  },\n}\n";
    text.0
}

/// Why something that was found is no project, in one line.
#[must_use]
pub fn words(language: Language, left_out: &LeftOut) -> String {
    let LeftOut { pid, kind, .. } = left_out;
    let (name, cgroup, why) = (kind.name(), printable(&left_out.cgroup), why(language, left_out));
    say!(
        language,
        "{name} in {cgroup}, process {pid}: {why}",
        "{name} en {cgroup}, proceso {pid}: {why}"
    )
}

fn why(language: Language, left_out: &LeftOut) -> String {
    match &left_out.why {
        WhyLeftOut::RootCgroup => say!(
            language,
            "it shares the root cgroup with everything else: run it as a systemd service",
            "comparte el cgroup raíz con todo lo demás: ejecútelo como servicio de systemd"
        ),
        WhyLeftOut::NoService { unit } => say!(
            language,
            "{unit} is no service: run it as a systemd service",
            "{unit} no es un servicio: ejecútelo como servicio de systemd"
        ),
        WhyLeftOut::SeveralKinds => {
            let each = a_project_each(language);
            say!(
                language,
                "a web server and Celery share one cgroup: {each}, or give each a systemd service of its own",
                "un servidor web y Celery comparten un cgroup: {each}, o dé a cada uno su servicio de systemd"
            )
        }
        WhyLeftOut::NoPool => say!(
            language,
            "its pool has no processes: it is still starting, or of a kind without (gevent, eventlet, threads, solo)",
            "su pool no tiene procesos: aún arranca, o es de un tipo sin ellos (gevent, eventlet, threads, solo)"
        ),
        WhyLeftOut::Broker { scheme } => {
            let scheme = quoted(scheme);
            say!(
                language,
                "its queues are at a broker of the kind {scheme}: Redis and RabbitMQ can be read",
                "sus colas están en un broker de tipo {scheme}: se pueden leer Redis y RabbitMQ"
            )
        }
        WhyLeftOut::Fixed => fixed(language, left_out.kind.name()),
        WhyLeftOut::Supervised { by } => say!(
            language,
            "{by} runs it beside other programs in one cgroup: write a project that says by \"process\" which is meant, as the documentation has it under Containers, or give it a systemd service of its own in place of {by}'s entry",
            "{by} lo ejecuta junto a otros programas en un cgroup: escriba un proyecto que diga con \"process\" cuál es, como dice la documentación en Contenedores, o dele un servicio de systemd propio en lugar de la entrada en {by}"
        ),
        WhyLeftOut::SeveralNodes { pids } => {
            let (pids, each) = (list(pids), a_project_each(language));
            say!(
                language,
                "several nodes of Celery share one cgroup (processes {pids}), as `celery multi` starts them: {each}, or give each a systemd service of its own, for example instances of a template, NAME@.service",
                "varios nodos de Celery comparten un cgroup (procesos {pids}), como los arranca `celery multi`: {each}, o dé a cada uno su servicio de systemd, por ejemplo instancias de una plantilla, NOMBRE@.service"
            )
        }
        WhyLeftOut::Unobservable(Unobservable::SeveralMasters { pids }) => {
            let (pids, each) = (list(pids), a_project_each(language));
            say!(
                language,
                "several processes could be the master ({pids}): {each}, or give each server a systemd service of its own",
                "varios procesos podrían ser el maestro ({pids}): {each}, o dé a cada servidor su servicio de systemd"
            )
        }
        WhyLeftOut::Unobservable(fault) => unobservable(language, fault),
    }
}

/// What several servers in one cgroup can have.
fn a_project_each(language: Language) -> String {
    say!(
        language,
        "write a project for each that says by \"process\" which is meant, as the documentation has it under Containers",
        "escriba para cada uno un proyecto que diga con \"process\" cuál es, como dice la documentación en Contenedores"
    )
}

/// Why a server's workers cannot be changed from outside, and what serves the same application with some that can.
fn fixed(language: Language, server: &str) -> String {
    if let Some(task_queue) = TaskQueue::ALL
        .into_iter()
        .find(|program| program.name() == server)
    {
        let code = task_queue.code();
        return say!(
            language,
            "its workers take no orders, but instances of a template follow its queues: start it as NAME@1.service and write a project with \"task_queue\": \"{code}\", as the documentation has it under Task queues",
            "sus workers no atienden órdenes, pero las instancias de una plantilla siguen a sus colas: arránquelo como NOMBRE@1.service y escriba un proyecto con \"task_queue\": \"{code}\", como dice la documentación en Colas de tareas"
        );
    }
    match server {
        "uvicorn" => say!(
            language,
            "it runs as one process, which takes no signal for another: start it with --workers 2 or more (uvicorn 0.30 or later)",
            "corre como un solo proceso, que no atiende ninguna señal para otro: arránquelo con --workers 2 o más (uvicorn 0.30 o posterior)"
        ),
        "puma" => say!(
            language,
            "it runs as one process, which takes no signal for another: start it with -w 2 (cluster mode)",
            "corre como un solo proceso, que no atiende ninguna señal para otro: arránquelo con -w 2 (modo cluster)"
        ),
        "waitress" => say!(
            language,
            "it serves with the threads of one process and has no workers: gunicorn serves the same application with workers that can be scaled",
            "atiende con los hilos de un proceso y no tiene workers: gunicorn sirve la misma aplicación con workers que se pueden escalar"
        ),
        "daphne" => say!(
            language,
            "it is one process and has no workers: uvicorn with --workers 2 or more, or gunicorn with -k uvicorn_worker.UvicornWorker, serve the same application with workers that can be scaled",
            "es un solo proceso y no tiene workers: uvicorn con --workers 2 o más, o gunicorn con -k uvicorn_worker.UvicornWorker, sirven la misma aplicación con workers que se pueden escalar"
        ),
        "uwsgi" => say!(
            language,
            "it scales its workers itself (cheaper) and takes no signals for that: leave it so, or let gunicorn serve the same application",
            "escala él mismo sus workers (cheaper) y no atiende señales para eso: déjelo así, o que gunicorn sirva la misma aplicación"
        ),
        _ => say!(
            language,
            "its number of workers is fixed at its start and no signal changes it: gunicorn, for ASGI with -k uvicorn_worker.UvicornWorker, or uvicorn with --workers serve the same application with workers that can be scaled",
            "su número de workers se fija al arrancar y ninguna señal lo cambia: gunicorn, para ASGI con -k uvicorn_worker.UvicornWorker, o uvicorn con --workers sirven la misma aplicación con workers que se pueden escalar"
        ),
    }
}

fn list(pids: &[u32]) -> String {
    let pids: Vec<String> = pids.iter().map(u32::to_string).collect();
    pids.join(", ")
}

#[derive(Default)]
struct Text(String);

impl Text {
    fn comment(&mut self, indent: usize, comment: &str) {
        let _ = writeln!(self.0, "{:indent$}// {comment}", "");
    }

    fn line(&mut self, indent: usize, code: &str, comment: &str) {
        let code = format!("{:indent$}{code}", "");
        if comment.is_empty() {
            let _ = writeln!(self.0, "{code}");
        } else {
            let _ = writeln!(self.0, "{code:<COLUMN$} // {comment}");
        }
    }

    fn head(&mut self, found: &Found) {
        let host = &found.host;
        let down = host.memory_total_mib * 8 / 18;
        self.comment(
            0,
            "Proposed by `autoscaler init` from what runs here now; every project is disabled.",
        );
        self.comment(
            0,
            "Read it, run `autoscaler check`, watch `autoscaler run --once --dry-run`, then enable one.",
        );
        self.comment(
            0,
            &format!(
                "{} CPUs, {} MB of memory, {} MB available.",
                host.cpus, host.memory_total_mib, host.memory_available_mib
            ),
        );
        self.line(0, "{", "");
        self.line(2, "\"global\": {", "");
        self.line(4, "\"check_interval_seconds\": 120,", "the default");
        self.line(4, "\"language\": \"es\",", "of the log lines: \"es\" or \"en\"");
        self.comment(
            4,
            &format!("\"scale_down_min_available_mb\": {down}, // steps down need more than this: 8/18 of the memory"),
        );
        self.line(2, "},", "");
        self.line(2, "\"projects\": {", "");
    }

    fn project(&mut self, service: &Service, proposal: &Proposal) {
        let name = &service.name;
        self.0 += "\n";
        self.comment(
            4,
            &format!(
                "{}: {}, master {}, {} worker(s), {} MB in all (a shared page counts once)",
                printable(match &service.at {
                    At::Unit(place) | At::Cgroup(place) => place,
                    At::Container(container) => &container.name,
                }),
                service.kind.name(),
                service.master,
                service.workers,
                service.workers_mib + service.master_mib
            ),
        );
        self.line(4, &format!("{}: {{", quoted(name)), "");
        self.line(
            6,
            "\"enabled\": false,",
            "true lets the daemon add and remove workers",
        );
        match &service.at {
            At::Unit(unit) if *unit == format!("{name}.service") => {}
            At::Unit(unit) => self.line(6, &format!("\"service_name\": {},", quoted(unit)), ""),
            At::Container(container) => {
                self.line(6, &format!("\"container\": {},", quoted(&container.name)), "");
                if let Some(user) = &container.user {
                    self.line(
                        6,
                        &format!("\"container_user\": {},", quoted(user)),
                        "its rootless Podman",
                    );
                }
            }
            At::Cgroup(path) => self.line(
                6,
                &format!("\"cgroup\": {},", quoted(path)),
                "no systemd unit of this name: told by its cgroup",
            ),
        }
        let (min, max) = (&proposal.min, &proposal.max);
        self.line(6, &format!("\"min_workers\": {},", min.0), &min.1);
        self.line(6, &format!("\"max_workers\": {},", max.0), &max.1);
        match service.kind {
            Kind::Web(_) | Kind::Fixed(_) => {
                let min = proposal.min.0;
                self.rungs("cpu_thresholds", (&proposal.rungs, min), |percent| {
                    format!("CPU {percent} %")
                });
                self.line(
                    6,
                    "\"cpu_duration_minutes\": { \"scale_up\": 3, \"scale_down\": 15 },",
                    "",
                );
                if let Some(requests) = &proposal.requests {
                    self.requests(requests, min);
                }
            }
            Kind::Celery => {
                self.rungs("queue_thresholds", (&proposal.rungs, proposal.min.0), |tasks| {
                    format!("{tasks} tasks waiting")
                });
                self.line(
                    6,
                    "\"queue_duration_minutes\": { \"scale_up\": 2, \"scale_down\": 10 },",
                    "",
                );
                self.broker(service);
            }
        }
        let (each, base) = (&proposal.per_worker_mib, &proposal.base_mib);
        self.line(6, &format!("\"memory_per_worker_mb\": {},", each.0), &each.1);
        self.line(6, &format!("\"memory_base_mb\": {},", base.0), &base.1);
        self.line(
            6,
            &format!("\"min_available_mb_per_worker\": {},", each.0),
            "a step up needs this for each worker",
        );
        self.line(4, "},", "");
    }

    fn requests(&mut self, requests: &ByRequests, min: u32) {
        match requests {
            ByRequests::Watch(why) => self.line(6, "\"requests\": true,", why),
            ByRequests::Busy(rungs, why) => {
                self.comment(6, why);
                self.rungs("busy_thresholds", (rungs, min), |percent| {
                    format!("{percent} % of the workers busy")
                });
                self.line(
                    6,
                    "\"busy_duration_minutes\": { \"scale_up\": 2, \"scale_down\": 10 },",
                    "",
                );
            }
            ByRequests::Wait(rungs, why) => {
                self.comment(6, why);
                self.rungs("wait_thresholds", (rungs, min), |ms| format!("{ms} ms of wait"));
                self.line(
                    6,
                    "\"wait_duration_minutes\": { \"scale_up\": 2, \"scale_down\": 10 },",
                    "",
                );
            }
        }
    }

    fn rungs(&mut self, key: &str, (rungs, min): (&Rungs, u32), threshold: impl Fn(u32) -> String) {
        self.line(6, &format!("{key:?}: {{"), "");
        for (workers, limit) in &rungs.up {
            let comment = format!("above {}: go to {workers} workers", threshold(*limit));
            self.line(8, &format!("\"scale_up_{workers}\": {limit},"), &comment);
        }
        for (workers, limit) in rungs.down.iter().rev() {
            let comment = if *workers == min {
                format!("below {}: go to {workers}", threshold(*limit))
            } else {
                format!(
                    "below {}: one worker less, not below {workers}",
                    threshold(*limit)
                )
            };
            self.line(8, &format!("\"scale_down_{workers}\": {limit},"), &comment);
        }
        self.line(6, "},", "");
    }

    fn broker(&mut self, service: &Service) {
        let (value, comment) = match &service.broker {
            Broker::Variable(name) => (*name, "the variable of its environment that names the broker"),
            Broker::Plain(url) => (url.as_str(), "as it was started with"),
            Broker::Stripped(url) => (
                url.as_str(),
                "its user and password are not printed here: write them in, and keep this file to root (0600)",
            ),
            Broker::Unknown | Broker::Other(_) => (
                "redis://localhost:6379/0",
                "a guess: it is in the application's own settings. Also \"broker_url\": \"amqp://…\"",
            ),
        };
        let key = match &service.broker {
            Broker::Variable(_) => "broker_url_env",
            _ if value.starts_with("amqp") || value.starts_with("pyamqp") => "broker_url",
            _ => "redis_url",
        };
        self.line(6, &format!("{key:?}: {},", quoted(value)), comment);
        if service.queues.is_empty() {
            let comment = if service.told_whole {
                "the default; does it take from others?"
            } else {
                "a guess: its title has taken the place of its arguments. See -Q in its unit"
            };
            self.line(6, "\"queues\": [\"celery\"],", comment);
        } else {
            let queues: Vec<String> = service.queues.iter().map(|queue| quoted(queue)).collect();
            self.line(
                6,
                &format!("\"queues\": [{}],", queues.join(", ")),
                "as it was started with",
            );
        }
    }
}

/// Text that cannot end a comment's line.
fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '?' } else { c })
        .collect()
}
