//! What was said, in both languages: for those who ask about it later, in the one that they ask in.

use super::{Message, en, es, step_message};
use crate::act::Outcome;
use crate::model::{EventKind, Language, Project};

/// One thing said, in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bilingual {
    en: String,
    es: String,
}

impl Bilingual {
    /// A message, rendered.
    #[must_use]
    pub fn of(message: &Message<'_>) -> Self {
        Self {
            en: en::render(message),
            es: es::render(message),
        }
    }

    /// What came of a step; `None` when there was none.
    #[must_use]
    pub fn of_outcome(project: &Project, outcome: &Outcome) -> Option<Self> {
        Some(Self::of(&step_message(project, outcome)?))
    }

    /// What the history keeps of something that happened: `text` as it was kept.
    #[must_use]
    pub fn of_event(kind: EventKind, text: &str) -> Self {
        Self {
            en: en::event(kind, text),
            es: es::event(kind, text),
        }
    }

    /// Something that is the same in both, such as another program's words.
    #[must_use]
    pub fn same(words: &str) -> Self {
        Self {
            en: words.to_owned(),
            es: words.to_owned(),
        }
    }

    /// The words in `language`.
    #[must_use]
    pub fn within(&self, language: Language) -> &str {
        match language {
            Language::En => &self.en,
            Language::Es => &self.es,
        }
    }
}
