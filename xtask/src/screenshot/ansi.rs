//! Text with escape sequences for colours, as tmux captures it (ECMA-48, "SGR").

/// How a run of characters looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is an attribute that a terminal sets and clears by itself"
)]
pub(super) struct Look {
    /// One of the terminal's sixteen colours; `None` is its usual one.
    pub(super) colour: Option<u8>,
    pub(super) bold: bool,
    pub(super) faint: bool,
    pub(super) underlined: bool,
    pub(super) reversed: bool,
}

/// Characters of one look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) text: String,
    pub(super) look: Look,
}

/// Each line as its runs.
pub(super) fn parse(captured: &str) -> Vec<Vec<Run>> {
    let mut look = Look::default();
    captured.lines().map(|line| parse_line(line, &mut look)).collect()
}

fn parse_line(line: &str, look: &mut Look) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut pieces = line.split("\u{1b}[");
    let mut push = |text: &str, look: Look| {
        if !text.is_empty() {
            runs.push(Run {
                text: text.to_owned(),
                look,
            });
        }
    };
    push(pieces.next().unwrap_or_default(), *look);
    for piece in pieces {
        let Some((codes, text)) = piece.split_once('m') else {
            continue;
        };
        look.apply_all(codes);
        push(text, *look);
    }
    runs
}

impl Look {
    fn apply_all(&mut self, codes: &str) {
        let mut codes = codes
            .split([';', ':'])
            .map(|code| code.parse::<u8>().unwrap_or(0));
        while let Some(code) = codes.next() {
            match code {
                // A colour by its number among 256: of those, the first sixteen are the terminal's own.
                38 if codes.next() == Some(5) => self.colour = codes.next().filter(|colour| *colour < 16),
                48 | 58 if codes.next() == Some(5) => drop(codes.next()),
                code => self.apply(code),
            }
        }
    }

    fn apply(&mut self, code: u8) {
        match code {
            0 => *self = Self::default(),
            1 => self.bold = true,
            2 => self.faint = true,
            4 => self.underlined = true,
            7 => self.reversed = true,
            22 => (self.bold, self.faint) = (false, false),
            24 => self.underlined = false,
            27 => self.reversed = false,
            30..=37 => self.colour = Some(code - 30),
            90..=97 => self.colour = Some(code - 90 + 8),
            39 => self.colour = None,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_last_until_they_are_changed() {
        let lines = parse("a\u{1b}[1;34mb\u{1b}[0mc\n\u{1b}[7md\u{1b}[27;91me");
        let look = |line: usize, run: usize| lines[line][run].look;
        assert_eq!(lines[0].len(), 3);
        assert_eq!(look(0, 0), Look::default());
        assert_eq!((look(0, 1).bold, look(0, 1).colour), (true, Some(4)));
        assert_eq!(look(0, 2), Look::default());
        assert!(look(1, 0).reversed);
        assert_eq!((look(1, 1).reversed, look(1, 1).colour), (false, Some(9)));

        let numbered = parse("\u{1b}[1;38;5;4;48;5;7mx").remove(0).remove(0).look;
        assert_eq!((numbered.colour, numbered.bold), (Some(4), true));
        assert!(!numbered.underlined && !numbered.reversed);
    }
}
