//! Where the faults of a configuration text are, and what of the text is shown of them.

use crate::model::{ConfigErrors, Fault, Wrong};

/// What was found wrong in `text`, by offset, with places and excerpts.
pub(super) fn errors(file: &str, text: &str, mut found: Vec<(usize, Wrong)>) -> ConfigErrors {
    found.sort_by_key(|(offset, _)| *offset);
    let faults = found.into_iter().map(|(offset, wrong)| {
        let (line, column, content) = place(text, offset);
        Fault {
            line,
            column,
            wrong,
            excerpt: excerpt(content, column),
        }
    });
    ConfigErrors::new(file, faults.collect())
}

/// Line and column (both from 1, the column in characters) of a byte offset, and the line's content.
pub(super) fn place(text: &str, offset: usize) -> (usize, usize, &str) {
    let before = text.get(..offset).unwrap_or(text);
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before.matches('\n').count() + 1;
    let column = before[start..].chars().count() + 1;
    let rest = &text[start..];
    let content = rest.find('\n').map_or(rest, |newline| &rest[..newline]);
    (line, column, content.trim_end_matches('\r'))
}

/// Longest line, in characters, that an excerpt shows.
const EXCERPT_CHARS: usize = 110;

fn excerpt(line: &str, column: usize) -> Option<String> {
    // A broker's URL holds a password, and a file whose syntax is broken cannot say where the URL ends.
    let secret = ["://", "@", "url", "password"]
        .iter()
        .any(|mark| line.contains(mark));
    let unprintable = line.chars().any(|c| c.is_control() && c != '\t');
    if secret || unprintable || line.trim().is_empty() || line.chars().count() > EXCERPT_CHARS {
        return None;
    }
    let indent: String = line
        .chars()
        .take(column - 1)
        .map(|c| if c == '\t' { '\t' } else { ' ' })
        .collect();
    Some(format!("  | {line}\n  | {indent}^"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_not_bytes() {
        assert_eq!(place("a\r\nñé→x", 1 + 2 + 2 + 2 + 3), (2, 4, "ñé→x"));
        assert_eq!(place("", 0), (1, 1, ""));
        assert_eq!(place("x\n", 2), (2, 1, ""));
    }

    #[test]
    fn the_caret_stands_below_the_column_and_tabs_stay_tabs() {
        assert_eq!(
            excerpt("\t\"a\": 0", 7).as_deref(),
            Some("  | \t\"a\": 0\n  | \t     ^")
        );
    }

    #[test]
    fn a_line_that_may_hold_a_password_is_not_shown() {
        assert_eq!(excerpt(r#""x": "redis://:s3cret@h""#, 1), None);
        assert_eq!(excerpt(r#""broker_url": "amqp:s3cret""#, 1), None);
    }
}
