//! The state of the screen and what each action does to it.

use std::collections::HashSet;
use std::time::Duration;

use super::Action;
use crate::host::usage::CgroupId;
use crate::top::model::{Arrangement, Model, Row, SortKey, Unit};
use crate::top::sample::Attention;

/// What is on the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScreenMode {
    /// The tree, and the projects above it.
    Table,
    /// One cgroup looked at closely.
    Detail(CgroupId),
    /// The keys.
    Help,
    /// The menu of orders, with the line that is marked.
    SortMenu(usize),
    /// A text is being typed.
    Prompt(Prompt),
}

/// What a text is typed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prompt {
    /// To go to the next row that contains it.
    Search,
    /// To show only rows that contain it.
    Filter,
}

/// Something that can be selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// A project, by its number.
    Project(usize),
    /// A cgroup of the tree.
    Cgroup(CgroupId),
}

/// The state of the screen.
#[derive(Debug)]
pub struct Screen {
    /// Order, folding and filter of the tree.
    pub arrangement: Arrangement,
    /// What is on the screen.
    pub mode: ScreenMode,
    /// How CPU is shown.
    pub unit: Unit,
    /// The row that is selected.
    pub selected: Option<Target>,
    /// Rows of the tree above the first one shown.
    pub offset: usize,
    /// Rows of the tree that fit the screen.
    pub page: usize,
    /// Processes above the first one shown.
    pub process_offset: usize,
    /// The text that is looked for.
    pub search: String,
    /// The interval asked for.
    pub interval: Duration,
    /// The picture that is held while collecting goes on.
    pub frozen: Option<Box<Model>>,
    /// Set when it is time to leave.
    pub quit: bool,
    /// Set when the shell shall have the terminal for a while.
    pub suspend: bool,
    /// Set when the terminal's content cannot be trusted any more.
    pub redraw: bool,
    fold_below: Option<usize>,
    selected_row: usize,
}

/// The intervals that `+` and `-` step through, ms.
const INTERVALS: [u64; 9] = [100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000];

impl Screen {
    /// The screen as it starts: sorted by `sort`, folded below `fold_below` levels where that is given.
    #[must_use]
    pub fn new(sort: SortKey, reversed: bool, fold_below: Option<usize>, interval: Duration) -> Self {
        Self {
            arrangement: Arrangement {
                sort,
                reversed,
                ..Arrangement::default()
            },
            mode: ScreenMode::Table,
            unit: Unit::default(),
            selected: None,
            offset: 0,
            page: 1,
            process_offset: 0,
            search: String::new(),
            interval,
            frozen: None,
            quit: false,
            suspend: false,
            redraw: false,
            fold_below,
            selected_row: 0,
        }
    }

    /// The model to draw: the held one while paused.
    #[must_use]
    pub fn shown<'a>(&'a self, live: &'a Model) -> &'a Model {
        self.frozen.as_deref().unwrap_or(live)
    }

    /// What deserves a close look in the next pass.
    #[must_use]
    pub fn attention(&self, model: &Model) -> Attention {
        let rows = self.arrangement.rows(model);
        let mut details: HashSet<CgroupId> = rows
            .iter()
            .skip(self.offset)
            .take(self.page)
            .map(|row| row.entry.id)
            .collect();
        details.extend(model.projects.iter().filter_map(|project| project.cgroup));
        let focus = match self.mode {
            ScreenMode::Detail(id) => Some(id),
            _ => None,
        };
        details.extend(focus);
        Attention {
            details: Some(details),
            focus,
        }
    }

    /// Brings selection and scrolling in line with the rows there are and with the `page` rows that fit.
    pub fn settle(&mut self, model: &Model, page: usize) {
        if let Some(depth) = self.fold_below
            && model.samples > 0
        {
            self.fold_below = None;
            self.arrangement.folded = model
                .entries()
                .filter(|entry| model.depth(entry) >= depth)
                .map(|entry| entry.id)
                .collect();
        }
        self.page = page.max(1);
        let rows = self.arrangement.rows(model);
        let targets = targets(model, &rows);
        let found = self
            .selected
            .and_then(|selected| targets.iter().position(|target| *target == selected));
        // Where the selected one has gone, its place stays selected.
        self.selected_row = found.unwrap_or(self.selected_row.min(targets.len().saturating_sub(1)));
        self.selected = targets.get(self.selected_row).copied();

        let row = self.selected_row.saturating_sub(model.projects.len());
        self.offset = self
            .offset
            .clamp((row + 1).saturating_sub(self.page), row)
            .min(rows.len().saturating_sub(self.page));
        let processes = model.focus.as_ref().map_or(0, |focus| focus.processes.len());
        self.process_offset = self.process_offset.min(processes.saturating_sub(1));
        if let ScreenMode::Detail(id) = self.mode
            && model.entry(id).is_none()
        {
            self.mode = ScreenMode::Table;
        }
    }

