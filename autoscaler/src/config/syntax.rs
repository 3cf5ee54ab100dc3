//! Text → syntax tree: JSON with `//` and `/* */` comments and trailing commas, and nothing beyond.

use jsonc_parser::ast::Value;
use jsonc_parser::errors::{ParseError, ParseErrorKind};
use jsonc_parser::tokens::Token;
use jsonc_parser::{
    CollectOptions, ParseOptions, ParseStringErrorKind, Scanner, ScannerOptions, parse_to_ast,
};

use crate::model::Syntax;

const OPTIONS: ParseOptions = ParseOptions {
    allow_comments: true,
    allow_trailing_commas: true,
    allow_loose_object_property_names: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

/// Quotes as word processors and web pages set them.
const TYPOGRAPHIC: [char; 9] = ['“', '”', '„', '«', '»', '‘', '’', '‹', '›'];

/// Parses a text; `None` when it holds no value. The error is a byte offset and what is wrong there.
pub(super) fn parse(text: &str) -> Result<Option<Value<'_>>, (usize, Syntax)> {
    if let Some(fault) = broken_text(text) {
        return Err(fault);
    }
    parse_to_ast(text, &CollectOptions::default(), &OPTIONS)
        .map(|parsed| parsed.value)
        .map_err(|error| {
            let offset = error.range().start;
            (offset, fault(&error, text, offset))
        })
}

/// The first text with a control character in it, which JSON has not. Most often it is a line break, because the
/// closing quote is missing: without this look the fault would be told somewhere behind it.
fn broken_text(text: &str) -> Option<(usize, Syntax)> {
    let options = ScannerOptions {
        allow_single_quoted_strings: false,
        ..ScannerOptions::default()
    };
    let mut scanner = Scanner::new(text, &options);
    while let Ok(Some(token)) = scanner.scan() {
        let (start, end) = (scanner.token_start(), scanner.token_end());
        if !matches!(token, Token::String(_)) {
            continue;
        }
        let written = text.get(start..end)?;
        match written.chars().find(|c| c.is_control()) {
            None => {}
            Some('\n' | '\r') => {
                return Some((start, closed_by(written).unwrap_or(Syntax::OpenInLine)));
            }
            Some(_) => return Some((start, Syntax::Control)),
        }
    }
    None
}

