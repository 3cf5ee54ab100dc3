//! The menu of orders.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Text};
use ratatui::widgets::{Block, Clear, Paragraph};

use super::Theme;
use crate::top::model::{SortKey, text};

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, marked: usize) {
    let lines: Vec<Line<'_>> = SortKey::ALL
        .iter()
        .enumerate()
        .map(|(number, key)| {
            let line = Line::raw(text::fit(&format!(" {}", key.title()), 22));
            if number == marked {
                line.style(Theme::selected())
            } else {
                line
            }
        })
        .collect();
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2);
    let place = centered(area, 24, height);
    frame.render_widget(Clear, place);
    frame.render_widget(
        Paragraph::new(Text::from(lines)).block(Block::bordered().title(" sort by ")),
        place,
    );
}

/// A part of `area` of at most this size, in its middle.
pub(super) fn centered(area: Rect, width: u16, height: u16) -> Rect {
    let (width, height) = (width.min(area.width), height.min(area.height));
    Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    }
}
