//! What was said, in both languages: for those who ask about it later, in the one that they ask in.

use serde::{Deserialize, Serialize};

use crate::model::{EventKind, Language};
use crate::words::history::event;
use crate::words::line::message;
use crate::words::message::Message;

/// One thing said, in both languages.
///
/// Written as a text where it is the same in both, as it always was in version 0.1.0, and read from either.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Written", into = "Written")]
pub struct Bilingual {
    en: String,
    es: String,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    Same(String),
    Both { en: String, es: String },
}

impl From<Written> for Bilingual {
    fn from(written: Written) -> Self {
        match written {
            Written::Same(words) => Self::same(&words),
            Written::Both { en, es } => Self { en, es },
        }
    }
}

impl From<Bilingual> for Written {
    fn from(Bilingual { en, es }: Bilingual) -> Self {
        if en == es {
            Self::Same(en)
        } else {
            Self::Both { en, es }
        }
    }
}

impl Bilingual {
    /// What `words` says in each language.
    #[must_use]
    pub fn by(words: impl Fn(Language) -> String) -> Self {
        Self {
            en: words(Language::En),
            es: words(Language::Es),
        }
    }

    /// A message, rendered.
    #[must_use]
    pub fn of(said: &Message<'_>) -> Self {
        Self::by(|language| message(language, said))
    }

    /// What the history keeps of something that happened: `text` as it was kept.
    #[must_use]
    pub fn of_event(kind: EventKind, text: &Self) -> Self {
        Self::by(|language| event(language, kind, text.within(language)))
    }

    /// Something that is the same in both, such as another program's words.
    #[must_use]
    pub fn same(words: &str) -> Self {
        Self::by(|_| words.to_owned())
    }

    /// As the history keeps it: the text itself where it is the same in both languages, such as a count; else JSON with
    /// both. Version 0.1.0 kept but one of the two.
    pub(crate) fn kept(&self) -> serde_json::Result<String> {
        if self.en == self.es {
            return Ok(self.en.clone());
        }
        serde_json::to_string(self)
    }

    /// What the history has kept.
    pub(crate) fn of_kept(text: &str) -> Self {
        let both = text.starts_with('{').then(|| serde_json::from_str(text).ok());
        both.flatten().unwrap_or_else(|| Self::same(text))
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

impl From<&str> for Bilingual {
    fn from(words: &str) -> Self {
        Self::same(words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_again_in_both_languages() {
        let told = Bilingual::by(|language| say!(language, "paused", "en pausa"));
        assert_eq!(Bilingual::of_kept(&told.kept().unwrap()), told);
        assert_eq!(Bilingual::same("3").kept().unwrap(), "3");
        for words in [told, Bilingual::same("root (uid 0)")] {
            let written = serde_json::to_string(&words).unwrap();
            assert_eq!(serde_json::from_str::<Bilingual>(&written).unwrap(), words);
        }
        assert_eq!(
            serde_json::to_string(&Bilingual::same("root (uid 0)")).unwrap(),
            "\"root (uid 0)\""
        );
    }

    #[test]
    fn what_an_earlier_version_kept_is_the_same_in_both() {
        let kept = "stopped at 3 workers on the way from 1 to 6: no worker is idle";
        assert_eq!(Bilingual::of_kept(kept), Bilingual::same(kept));
    }
}
