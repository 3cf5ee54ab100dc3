//! The language that a configuration states, whatever else is wrong with it.

use std::path::Path;

use jsonc_parser::tokens::Token;
use jsonc_parser::{Scanner, ScannerOptions};

use crate::config::read;
use crate::model::Language;

/// The language that the file at `path` states; `None` where it states none, or cannot be read.
#[must_use]
pub fn stated_language(path: &Path) -> Option<Language> {
    in_text(&read(path).ok()?)
}

/// The value behind the first key `"language"`. Its words alone are looked at: what is no JSON has them, too.
fn in_text(text: &str) -> Option<Language> {
    let options = ScannerOptions::default();
    let mut scanner = Scanner::new(text.trim_start_matches('\u{feff}'), &options);
    let mut behind_key = false;
    let mut behind_colon = false;
    loop {
        match scanner.scan().ok()?? {
            Token::String(value) if behind_colon => return Language::of_code(&value),
            Token::String(key) => behind_key = key == "language",
            Token::Colon => {
                behind_colon = std::mem::take(&mut behind_key);
                continue;
            }
            Token::CommentLine(_) | Token::CommentBlock(_) => continue,
            _ => behind_key = false,
        }
        behind_colon = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_found_in_whatever_is_wrong() {
        for text in [
            r#"{"global": {"language": "en"}}"#,
            r#"{"web": {"cgroup": "language"}, "global": {"language" /* of the log */ : "en"}, "projects": 3"#,
            "{'global': {'language': 'en'}, 'projects': {'web': {'enabled': True}}}",
            "\u{feff}{\"global\": {\"language\": \"en\",,}",
        ] {
            assert_eq!(in_text(text), Some(Language::En), "{text}");
        }
        for text in [
            "",
            "{}",
            r#"{"global": {"language": "fr"}}"#,
            r#"// "language": "en""#,
            "\"",
        ] {
            assert_eq!(in_text(text), None, "{text}");
        }
    }
}
