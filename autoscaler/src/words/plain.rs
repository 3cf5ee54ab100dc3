//! Words of strangers in our sentences: a process' name, a broker's error, a path. None of them may drive the terminal of who
//! reads them, or write lines of its own.

/// Whether a character drives a terminal: control characters, and marks that turn the direction of writing.
pub(crate) fn drives_terminal(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The sentence with each character that drives a terminal replaced. Ends of lines and tabs stay: our own texts have them.
pub(crate) fn plain(sentence: String) -> String {
    let drives = |c: char| drives_terminal(c) && c != '\n' && c != '\t';
    if sentence.contains(drives) {
        return sentence.replace(drives, "\u{fffd}");
    }
    sentence
}

#[cfg(test)]
mod tests {
    use crate::model::{Language, Refusal};
    use crate::words::refused;

    #[test]
    fn a_name_cannot_drive_the_terminal() {
        let named = Refusal::WouldStop {
            pid: 7,
            command: "\u{1b}[2Jpython\r\u{7}".to_owned(),
        };
        for language in [Language::En, Language::Es] {
            let told = refused(language, &named);
            assert!(told.contains("\u{fffd}[2Jpython\u{fffd}\u{fffd}"), "{told:?}");
        }
    }
}
