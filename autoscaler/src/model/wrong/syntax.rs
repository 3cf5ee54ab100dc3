//! Why a text is no JSON.

/// Where a text stops being JSON: what stands there, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Syntax {
    /// A text that goes on behind the end of its line.
    OpenInLine,
    /// A text that is never closed.
    Open,
    /// A control character in a text.
    Control,
    /// A backslash with something that has no meaning behind it.
    Escape,
    /// Single quotes.
    SingleQuotes,
    /// What Python prints of a dictionary.
    Python,
    /// Quotes as word processors set them.
    Typographic(char),
    /// Another language altogether.
    Otherwise,
    /// A word that was meant for one of JSON's.
    Word(String, &'static str),
    /// Python's or another language's word for nothing.
    Nothing(String),
    /// No value that there is.
    Unknown,
    /// A comment of another language.
    Comment,
    /// A comment without its end.
    OpenComment,
    /// A number with a comma in it, and what to write.
    DecimalComma(String),
    /// `0x10`.
    Hexadecimal,
    /// `+1`.
    Plus,
    /// `.5`.
    BarePoint,
    /// `Infinity`, `NaN`.
    NotFinite,
    /// `007`.
    LeadingZero,
    /// `3min`.
    UnitBehind,
    /// `-`.
    NoDigit,
    /// No key where one must stand.
    NoKey,
    /// No colon behind a key.
    NoColon,
    /// No value behind a colon.
    NoValue,
    /// No comma between two entries.
    NoComma,
    /// A comma that parts nothing.
    Comma,
    /// A colon that parts nothing.
    Colon,
    /// A closing brace or bracket without an opening one.
    Closes(char),
    /// An opening brace or bracket without a closing one, which follows.
    OpenBrace(char, char),
    /// More than one value.
    Several,
    /// Braces within braces within braces.
    Nested,
    /// Anything else, in the parser's words.
    Other(String),
}
