//! Everything that an operator can be told, in English and in Spanish, side by side.
//!
//! Each fault, reason and message is data where it arises; here is one function for each kind of thing, and in it one
//! arm for each variant that has the words of both languages. So a new variant does not compile before it can be told,
//! and both languages are told the same figures. What other programs say (systemd, a broker, the kernel's verifier)
//! stays as it is; what the kernel says through errno is told by [`system`].
//!
//! Data goes one way: this module imports those that have something to tell, and none of `act`, `observe`, `decide` and
//! `config` imports it. A few faults have their English words beside them, in their `Display`: those that the history
//! keeps as a sentence (`ReadFault`, `ServiceError` and what is in them). Of them only the Spanish is here, and the
//! compiler asks for either.

/// The words of one language, of both: `say!(language, "of {n} workers", "de {n} workers")`, English first.
///
/// Two format strings over the same bindings: the compiler checks both. What stands in them may be a stranger's words, so that
/// none of them can drive a terminal: [`plain`].
macro_rules! say {
    ($language:expr, $en:literal, $es:literal $(,)?) => {
        match $language {
            $crate::model::Language::En => $crate::words::plain::plain(format!($en)),
            $crate::model::Language::Es => $crate::words::plain::plain(format!($es)),
        }
    };
}
pub(crate) use say;

mod act;
mod advice;
mod bilingual;
mod broker;
mod celery;
mod check;
mod client;
mod config;
mod container;
mod demand;
mod export;
mod figures;
mod history;
mod host;
mod keda;
mod kernel;
mod line;
mod listen;
mod load;
mod memory;
mod message;
mod name;
mod peer;
pub(crate) mod plain;
mod promise;
mod queue;
mod reason;
mod reply;
mod requests;
mod schedule;
mod start;
mod step;
mod syntax;
mod system;
#[cfg(test)]
pub(crate) mod tests;
mod unobservable;
mod wanted;
mod wrong;

pub use act::{refused, scale_error};
pub use bilingual::Bilingual;
pub use celery::{pool_fault, uncounted};
pub use check::{Found, finding, host_heading, sum};
pub use client::{NotInHistory, client_error, not_in_history, read_error, socket_error, store_error};
pub use config::notice;
pub use export::export_news;
pub use figures::{all_quoted, nearest, quoted};
pub use host::{cgroup_error, host_error, process_error, read_fault, service_error};
pub use keda::{keda_fault, keda_news, scaler_fault};
pub use kernel::{usage_fault, without_ebpf};
pub use line::message;
pub use listen::listen_fault;
pub use load::{config_errors, load_error};
pub use memory::memory_error;
pub use message::{Done, Lasts, Message, StateFault};
pub use peer::peer;
pub use promise::promise;
pub use queue::{queue_fault, tls_problem};
pub use reason::{outlook, reason};
pub use reply::{Reply, reply};
pub use schedule::schedule;
pub use start::{StartFault, Tried, start_fault};
pub use system::{system, system_fault};
pub use unobservable::unobservable;
pub use wrong::wrong;
