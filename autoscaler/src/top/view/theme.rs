//! Colours. Only the terminal's own sixteen, and none that is faint on a light or on a dark background;
//! nothing is told by colour alone.

use std::ffi::OsStr;

use ratatui::style::{Color, Modifier, Style};

/// How things look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    coloured: bool,
}

impl Theme {
    /// With or without colour.
    #[must_use]
    pub fn new(coloured: bool) -> Self {
        Self { coloured }
    }

    /// Without colour when `NO_COLOR` is set to anything (no-color.org) or the terminal is `dumb`.
    #[must_use]
    pub fn from_environment() -> Self {
        let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == OsStr::new("dumb"));
        Self::new(!is_set("NO_COLOR") && !dumb)
    }

    pub(super) fn strong() -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    pub(super) fn faint() -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    pub(super) fn heading(self) -> Style {
        self.foreground(Color::Cyan).add_modifier(Modifier::BOLD)
    }

    pub(super) fn selected() -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    pub(super) fn found(self) -> Style {
        self.foreground(Color::Magenta)
            .add_modifier(Modifier::BOLD | Modifier::UNDERLINED)
    }

    /// On-CPU time, in bars, charts and sparklines.
    pub(super) fn cpu(self) -> Style {
        self.foreground(Color::Blue)
    }

    /// Run-queue wait, in charts.
    pub(super) fn wait(self) -> Style {
        self.foreground(Color::Magenta)
    }

    /// Something that a person should look at.
    pub(super) fn alarm(self) -> Style {
        self.foreground(Color::Red).add_modifier(Modifier::BOLD)
    }

    /// The marks of thresholds.
    pub(super) fn mark(self) -> Style {
        self.foreground(Color::Red)
    }

    fn foreground(self, colour: Color) -> Style {
        if self.coloured {
            Style::new().fg(colour)
        } else {
            Style::new()
        }
    }
}
