//! Frames that reach the terminal whole: never half of one picture and half of the next.

use std::io::{self, Write};

use ratatui::crossterm::queue;
use ratatui::crossterm::terminal::{BeginSynchronizedUpdate, EndSynchronizedUpdate};

/// Keeps what is written until it is flushed, and then hands it on in one write, marked as a synchronized update:
/// terminals that know the mark show nothing of it before they have it all, the others pass over the mark.
///
/// [`io::Stdout`] alone hands on every 1024 bytes, which is several times a frame. What is never flushed, such as the
/// beginning of a frame in which the program panicked, is never seen: it would stand below the panic's message.
pub(super) struct WholeFrames<W> {
    to: W,
    frame: Vec<u8>,
}

impl<W> WholeFrames<W> {
    pub(super) fn new(to: W) -> Self {
        Self {
            to,
            frame: Vec::new(),
        }
    }
}

impl<W: Write> Write for WholeFrames<W> {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        self.frame.extend_from_slice(part);
        Ok(part.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.frame.is_empty() {
            return Ok(());
        }
        let mut whole = Vec::new();
        queue!(whole, BeginSynchronizedUpdate)?;
        whole.append(&mut self.frame);
        queue!(whole, EndSynchronizedUpdate)?;
        self.to.write_all(&whole)?;
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each write that arrives.
    #[derive(Default)]
    struct Writes(Vec<String>);

    impl Write for &mut Writes {
        fn write(&mut self, part: &[u8]) -> io::Result<usize> {
            self.0.push(String::from_utf8_lossy(part).into_owned());
            Ok(part.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_frame_is_one_write_between_its_marks() {
        let mut writes = Writes::default();
        let mut frames = WholeFrames::new(&mut writes);
        let cells = "x".repeat(5000);
        for part in ["one ", &cells, " end"] {
            frames.write_all(part.as_bytes()).unwrap();
        }
        frames.flush().unwrap();
        // The terminal library flushes more than once a frame.
        frames.flush().unwrap();
        frames.write_all(b"two").unwrap();
        frames.flush().unwrap();
        assert_eq!(
            writes.0,
            [
                format!("\x1b[?2026hone {cells} end\x1b[?2026l"),
                "\x1b[?2026htwo\x1b[?2026l".to_owned()
            ]
        );
    }

    #[test]
    fn what_was_not_flushed_is_never_seen() {
        let mut writes = Writes::default();
        let mut frames = WholeFrames::new(&mut writes);
        frames.write_all(b"the beginning of a frame").unwrap();
        drop(frames);
        assert!(writes.0.is_empty(), "{:?}", writes.0);
    }
}
