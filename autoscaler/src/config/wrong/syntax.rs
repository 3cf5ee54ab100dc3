//! Why a text is no JSON.

/// Where a text stops being JSON: what stands there, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Syntax {
    /// A text that goes on behind the end of its line.
    #[error("this text is not closed in its line: a double quote is missing")]
    OpenInLine,
    /// A text that is never closed.
    #[error("this text is never closed: a double quote is missing")]
    Open,
    /// A control character in a text.
    #[error("a control character stands in this text: take it out, or write \\t for a tab")]
    Control,
    /// A backslash with something that has no meaning behind it.
    #[error(
        "a backslash in a text must be one of \\\\ \\\" \\/ \\b \\f \\n \\r \\t or \\u with four hexadecimal digits"
    )]
    Escape,
    /// Single quotes.
    #[error("a text stands in double quotes: write \"…\" instead of '…'")]
    SingleQuotes,
    /// What Python prints of a dictionary.
    #[error(
        "this is a dictionary of Python, not JSON: write what json.dumps() makes of it, with texts in \"…\", true for True and false for False"
    )]
    Python,
    /// Quotes as word processors set them.
    #[error("{0} is no quote of JSON: write \" instead")]
    Typographic(char),
    /// Another language altogether.
    #[error(
        "the file is no JSON: it must begin with {{ and end with }}, and keys and texts stand in double quotes, for example {{ \"projects\": {{ … }} }}"
    )]
    Otherwise,
    /// A word that was meant for one of JSON's.
    #[error("write {1} instead of {0}")]
    Word(String, &'static str),
    /// Python's or another language's word for nothing.
    #[error("there is no {0} here: take this entry out, or give it a value")]
    Nothing(String),
    /// No value that there is.
    #[error("this is neither text in double quotes, nor a number, nor true or false")]
    Unknown,
    /// A comment of another language.
    #[error("a comment begins with // here, not with #")]
    Comment,
    /// A comment without its end.
    #[error("this comment is never closed: a */ is missing")]
    OpenComment,
    /// A number with a comma in it, and what to write.
    #[error("a decimal comma parts two entries here: write {0}")]
    DecimalComma(String),
    /// `0x10`.
    #[error("numbers are decimal: write 255 instead of 0xff")]
    Hexadecimal,
    /// `+1`.
    #[error("write the number without the plus sign")]
    Plus,
    /// `.5`.
    #[error(
        "a decimal point needs a digit on both sides: write 0.5 instead of .5, and 5 or 5.0 instead of 5."
    )]
    BarePoint,
    /// `Infinity`, `NaN`.
    #[error("write a number: Infinity and NaN are none")]
    NotFinite,
    /// `007`.
    #[error("write the number without leading zeros")]
    LeadingZero,
    /// `3min`.
    #[error("write the number alone, without a unit behind it")]
    UnitBehind,
    /// `-`.
    #[error("this number is not complete: a digit is missing")]
    NoDigit,
    /// No key where one must stand.
    #[error("here a key in double quotes must stand, for example \"max_workers\", or the closing }}")]
    NoKey,
    /// No colon behind a key.
    #[error("after a key a colon and its value must stand: \"key\": value")]
    NoColon,
    /// No value behind a colon.
    #[error("after the colon a value must stand")]
    NoValue,
    /// No comma between two entries.
    #[error("a comma is missing here, before the next entry")]
    NoComma,
    /// A comma that parts nothing.
    #[error("there is a comma too many here: take it out")]
    Comma,
    /// A colon that parts nothing.
    #[error("a colon stands only between a key and its value: take it out")]
    Colon,
    /// A closing brace or bracket without an opening one.
    #[error("this {0} closes nothing, or a value is missing before it")]
    Closes(char),
    /// An opening brace or bracket without a closing one, which follows.
    #[error("this {0} is never closed: a {1} is missing")]
    OpenBrace(char, char),
    /// More than one value.
    #[error(
        "the text goes on after its first value has ended: put one {{ }} around all of it, and look for a }} too many"
    )]
    Several,
    /// Braces within braces within braces.
    #[error("the braces are nested too deeply for a configuration")]
    Nested,
    /// Anything else, in the parser's words.
    #[error("the text is no JSON: {0}")]
    Other(String),
}
