//! What `autoscaler export` has to tell beside its figures.

use super::history::metrics_news;
use super::kernel::{source_news, usage_fault, without_ebpf};
use super::system::system_fault;
use crate::model::{ExportNews, Language, SendFault};

/// What there is to tell.
#[must_use]
pub fn export_news(language: Language, news: &ExportNews) -> String {
    match news {
        ExportNews::WithoutProgram { why } => {
            let why = without_ebpf(language, why);
            say!(
                language,
                "CPU comes from cpu.stat, and there is no run-queue wait: {why}",
                "la CPU viene de cpu.stat, y no hay espera en la cola de ejecución: {why}"
            )
        }
        ExportNews::WithoutRequests { why } => {
            let why = without_ebpf(language, why);
            say!(
                language,
                "requests cannot be seen here: {why}",
                "aquí no se pueden ver las peticiones: {why}"
            )
        }
        ExportNews::Source(news) => source_news(language, news),
        ExportNews::LeftOut { count, limit } => say!(
            language,
            "{count} cgroups have no series: no more than {limit} may have some (--limit); autoscaler_cgroups_left_out tells how many at each scrape",
            "{count} cgroups no tienen series: no más de {limit} pueden tenerlas (--limit); autoscaler_cgroups_left_out dice cuántos en cada lectura"
        ),
        ExportNews::RequestsLeftOut { count, room } => say!(
            language,
            "the requests of {count} cgroups are not seen: there is room for {room}",
            "no se ven las peticiones de {count} cgroups: hay sitio para {room}"
        ),
        ExportNews::Unread { why } => {
            let why = usage_fault(language, why);
            say!(
                language,
                "a part of the figures cannot be read, the rest stands: {why}",
                "una parte de las cifras no se puede leer, el resto vale: {why}"
            )
        }
        ExportNews::Metrics(news) => metrics_news(language, news),
        ExportNews::NotSent { to, why } => {
            let why = send_fault(language, why);
            say!(
                language,
                "⚠️ figures are not sent to {to}: {why}; it is tried again",
                "⚠️ no se envían las cifras a {to}: {why}; se intentará de nuevo"
            )
        }
        ExportNews::Sent { to } => say!(
            language,
            "📈 figures are sent to {to}",
            "📈 las cifras se envían a {to}"
        ),
    }
}

fn send_fault(language: Language, fault: &SendFault) -> String {
    match fault {
        SendFault::Unreachable(error) => system_fault(language, error),
        SendFault::Silent(seconds) => say!(
            language,
            "no answer within {seconds} s",
            "sin respuesta en {seconds} s"
        ),
        SendFault::Refused { status, text } => {
            say!(language, "it answers {status} {text}", "responde {status} {text}")
        }
        SendFault::Rejected { points, text } => say!(
            language,
            "it refuses {points} figures: {text}",
            "rechaza {points} cifras: {text}"
        ),
    }
}