    /// Does what is asked.
    pub fn apply(&mut self, action: Action, live: &Model) {
        match action {
            Action::Quit => self.quit = true,
            Action::Suspend => self.suspend = true,
            Action::Redraw => self.redraw = true,
            Action::Pause => {
                self.frozen = match self.frozen {
                    Some(_) => None,
                    None => Some(Box::new(live.clone())),
                };
            }
            Action::Slower => self.step_interval(1),
            Action::Faster => self.step_interval(-1),
            Action::CycleUnit => {
                self.unit = match self.unit {
                    Unit::OneCpu => Unit::Host,
                    Unit::Host => Unit::Time,
                    Unit::Time => Unit::OneCpu,
                }
            }
            Action::Help => {
                self.mode = match self.mode {
                    ScreenMode::Help => ScreenMode::Table,
                    _ => ScreenMode::Help,
                }
            }
            Action::Sort(key) => self.sort_by(key),
            Action::Reverse => self.arrangement.reversed = !self.arrangement.reversed,
            _ => match self.mode {
                ScreenMode::Table => self.apply_to_table(action, live),
                ScreenMode::Detail(_) => self.apply_to_detail(action),
                ScreenMode::Help => self.mode = ScreenMode::Table,
                ScreenMode::SortMenu(marked) => self.apply_to_menu(action, marked),
                ScreenMode::Prompt(prompt) => self.apply_to_prompt(action, prompt, live),
            },
        }
    }

    fn apply_to_table(&mut self, action: Action, live: &Model) {
        match action {
            Action::Up => self.move_by(live, -1),
            Action::Down => self.move_by(live, 1),
            Action::PageUp => self.move_by(live, -self.page_step()),
            Action::PageDown => self.move_by(live, self.page_step()),
            Action::First => self.move_by(live, isize::MIN / 2),
            Action::Last => self.move_by(live, isize::MAX / 2),
            Action::Fold => self.fold(live),
            Action::Unfold => {
                if let Some(Target::Cgroup(id)) = self.selected {
                    self.arrangement.folded.remove(&id);
                }
            }
            Action::ToggleFold => {
                if let Some(Target::Cgroup(id)) = self.selected
                    && !self.arrangement.folded.remove(&id)
                {
                    self.arrangement.folded.insert(id);
                }
            }
            Action::FoldAll => {
                let model = self.shown(live);
                self.arrangement.folded = model
                    .entries()
                    .filter(|entry| entry.parent.is_some() && !entry.children.is_empty())
                    .map(|entry| entry.id)
                    .collect();
            }
            Action::UnfoldAll => self.arrangement.folded.clear(),
            Action::Open => self.open(live),
            Action::Back => {
                self.search.clear();
                self.arrangement.filter.clear();
            }
            Action::SortMenu => {
                let marked = SortKey::ALL.iter().position(|key| *key == self.arrangement.sort);
                self.mode = ScreenMode::SortMenu(marked.unwrap_or(0));
            }
            Action::Search => {
                self.search.clear();
                self.mode = ScreenMode::Prompt(Prompt::Search);
            }
            Action::Filter => self.mode = ScreenMode::Prompt(Prompt::Filter),
            Action::NextMatch => self.find(live, Direction::Down),
            Action::PreviousMatch if self.search.is_empty() => self.sort_by(SortKey::Name),
            Action::PreviousMatch => self.find(live, Direction::Up),
            _ => {}
        }
    }

    fn apply_to_detail(&mut self, action: Action) {
        let page = self.page;
        match action {
            Action::Up => self.process_offset = self.process_offset.saturating_sub(1),
            Action::Down => self.process_offset += 1,
            Action::PageUp => self.process_offset = self.process_offset.saturating_sub(page),
            Action::PageDown => self.process_offset += page,
            Action::First => self.process_offset = 0,
            Action::Back | Action::Fold | Action::Open => self.mode = ScreenMode::Table,
            _ => {}
        }
    }

    fn apply_to_menu(&mut self, action: Action, marked: usize) {
        let last = SortKey::ALL.len() - 1;
        match action {
            Action::Up => self.mode = ScreenMode::SortMenu(marked.saturating_sub(1)),
            Action::Down => self.mode = ScreenMode::SortMenu((marked + 1).min(last)),
            Action::First | Action::PageUp => self.mode = ScreenMode::SortMenu(0),
            Action::Last | Action::PageDown => self.mode = ScreenMode::SortMenu(last),
            Action::Open | Action::ToggleFold | Action::Unfold => {
                if let Some(key) = SortKey::ALL.get(marked) {
                    self.sort_by(*key);
                }
            }
            Action::Back | Action::SortMenu | Action::Fold => self.mode = ScreenMode::Table,
            _ => {}
        }
    }

