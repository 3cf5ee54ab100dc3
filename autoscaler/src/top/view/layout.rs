//! Which part of the screen shows what. On a small terminal the table comes before all else.

use ratatui::layout::{Constraint, Layout, Rect};

/// The parts of the screen from top to bottom; those that do not fit have no height.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Regions {
    /// The host as a whole: one line.
    pub header: Rect,
    /// The projects: a heading and a line each.
    pub projects: Rect,
    /// The tree: a heading and its rows.
    pub table: Rect,
    /// Cost, source and keys: two lines.
    pub footer: Rect,
}

impl Regions {
    /// Divides `area` for that many projects.
    #[must_use]
    pub fn of(area: Rect, projects: usize) -> Self {
        let header = u16::from(area.height >= 5);
        let footer = match area.height {
            0..4 => 0,
            4..8 => 1,
            _ => 2,
        };
        let free = area.height.saturating_sub(header + footer);
        let wanted = match u16::try_from(projects).unwrap_or(u16::MAX) {
            0 => 0,
            // Its heading, and an empty line after.
            lines => lines.saturating_add(2),
        };
        let projects = if free >= 6 { wanted.min(free / 2) } else { 0 };
        let [header, projects, table, footer] = Layout::vertical([
            Constraint::Length(header),
            Constraint::Length(projects),
            Constraint::Fill(1),
            Constraint::Length(footer),
        ])
        .areas(area);
        Self {
            header,
            projects,
            table,
            footer,
        }
    }

    /// Rows of the tree that fit below the heading.
    #[must_use]
    pub fn page(&self) -> usize {
        usize::from(self.table.height.saturating_sub(1))
    }

    /// Everything between header and footer.
    #[must_use]
    pub fn body(&self) -> Rect {
        self.projects.union(self.table)
    }
}