fn fault(error: &ParseError, text: &str, offset: usize) -> Syntax {
    use ParseErrorKind as Kind;
    let (before, rest) = text.split_at_checked(offset).unwrap_or_default();
    if let Some(quote) = rest.chars().next().filter(|c| TYPOGRAPHIC.contains(c)) {
        return Syntax::Typographic(quote);
    }
    match error.kind() {
        Kind::SingleQuotedStringsNotAllowed if is_python(rest) => Syntax::Python,
        Kind::SingleQuotedStringsNotAllowed => Syntax::SingleQuotes,
        Kind::UnexpectedTokenInObject if rest.starts_with(',') => Syntax::Comma,
        Kind::ExpectedStringObjectProperty | Kind::UnexpectedTokenInObject => {
            decimal_comma(before, rest).map_or(Syntax::NoKey, Syntax::DecimalComma)
        }
        Kind::HexadecimalNumbersNotAllowed => Syntax::Hexadecimal,
        Kind::UnaryPlusNumbersNotAllowed => Syntax::Plus,
        Kind::BareDecimalPointNumbersNotAllowed => Syntax::BarePoint,
        Kind::NonFiniteNumbersNotAllowed => Syntax::NotFinite,
        Kind::ExpectedComma if leading_zero(before, rest) => Syntax::LeadingZero,
        Kind::ExpectedComma if unit_behind_number(before, rest) => Syntax::UnitBehind,
        Kind::ExpectedComma => Syntax::NoComma,
        Kind::ExpectedColonAfterObjectKey => Syntax::NoColon,
        Kind::ExpectedObjectValue => Syntax::NoValue,
        Kind::UnexpectedComma => Syntax::Comma,
        Kind::UnexpectedColon => Syntax::Colon,
        Kind::UnexpectedCloseBrace => Syntax::Closes('}'),
        Kind::UnexpectedCloseBracket => Syntax::Closes(']'),
        Kind::UnterminatedObject => Syntax::OpenBrace('{', '}'),
        Kind::UnterminatedArray => Syntax::OpenBrace('[', ']'),
        Kind::UnterminatedCommentBlock => Syntax::OpenComment,
        Kind::MultipleRootJsonValues => Syntax::Several,
        Kind::NestingDepthExceeded => Syntax::Nested,
        Kind::UnexpectedWord | Kind::UnexpectedToken if rest.starts_with('#') => Syntax::Comment,
        Kind::UnexpectedWord | Kind::UnexpectedToken if unit_behind_number(before, rest) => {
            Syntax::UnitBehind
        }
        // YAML and assignments begin with a word, TOML with one in brackets.
        Kind::UnexpectedWord | Kind::UnexpectedToken if ["", "["].contains(&before.trim()) => {
            Syntax::Otherwise
        }
        Kind::UnexpectedWord | Kind::UnexpectedToken => word(rest),
        Kind::ExpectedDigit
        | Kind::ExpectedDigitFollowingNegativeSign
        | Kind::ExpectedPlusMinusOrDigitInNumberLiteral => Syntax::NoDigit,
        Kind::String(ParseStringErrorKind::UnterminatedStringLiteral) => {
            closed_by(rest).unwrap_or(Syntax::Open)
        }
        Kind::String(_) => Syntax::Escape,
        // Allowed by the options above.
        Kind::CommentsNotAllowed | Kind::TrailingCommasNotAllowed => Syntax::Other(error.kind().to_string()),
    }
}

/// A quote in the line of a text that is not closed there, which only looks like the one that is missing.
fn closed_by(written: &str) -> Option<Syntax> {
    let line = written.lines().next()?;
    line.chars()
        .find(|c| TYPOGRAPHIC.contains(c))
        .map(Syntax::Typographic)
}

/// What was meant by the word that a text goes on with.
fn word(rest: &str) -> Syntax {
    let end = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
    let written = &rest[..end];
    match written.to_lowercase().as_str() {
        "true" | "yes" | "on" | "si" | "sí" | "verdadero" => Syntax::Word(written.to_owned(), "true"),
        "false" | "no" | "off" | "falso" => Syntax::Word(written.to_owned(), "false"),
        "none" | "null" | "nil" | "undefined" => Syntax::Nothing(written.to_owned()),
        _ => Syntax::Unknown,
    }
}

/// Whether a text that goes on with a single quote is Python's: its words for true, false and nothing are among it.
fn is_python(rest: &str) -> bool {
    rest.split(|c: char| !c.is_alphanumeric())
        .any(|word| ["True", "False", "None"].contains(&word))
}

/// `65.5`, where a key was looked for behind the comma of `65,5`.
fn decimal_comma(before: &str, rest: &str) -> Option<String> {
    let is_digit = |c: &char| c.is_ascii_digit();
    let whole: String = before
        .strip_suffix(',')?
        .chars()
        .rev()
        .take_while(is_digit)
        .collect();
    let whole: String = whole.chars().rev().collect();
    let part: String = rest.chars().take_while(is_digit).collect();
    (!whole.is_empty() && !part.is_empty()).then(|| format!("{whole}.{part}"))
}

/// Whether the comma is missed between a 0 and a further digit, as in `007`.
fn leading_zero(before: &str, rest: &str) -> bool {
    before.ends_with('0') && rest.starts_with(|c: char| c.is_ascii_digit())
}

/// Whether the comma is missed between a digit and a letter, as in `3min`.
fn unit_behind_number(before: &str, rest: &str) -> bool {
    before.ends_with(|c: char| c.is_ascii_digit())
        && rest.starts_with(|c: char| c.is_alphabetic() || c == '%')
}
