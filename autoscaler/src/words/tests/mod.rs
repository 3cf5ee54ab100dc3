//! A sample of every kind of thing that can be told, in both languages: neither takes in a sentence of the other.

mod celery;
mod checked;
mod daemon;
mod export;
mod faults;
mod keda;
mod promise;
mod reasons;
mod schedule;

use std::io;

use nix::errno::Errno;

use crate::model::{Language, SystemFault};

/// Words that a sentence of English has and one of Spanish has not.
const ENGLISH: [&str; 9] = [
    " the ", " cannot ", " is ", " not ", " and ", " of ", " with ", " it ", "denied",
];

/// The other way round.
const SPANISH: [&str; 8] = [
    " el ", " la ", " los ", " no se ", " está ", " y ", " de ", " con ",
];

/// What `words` says in English and in Spanish, each with nothing of the other.
fn both(words: impl Fn(Language) -> String) -> [String; 2] {
    let [en, es] = [Language::En, Language::Es].map(words);
    for (text, foreign) in [(&en, SPANISH.as_slice()), (&es, ENGLISH.as_slice())] {
        // At the ends of a line, too.
        let line = format!(" {text} ");
        for word in foreign {
            assert!(!line.contains(word), "{word:?} in {text:?}");
        }
        assert!(!text.contains("(os error"), "{text}");
        assert!(!text.trim().is_empty());
    }
    [en, es]
}

/// Each of `things` has a sentence of its own in each language.
pub(crate) fn told<T>(things: &[T], words: impl Fn(Language, &T) -> String) {
    for thing in things {
        let [en, es] = both(|language| words(language, thing));
        assert_ne!(en, es);
    }
}

/// Each of `things` is the same in both: a figure, or another program's words.
fn neutral<T>(things: &[T], words: impl Fn(Language, &T) -> String) {
    for thing in things {
        let [en, es] = both(|language| words(language, thing));
        assert_eq!(en, es);
    }
}

fn denied() -> io::Error {
    io::Error::from(Errno::EACCES)
}

fn denied_fault() -> SystemFault {
    denied().into()
}
