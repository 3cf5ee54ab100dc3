//! What is known of one key. The parser takes its bounds from here, and so do the JSON Schema and the reference in the
//! documentation: no two of them can say different things.

use crate::model::{Language, Unit};

/// One key of the configuration.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// As it stands in the file.
    pub name: &'static str,
    /// What may stand behind it.
    pub kind: Kind,
    /// What holds where it is left out.
    pub without: Without,
    /// What it is for, in English and in Spanish. Not in `words`: no message of the program says it.
    about: [&'static str; 2],
}

impl Key {
    pub(super) const fn new(
        name: &'static str,
        kind: Kind,
        without: Without,
        about: [&'static str; 2],
    ) -> Self {
        Self {
            name,
            kind,
            without,
            about,
        }
    }

    /// What it is for, in a sentence or two.
    #[must_use]
    pub fn about(&self, language: Language) -> &'static str {
        told(self.about, language)
    }
}

fn told([english, spanish]: [&'static str; 2], language: Language) -> &'static str {
    match language {
        Language::En => english,
        Language::Es => spanish,
    }
}

/// What may stand behind a key.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Whole(Whole),
    /// A number, fractions included.
    Number(Number),
    /// One of these words.
    Choice(&'static [&'static str]),
    /// Text that this regular expression matches.
    Text(&'static str),
    /// A list of names, none of them twice.
    Names,
    /// A list of whole numbers, as many as this at most.
    Wholes(Whole, usize),
    /// Rungs: `scale_up_N` and `scale_down_N`, each with a threshold.
    Rungs(Threshold),
    /// `scale_up` and `scale_down`, each a number like this.
    Hold(Number),
    /// An object with these keys.
    Object(&'static [Key]),
    /// A list of objects with these keys.
    Objects(&'static [Key]),
}

/// What the threshold of a rung is.
#[derive(Debug, Clone, Copy)]
pub enum Threshold {
    /// A whole number.
    Whole(Whole),
    /// A number, fractions included.
    Number(Number),
}

/// A whole number within bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Whole {
    /// The least that is allowed.
    pub least: u64,
    /// The most that is allowed.
    pub most: u64,
    /// What it counts.
    pub unit: Unit,
}

/// A number within bounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Number {
    /// The least that is allowed.
    pub least: f64,
    /// The most that is allowed.
    pub most: f64,
    /// What it counts.
    pub unit: Unit,
}

/// What holds where a key is left out.
#[derive(Debug, Clone, Copy)]
pub enum Without {
    /// The configuration is refused.
    Refused,
    /// The same as with this value, which is JSON.
    Value(&'static str),
    /// What these words say, in English and in Spanish: no one value is the same.
    Told([&'static str; 2]),
}

impl Without {
    /// Its words, where no value says it.
    #[must_use]
    pub fn told(self, language: Language) -> Option<&'static str> {
        match self {
            Self::Told(both) => Some(told(both, language)),
            Self::Refused | Self::Value(_) => None,
        }
    }
}
