//! The terminal, taken and given back whatever happens.

use std::io::{self, Stdout, stdout};
use std::panic;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::sys::signal::{Signal, raise};
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::Show;
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::layout::Rect;
use ratatui::{Frame, Terminal};

use super::whole_frames::WholeFrames;

/// Whether the terminal is ours now. Leaving the alternate screen twice would put the cursor back over what was
/// written in between, such as the message of a panic.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// The terminal in raw mode on its alternate screen. Given back when dropped and, before the message is
/// written, when any thread panics.
pub(super) struct Screenful {
    terminal: Terminal<CrosstermBackend<WholeFrames<Stdout>>>,
}

impl Screenful {
    pub(super) fn take() -> io::Result<Self> {
        give_back_on_panic();
        take()?;
        let backend = CrosstermBackend::new(WholeFrames::new(stdout()));
        Ok(Self {
            terminal: Terminal::new(backend).inspect_err(|_| give_back())?,
        })
    }

    pub(super) fn area(&self) -> io::Result<Rect> {
        self.terminal.size().map(Rect::from)
    }

    /// Draws a frame; none when another thread has panicked and the terminal is ours no more.
    pub(super) fn draw(&mut self, render: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        if TAKEN.load(Ordering::SeqCst) {
            self.terminal.draw(render)?;
        }
        Ok(())
    }

    /// Makes the next frame draw every cell. Asks the terminal nothing: its answer would be among the keys.
    pub(super) fn clear(&mut self) -> io::Result<()> {
        let area = self.area()?;
        self.terminal.resize(area)
    }

    /// Gives the terminal to the shell, stops, and takes it again when the shell lets the program go on.
    pub(super) fn suspend(&mut self) -> io::Result<()> {
        give_back();
        // SIGTSTP is caught to get here: SIGSTOP does what it would have done.
        raise(Signal::SIGSTOP)?;
        take()?;
        self.clear()
    }
}

impl Drop for Screenful {
    fn drop(&mut self) {
        give_back();
    }
}

fn take() -> io::Result<()> {
    enable_raw_mode()?;
    TAKEN.store(true, Ordering::SeqCst);
    execute!(stdout(), EnterAlternateScreen).inspect_err(|_| give_back())
}

/// What cannot be given back any more was taken away together with the terminal: there is nothing left to do.
fn give_back() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        let _ = disable_raw_mode();
        let _ = execute!(stdout(), LeaveAlternateScreen, Show);
    }
}

fn give_back_on_panic() {
    static HOOKED: Once = Once::new();
    HOOKED.call_once(|| {
        let report = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            give_back();
            report(info);
        }));
    });
}
