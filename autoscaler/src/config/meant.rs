//! What was probably meant by a value of the wrong type. Only a number, or a word for yes or no, is taken out of a text:
//! anything else may be a password.

use jsonc_parser::ast::Value;

use crate::model::Wanted;

/// Units that people write behind a number.
const UNITS: [&str; 12] = [
    "", "%", "m", "min", "minutes", "minutos", "s", "sec", "seconds", "mb", "mib", "workers",
];

/// What to write in the place of `value`, where `wanted` must stand.
pub(super) fn of(value: &Value<'_>, wanted: &Wanted) -> Option<String> {
    match (value, wanted) {
        (Value::StringLit(text), Wanted::Boolean) => boolean(&text.value),
        (Value::NumberLit(number), Wanted::Boolean) => boolean(number.value),
        (Value::StringLit(text), Wanted::Whole(..) | Wanted::Number(..)) => number(&text.value),
        _ => None,
    }
}

fn boolean(written: &str) -> Option<String> {
    let meant = match written.trim().to_lowercase().as_str() {
        "true" | "yes" | "on" | "1" | "si" | "sí" => "true",
        "false" | "no" | "off" | "0" => "false",
        _ => return None,
    };
    Some(meant.to_owned())
}

/// `65` of `65%`, `1.9` of `1,9`, `500` of `500 MB`.
fn number(written: &str) -> Option<String> {
    let written = written.trim();
    let end = written
        .find(|c: char| !c.is_ascii_digit() && c != '.' && c != ',')
        .unwrap_or(written.len());
    let (number, unit) = written.split_at_checked(end)?;
    let number = number.replacen(',', ".", 1);
    let is_number = number.starts_with(|c: char| c.is_ascii_digit()) && number.parse::<f64>().is_ok();
    (is_number && UNITS.contains(&unit.trim().to_lowercase().as_str())).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_out_of_a_text_and_nothing_else_is() {
        for (written, meant) in [
            ("3", "3"),
            (" 65% ", "65"),
            ("1,9", "1.9"),
            ("500 MB", "500"),
            ("3min", "3"),
        ] {
            assert_eq!(number(written).as_deref(), Some(meant), "{written}");
        }
        for other in ["", "%", "1.2.3", "1,234,5", "hunter2", "12hunter2", "-1", ".5"] {
            assert_eq!(number(other), None, "{other}");
        }
        assert_eq!(boolean("Yes").as_deref(), Some("true"));
        assert_eq!(boolean("hunter2"), None);
    }
}
