//! Draws a model. Nothing here reads the host or a key.

mod chart;
mod detail;
mod footer;
mod header;
mod help;
mod layout;
mod menu;
mod project;
mod projects;
mod table;
mod theme;
mod told;

pub use layout::Regions;
pub use theme::Theme;

use ratatui::Frame;

use super::model::Model;
use super::screen::{Screen, ScreenMode};

/// Draws the whole screen. `model` is the live one: while the picture is held, the held one is drawn.
pub fn draw(frame: &mut Frame<'_>, live: &Model, screen: &Screen, theme: Theme) {
    let model = screen.shown(live);
    let regions = Regions::of(frame.area(), model.projects.len());
    header::draw(frame, regions.header, model, screen, theme);
    if let ScreenMode::Detail(id) = screen.mode {
        detail::draw(frame, regions.body(), model, id, screen, theme);
    } else {
        projects::draw(frame, regions.projects, model, screen, theme);
        table::draw(frame, regions.table, model, screen, theme);
    }
    match screen.mode {
        ScreenMode::Help => help::draw(frame, regions.body()),
        ScreenMode::SortMenu(marked) => menu::draw(frame, regions.body(), marked),
        _ => {}
    }
    footer::draw(frame, regions.footer, live, screen, theme);
}

#[cfg(test)]
mod tests;
