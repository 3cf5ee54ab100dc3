//! In which language a command speaks: one for all that it says.

use std::path::Path;
use std::time::Duration;

use crate::config;
use crate::control::{Answer, Client, Command};
use crate::model::Language;

/// How long a daemon may take to tell its language. One that hangs is no reason for a report to wait.
const PATIENCE: Duration = Duration::from_secs(2);

/// Variables that name the language of messages, the strongest first: locale(7).
const LOCALE: [&str; 3] = ["LC_ALL", "LC_MESSAGES", "LANG"];

/// Where a language may be stated, in the order in which it counts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sources<'a> {
    /// `--language`.
    pub(super) asked: Option<Language>,
    /// The runtime directory of a daemon that may be running.
    pub(super) daemon: Option<&'a Path>,
    /// The configuration.
    pub(super) config: &'a Path,
}

impl Sources<'_> {
    /// What was asked for, else the running daemon's, else the configuration's even where the rest of it is wrong,
    /// else the locale's, else English.
    pub(super) fn language(self) -> Language {
        self.asked
            .or_else(|| of_daemon(self.daemon?))
            .or_else(|| config::stated_language(self.config))
            .unwrap_or_else(|| of_locale(|variable| std::env::var(variable).ok()))
    }
}

fn of_daemon(runtime_dir: &Path) -> Option<Language> {
    let mut client = Client::connect(runtime_dir).ok()?;
    match client.ask_within(Command::Status, PATIENCE).ok()? {
        Answer::Status(status) => Language::of_code(&status.language),
        _ => None,
    }
}

/// The first of the variables that is set and not empty counts, whatever it says.
fn of_locale(variable: impl Fn(&str) -> Option<String>) -> Language {
    let locale = LOCALE
        .into_iter()
        .filter_map(variable)
        .find(|value| !value.is_empty());
    let spanish = |locale: String| {
        let language = locale.split(['_', '.', '@']).next().unwrap_or_default();
        language.eq_ignore_ascii_case("es")
    };
    if locale.is_some_and(spanish) {
        Language::Es
    } else {
        Language::En
    }
}

/// Reads `es` or `en`.
pub(super) fn parse(text: &str) -> Result<Language, String> {
    Language::of_code(text).ok_or_else(|| "es, en".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strongest_variable_that_is_set_counts() {
        let locale = |set: &[(&str, &str)]| {
            let set = set.to_vec();
            of_locale(move |variable| {
                let found = set.iter().find(|(name, _)| *name == variable);
                found.map(|(_, value)| (*value).to_owned())
            })
        };
        for (set, language) in [
            (&[][..], Language::En),
            (&[("LANG", "es_ES.UTF-8")], Language::Es),
            (&[("LANG", "es")], Language::Es),
            (&[("LANG", "ES_MX")], Language::Es),
            (&[("LANG", "est_EE")], Language::En),
            (&[("LANG", "C.UTF-8")], Language::En),
            (&[("LC_ALL", "C"), ("LANG", "es_ES")], Language::En),
            (
                &[("LC_ALL", ""), ("LC_MESSAGES", "es_AR@x"), ("LANG", "en_US")],
                Language::Es,
            ),
        ] {
            assert_eq!(locale(set), language, "{set:?}");
        }
    }

    #[test]
    fn what_was_asked_for_counts_most_and_a_faulty_configuration_still_says_its_language() {
        let dir = tempfile::tempdir().unwrap();
        let config = dir.path().join("config.json");
        std::fs::write(
            &config,
            r#"{"global": {"language": "es"}, "projects": {"web": {"enabled": True}}"#,
        )
        .unwrap();
        let sources = Sources {
            asked: None,
            daemon: Some(dir.path()),
            config: &config,
        };
        assert_eq!(sources.language(), Language::Es);
        let asked = Some(Language::En);
        assert_eq!(Sources { asked, ..sources }.language(), Language::En);
    }
}
