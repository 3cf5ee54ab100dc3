//! All that can happen, in one queue.

use std::io;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use ratatui::crossterm::event as input;
use signal_hook::consts::signal::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
use signal_hook::iterator::Signals;

use crate::top::sample::Sample;

/// One thing that happened.
#[derive(Debug)]
pub(super) enum Event {
    /// A sample was taken.
    Sample(Box<Sample>),
    /// It could not be taken; the next one will be tried.
    SampleFailed(anyhow::Error),
    /// No more samples will come.
    SamplingEnded,
    /// A key, or another size of the terminal.
    Input(input::Event),
    /// A signal asks to leave, or the terminal is gone.
    Leave,
    /// A signal asks to stop for a while.
    Suspend,
    /// The program was stopped and goes on.
    Resumed,
}

/// The queue.
pub(super) struct Events {
    sender: Sender<Event>,
    queue: Receiver<Event>,
}

impl Events {
    /// Starts to listen to the terminal and to signals.
    pub(super) fn listen() -> io::Result<Self> {
        let (sender, queue) = mpsc::channel();
        let mut signals = Signals::new([SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT])?;
        let to_signals = sender.clone();
        thread::Builder::new().name("signals".into()).spawn(move || {
            for signal in &mut signals {
                let event = match signal {
                    SIGTSTP => Event::Suspend,
                    SIGCONT => Event::Resumed,
                    _ => Event::Leave,
                };
                if to_signals.send(event).is_err() {
                    return;
                }
            }
        })?;
        let to_keys = sender.clone();
        thread::Builder::new().name("keys".into()).spawn(move || {
            while let Ok(event) = input::read() {
                if to_keys.send(Event::Input(event)).is_err() {
                    return;
                }
            }
            // The terminal is gone; when the queue is gone too, so is the program.
            let _ = to_keys.send(Event::Leave);
        })?;
        Ok(Self { sender, queue })
    }

    /// A way into the queue.
    pub(super) fn sender(&self) -> Sender<Event> {
        self.sender.clone()
    }

    /// Waits for something to happen; all that has happened by then, so that a burst costs one frame.
    pub(super) fn wait(&self) -> impl Iterator<Item = Event> + '_ {
        self.queue.recv().into_iter().chain(self.queue.try_iter())
    }
}
