//! The terminal, taken and given back whatever happens.

use std::io;

use nix::sys::signal::{Signal, raise};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{EnterAlternateScreen, enable_raw_mode};
use ratatui::layout::Rect;
use ratatui::{DefaultTerminal, Frame};

/// The terminal in raw mode on its alternate screen. Given back when dropped and, before the message is
/// written, when any thread panics.
pub(super) struct Screenful {
    terminal: DefaultTerminal,
}

impl Screenful {
    pub(super) fn take() -> io::Result<Self> {
        ratatui::try_init().map(|terminal| Self { terminal })
    }

    pub(super) fn area(&self) -> io::Result<Rect> {
        self.terminal.size().map(Rect::from)
    }

    pub(super) fn draw(&mut self, render: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        self.terminal.draw(render).map(|_| ())
    }

    /// Makes the next frame draw every cell.
    pub(super) fn clear(&mut self) -> io::Result<()> {
        self.terminal.clear()
    }

    /// Gives the terminal to the shell, stops, and takes it again when the shell lets the program go on.
    pub(super) fn suspend(&mut self) -> io::Result<()> {
        self.terminal.show_cursor()?;
        ratatui::try_restore()?;
        // SIGTSTP is caught to get here: SIGSTOP does what it would have done.
        raise(Signal::SIGSTOP)?;
        enable_raw_mode()?;
        execute!(io::stdout(), EnterAlternateScreen)?;
        self.terminal.hide_cursor()?;
        self.terminal.clear()
    }
}

impl Drop for Screenful {
    fn drop(&mut self) {
        // A terminal that is gone needs nothing any more.
        let _ = self.terminal.show_cursor();
        let _ = ratatui::try_restore();
    }
}