    fn apply_to_prompt(&mut self, action: Action, prompt: Prompt, live: &Model) {
        let text = match prompt {
            Prompt::Search => &mut self.search,
            Prompt::Filter => &mut self.arrangement.filter,
        };
        match action {
            Action::Type(c) => text.push(c),
            Action::Erase => {
                text.pop();
            }
            Action::Accept => self.mode = ScreenMode::Table,
            Action::Back => {
                text.clear();
                self.mode = ScreenMode::Table;
            }
            Action::Up => return self.move_by(live, -1),
            Action::Down => return self.move_by(live, 1),
            _ => return,
        }
        if prompt == Prompt::Search && matches!(action, Action::Type(_)) {
            self.find(live, Direction::Here);
        }
    }

    fn sort_by(&mut self, key: SortKey) {
        if self.arrangement.sort != key {
            self.arrangement.sort = key;
            self.arrangement.reversed = false;
        }
        if matches!(self.mode, ScreenMode::SortMenu(_)) {
            self.mode = ScreenMode::Table;
        }
    }

    fn step_interval(&mut self, step: isize) {
        let now = u64::try_from(self.interval.as_millis()).unwrap_or(u64::MAX);
        let next = if step > 0 {
            INTERVALS.iter().find(|millis| **millis > now)
        } else {
            INTERVALS.iter().rev().find(|millis| **millis < now)
        };
        if let Some(millis) = next {
            self.interval = Duration::from_millis(*millis);
        }
    }

    fn page_step(&self) -> isize {
        isize::try_from(self.page).unwrap_or(1)
    }

    fn move_by(&mut self, live: &Model, by: isize) {
        let model = self.shown(live);
        let targets = targets(model, &self.arrangement.rows(model));
        self.selected_row = self
            .selected_row
            .saturating_add_signed(by)
            .min(targets.len().saturating_sub(1));
        self.selected = targets.get(self.selected_row).copied();
    }

    fn fold(&mut self, live: &Model) {
        let Some(Target::Cgroup(id)) = self.selected else {
            return;
        };
        let Some(entry) = self.shown(live).entry(id) else {
            return;
        };
        let (leaf, parent) = (entry.children.is_empty(), entry.parent);
        if (leaf || !self.arrangement.folded.insert(id))
            && let Some(parent) = parent
        {
            self.selected = Some(Target::Cgroup(parent));
        }
    }

    fn open(&mut self, live: &Model) {
        let id = match self.selected {
            Some(Target::Cgroup(id)) => Some(id),
            Some(Target::Project(number)) => self
                .shown(live)
                .projects
                .get(number)
                .and_then(|project| project.cgroup),
            None => None,
        };
        if let Some(id) = id {
            self.process_offset = 0;
            self.mode = ScreenMode::Detail(id);
        }
    }

    /// Selects a row that contains the text looked for; unfolds what hides it.
    fn find(&mut self, live: &Model, direction: Direction) {
        if self.search.is_empty() {
            return;
        }
        let model = self.shown(live);
        let everything = Arrangement {
            folded: HashSet::new(),
            ..self.arrangement.clone()
        };
        let rows = everything.rows(model);
        let count = rows.len();
        let start = match self.selected {
            Some(Target::Cgroup(id)) => rows.iter().position(|row| row.entry.id == id).unwrap_or(0),
            _ => 0,
        };
        let found = (0..count)
            .map(|step| match direction {
                Direction::Here => (start + step) % count,
                Direction::Down => (start + step + 1) % count,
                Direction::Up => (start + count - step + count - 1) % count,
            })
            .filter_map(|index| rows.get(index))
            .find(|row| Arrangement::matches(row.entry, &self.search))
            .map(|row| row.entry.id);
        let Some(id) = found else {
            return;
        };
        let above: Vec<CgroupId> = std::iter::successors(model.entry(id), |entry| model.entry(entry.parent?))
            .skip(1)
            .map(|entry| entry.id)
            .collect();
        for id in above {
            self.arrangement.folded.remove(&id);
        }
        self.selected = Some(Target::Cgroup(id));
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Here,
    Down,
    Up,
}

impl ScreenMode {
    /// Whether a text is being typed.
    #[must_use]
    pub fn is_prompt(&self) -> bool {
        matches!(self, Self::Prompt(_))
    }
}

fn targets(model: &Model, rows: &[Row<'_>]) -> Vec<Target> {
    (0..model.projects.len())
        .map(Target::Project)
        .chain(rows.iter().map(|row| Target::Cgroup(row.entry.id)))
        .collect()
}
