//! What strangers may hand to the program, each reader of it by one function: it takes any bytes, and nothing may break down.
//!
//! `tests/fuzz` runs them with inputs that libFuzzer makes up; `tests/tests/together/fuzz.rs` with those in `tests/fuzz/corpus`.
//! Each goes by the program's own public ways: a broker is a server behind a real socket, a file is a file.

mod broker;
mod celery;
mod files;
mod history;
mod metrics;
mod text;

use std::cell::OnceCell;
use std::future::Future;
use std::path::PathBuf;

use autoscaler::model::Language;
use nix::sys::signal::{SigHandler, Signal, signal};

/// What Rust's own start of a program does and libFuzzer's does not: SIGPIPE is ignored. It would end the run without a word
/// where a connection has been closed at the other end.
pub fn begin() {
    // SAFETY: it sets no handler, and no other thread runs yet. It can fail for another signal only.
    let _ = unsafe { signal(Signal::SIGPIPE, SigHandler::SigIgn) };
}

/// One reader, by its name.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// The name, also of its folder in `tests/fuzz/corpus`.
    pub name: &'static str,
    /// Hands it these bytes.
    pub run: fn(&[u8]),
}

/// All of them.
pub const TARGETS: [Target; 13] = [
    Target {
        name: "config",
        run: text::config,
    },
    Target {
        name: "broker_url",
        run: text::broker_url,
    },
    Target {
        name: "control",
        run: text::control,
    },
    Target {
        name: "trace",
        run: text::trace,
    },
    Target {
        name: "process",
        run: files::process,
    },
    Target {
        name: "host",
        run: files::host,
    },
    Target {
        name: "cgroup",
        run: files::cgroup,
    },
    Target {
        name: "btf",
        run: files::btf,
    },
    Target {
        name: "redis",
        run: broker::redis,
    },
    Target {
        name: "rabbitmq",
        run: broker::rabbitmq,
    },
    Target {
        name: "celery",
        run: celery::answers,
    },
    Target {
        name: "history",
        run: history::store,
    },
    Target {
        name: "metrics",
        run: metrics::request,
    },
];

/// The target of this name.
#[must_use]
pub fn target(name: &str) -> Option<Target> {
    TARGETS.into_iter().find(|target| target.name == name)
}

/// Stands between the parts of an input that has several: a byte that no UTF-8 has.
const BETWEEN: u8 = 0xff;

/// The first `N` parts of an input; what is missing is empty.
fn parts<const N: usize>(input: &[u8]) -> [&[u8]; N] {
    let mut rest = input.split(|byte| *byte == BETWEEN);
    std::array::from_fn(|_| rest.next().unwrap_or_default())
}

/// Has it told in both languages: what is told of hostile input is made of it.
fn told(words: impl Fn(Language) -> String) {
    for language in [Language::En, Language::Es] {
        std::hint::black_box(words(language));
    }
}

/// Runs it to its end, on a runtime that each thread keeps.
fn block_on<T>(work: impl Future<Output = T>) -> T {
    thread_local! {
        static RUNTIME: OnceCell<tokio::runtime::Runtime> = const { OnceCell::new() };
    }
    RUNTIME.with(|runtime| {
        let runtime = runtime.get_or_init(|| {
            let made = tokio::runtime::Builder::new_current_thread().enable_all().build();
            made.expect("no runtime can be had")
        });
        runtime.block_on(work)
    })
}

/// A folder in memory that each thread keeps: nothing is written to a disk.
fn scratch() -> PathBuf {
    thread_local! {
        static FOLDER: OnceCell<tempfile::TempDir> = const { OnceCell::new() };
    }
    FOLDER.with(|folder| {
        let made = || {
            tempfile::tempdir_in("/dev/shm")
                .or_else(|_| tempfile::tempdir())
                .expect("no folder can be had")
        };
        folder.get_or_init(made).path().to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_has_as_many_parts_as_are_asked_for() {
        assert_eq!(parts::<3>(b"a\xffb"), [&b"a"[..], b"b", b""]);
        assert_eq!(parts::<1>(b"a\xffb"), [&b"a"[..]]);
    }
}
