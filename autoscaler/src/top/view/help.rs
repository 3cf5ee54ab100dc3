//! The keys and the columns, over the table.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Block, Clear, Paragraph};

use super::Theme;
use super::menu::centered;
use crate::top::model::text;
use crate::top::screen::KEYS;

const COLUMNS: &[(&str, &str)] = &[
    ("CPU%", "of one CPU: 200 is two CPUs"),
    ("WAIT", "ms per second that tasks stood in the run queue"),
    ("WAIT%", "of the time tasks wanted a CPU, the share they waited"),
    ("THROT", "ms per second held back by cpu.max"),
    ("PRES%", "of the last 10 s, the share in which some task waited"),
    ("REQ/S", "requests answered in a second (--requests)"),
    ("BUSY", "requests served at a time, in the mean"),
    ("WAITING", "requests that wait for a worker now"),
    ("P95", "the wait that 95 of 100 requests do not exceed"),
];

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect) {
    let mut lines = Vec::new();
    let pair = |left: &str, right: &str| {
        Line::from(vec![
            Span::styled(text::fit(left, 24), Theme::strong()),
            Span::raw(right.to_owned()),
        ])
    };
    for key in KEYS {
        lines.push(pair(key.keys, key.what));
    }
    lines.push(Line::default());
    for (title, meaning) in COLUMNS {
        lines.push(pair(title, meaning));
    }
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2);
    let place = centered(area, 80, height);
    frame.render_widget(Clear, place);
    frame.render_widget(
        Paragraph::new(Text::from(lines)).block(Block::bordered().title(" keys and columns ")),
        place,
    );
}
