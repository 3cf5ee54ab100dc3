//! The program at a terminal: samples, keys and signals come in, frames go out.

mod event;
mod sampling;
mod terminal;
mod whole_frames;

use anyhow::{Context as _, Result};
use ratatui::crossterm::event::{Event as Input, KeyEventKind};

use self::event::{Event, Events};
pub use self::sampling::OpenSource;
use self::sampling::{Orders, Sampling};
use self::terminal::Screenful;
use super::model::Model;
use super::sample::Sampler;
use super::screen::{Screen, action_for};
use super::view::{self, Regions, Theme};
use crate::model::Language;
use crate::words;

/// Runs until the person leaves or a signal ends it. `open` is called once the names are on the screen.
///
/// # Errors
/// When the terminal cannot be used, or no sample could ever be taken.
pub fn run(sampler: Sampler, open: OpenSource, mut screen: Screen) -> Result<()> {
    let theme = Theme::from_environment();
    let mut model = Model::default();
    let events = Events::listen().context("cannot listen for signals")?;
    let mut terminal = Screenful::take().context("cannot set up the terminal")?;
    let sampling = Sampling::start(sampler, open, Orders::of(&screen, &model), events.sender());
    while !screen.quit {
        for event in events.wait() {
            take(event, &mut model, &mut screen)?;
        }
        if std::mem::take(&mut screen.suspend) {
            terminal.suspend()?;
        }
        if std::mem::take(&mut screen.redraw) {
            terminal.clear()?;
        }
        let regions = Regions::of(terminal.area()?, screen.shown(&model).projects.len());
        screen.settle(&model, regions.page());
        sampling.order(Orders::of(&screen, &model));
        terminal.draw(|frame| view::draw(frame, &model, &screen, theme))?;
    }
    Ok(())
}

fn take(event: Event, model: &mut Model, screen: &mut Screen) -> Result<()> {
    match event {
        Event::Sample(sample) => model.apply(*sample),
        Event::SampleFailed(error) if model.samples == 0 => return Err(error),
        Event::SampleFailed(error) => {
            model.troubles = vec![words::usage_fault(Language::En, &error.into())];
        }
        Event::SamplingEnded => anyhow::bail!("sampling has stopped: this is a bug in autoscaler top"),
        Event::Input(Input::Key(key)) if key.kind != KeyEventKind::Release => {
            if let Some(action) = action_for(key, &screen.mode) {
                screen.apply(action, model);
            }
        }
        // A resize needs no more than the frame that is drawn after every event.
        Event::Input(_) => {}
        Event::Leave => screen.quit = true,
        Event::Suspend => screen.suspend = true,
        Event::Resumed => screen.redraw = true,
    }
    Ok(())
}
