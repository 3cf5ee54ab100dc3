//! Text → syntax tree: JSON with `//` and `/* */` comments and trailing commas, and nothing beyond.

use jsonc_parser::ast::Value;
use jsonc_parser::errors::{ParseError, ParseErrorKind};
use jsonc_parser::tokens::Token;
use jsonc_parser::{
    CollectOptions, ParseOptions, ParseStringErrorKind, Scanner, ScannerOptions, parse_to_ast,
};

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

/// Parses a text; `None` when it holds no value. The error is a byte offset and a sentence.
pub(super) fn parse(text: &str) -> Result<Option<Value<'_>>, (usize, String)> {
    if let Some(fault) = broken_text(text) {
        return Err(fault);
    }
    parse_to_ast(text, &CollectOptions::default(), &OPTIONS)
        .map(|parsed| parsed.value)
        .map_err(|error| {
            let offset = error.range().start;
            (offset, sentence(&error, text, offset))
        })
}

/// The first text with a control character in it, which JSON has not. Most often it is a line break, because the
/// closing quote is missing: without this look the fault would be told somewhere behind it.
fn broken_text(text: &str) -> Option<(usize, String)> {
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
        match text.get(start..end)?.chars().find(|c| c.is_control()) {
            None => {}
            Some('\n' | '\r') => {
                return Some((
                    start,
                    "this text is not closed in its line: a double quote is missing".into(),
                ));
            }
            Some(_) => {
                return Some((
                    start,
                    "a control character stands in this text: take it out, or write \\t for a tab".into(),
                ));
            }
        }
    }
    None
}

fn sentence(error: &ParseError, text: &str, offset: usize) -> String {
    use ParseErrorKind as Kind;
    let rest = text.get(offset..).unwrap_or_default();
    match error.kind() {
        Kind::SingleQuotedStringsNotAllowed => "a text stands in double quotes: write \"…\" instead of '…'".into(),
        Kind::UnexpectedTokenInObject if rest.starts_with(',') => "there is a comma too many here: take it out".into(),
        Kind::ExpectedStringObjectProperty | Kind::UnexpectedTokenInObject => {
            "here a key in double quotes must stand, for example \"max_workers\", or the closing }".into()
        }
        Kind::HexadecimalNumbersNotAllowed => "numbers are decimal: write 255 instead of 0xff".into(),
        Kind::UnaryPlusNumbersNotAllowed => "write the number without the plus sign".into(),
        Kind::BareDecimalPointNumbersNotAllowed => {
            "a decimal point needs a digit on both sides: write 0.5 instead of .5, and 5 or 5.0 instead of 5.".into()
        }
        Kind::NonFiniteNumbersNotAllowed => "write a number: Infinity and NaN are none".into(),
        Kind::ExpectedComma if leading_zero(text, offset) => "write the number without leading zeros".into(),
        Kind::ExpectedComma if unit_behind_number(text, offset) => {
            "write the number alone, without a unit behind it".into()
        }
        Kind::ExpectedComma => "a comma is missing here, before the next entry".into(),
        Kind::ExpectedColonAfterObjectKey => "after a key a colon and its value must stand: \"key\": value".into(),
        Kind::ExpectedObjectValue => "after the colon a value must stand".into(),
        Kind::UnexpectedComma => "there is a comma too many here: take it out".into(),
        Kind::UnexpectedColon => "a colon stands only between a key and its value: take it out".into(),
        Kind::UnexpectedCloseBrace => "this } closes nothing, or a value is missing before it".into(),
        Kind::UnexpectedCloseBracket => "this ] closes nothing, or a value is missing before it".into(),
        Kind::UnterminatedObject => "this { is never closed: a } is missing".into(),
        Kind::UnterminatedArray => "this [ is never closed: a ] is missing".into(),
        Kind::UnterminatedCommentBlock => "this comment is never closed: a */ is missing".into(),
        Kind::MultipleRootJsonValues => {
            "the text goes on after its first value has ended: put one { } around all of it, and look for a } too many"
                .into()
        }
        Kind::NestingDepthExceeded => "the braces are nested too deeply for a configuration".into(),
        Kind::UnexpectedWord | Kind::UnexpectedToken if rest.starts_with('#') => {
            "a comment begins with // here, not with #".into()
        }
        Kind::UnexpectedWord if ["True", "False", "TRUE", "FALSE"].iter().any(|word| rest.starts_with(word)) => {
            "write true or false in small letters".into()
        }
        Kind::UnexpectedWord | Kind::UnexpectedToken => {
            "this is neither text in double quotes, nor a number, nor true or false".into()
        }
        Kind::ExpectedDigit
        | Kind::ExpectedDigitFollowingNegativeSign
        | Kind::ExpectedPlusMinusOrDigitInNumberLiteral => "this number is not complete: a digit is missing".into(),
        Kind::String(ParseStringErrorKind::UnterminatedStringLiteral) => {
            "this text is never closed: a double quote is missing".into()
        }
        Kind::String(_) => {
            "a backslash in a text must be one of \\\\ \\\" \\/ \\b \\f \\n \\r \\t or \\u with four hexadecimal digits".into()
        }
        // Allowed by the options above.
        Kind::CommentsNotAllowed | Kind::TrailingCommasNotAllowed => format!("the text is no JSON: {}", error.kind()),
    }
}

/// Whether the comma is missed between a 0 and a further digit, as in `007`.
fn leading_zero(text: &str, offset: usize) -> bool {
    let (before, after) = text.split_at_checked(offset).unwrap_or_default();
    before.ends_with('0') && after.starts_with(|c: char| c.is_ascii_digit())
}

/// Whether the comma is missed between a digit and a letter, as in `3min`.
fn unit_behind_number(text: &str, offset: usize) -> bool {
    let (before, after) = text.split_at_checked(offset).unwrap_or_default();
    before.ends_with(|c: char| c.is_ascii_digit()) && after.starts_with(char::is_alphabetic)
}
