//! What a command cannot do, told in both languages.

use std::io;
use std::path::Path;

use crate::model::Language;
use crate::words::{Bilingual, say, system};

/// Something failed.
#[derive(Debug)]
pub(super) struct Failure(pub(super) Bilingual);

/// The command line asks for something that cannot be.
#[derive(Debug)]
pub(super) struct Usage(pub(super) Bilingual);

told_by_words!(Failure, Usage);

/// A failure of which this is said.
pub(super) fn failed(words: impl Fn(Language) -> String) -> anyhow::Error {
    Failure(Bilingual::by(words)).into()
}

/// A wrong usage of which this is said.
pub(super) fn wrong_usage(words: impl Fn(Language) -> String) -> anyhow::Error {
    Usage(Bilingual::by(words)).into()
}

/// A file cannot be written.
pub(super) fn unwritable(path: &Path, error: &io::Error) -> anyhow::Error {
    let path = path.display();
    failed(|language| {
        let error = system(language, error);
        say!(
            language,
            "cannot write {path}: {error}",
            "no se puede escribir {path}: {error}"
        )
    })
}

/// No thread can be started.
pub(super) fn no_thread(error: &io::Error) -> anyhow::Error {
    failed(|language| {
        let error = system(language, error);
        say!(
            language,
            "no thread can be started: {error}",
            "no se puede arrancar un hilo: {error}"
        )
    })
}

/// A file cannot be opened.
pub(super) fn unopened(path: &Path, error: &io::Error) -> anyhow::Error {
    let path = path.display();
    failed(|language| {
        let error = system(language, error);
        say!(
            language,
            "cannot open {path}: {error}",
            "no se puede abrir {path}: {error}"
        )
    })
}
