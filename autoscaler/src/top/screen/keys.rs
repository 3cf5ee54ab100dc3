//! The keys.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::action::Action;
use super::state::ScreenMode;
use crate::top::model::SortKey;

/// One line of the help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyHelp {
    /// The keys.
    pub keys: &'static str,
    /// What they do.
    pub what: &'static str,
}

const fn key(keys: &'static str, what: &'static str) -> KeyHelp {
    KeyHelp { keys, what }
}

/// The keys as the help lists them.
pub const KEYS: &[KeyHelp] = &[
    key("↑ ↓ j k  PgUp PgDn  g G", "move"),
    key("→ ←  l h  Space   ] [", "unfold, fold; all of them"),
    key("Enter  Esc", "open one cgroup: charts, processes, limits; back"),
    key("s  r", "choose the order; turn it around"),
    key("C W A X", "sort by CPU, wait, wait share, throttled time"),
    key("T M U N", "sort by tasks, memory, pressure, name"),
    key("%", "CPU of one CPU, of the host, time in all"),
    key("/  n N", "search; next, previous match (Esc ends it)"),
    key("f", "show only what contains a text (Esc shows all)"),
    key("p", "hold the picture; collecting goes on"),
    key("+ -", "longer, shorter interval"),
    key("^L  ^Z", "draw anew; suspend"),
    key("?  q", "this help; quit"),
];

/// What a key means in this mode; `None` when it means nothing.
#[must_use]
pub fn action_for(key: KeyEvent, mode: &ScreenMode) -> Option<Action> {
    if key.modifiers.contains(KeyModifiers::CONTROL) {
        return match key.code {
            KeyCode::Char('c') => Some(Action::Quit),
            KeyCode::Char('z') => Some(Action::Suspend),
            KeyCode::Char('l') => Some(Action::Redraw),
            KeyCode::Char('h') if mode.is_prompt() => Some(Action::Erase),
            KeyCode::Char('b' | 'u') => Some(Action::PageUp),
            KeyCode::Char('f' | 'd') => Some(Action::PageDown),
            _ => None,
        };
    }
    if mode.is_prompt() {
        return match key.code {
            KeyCode::Enter => Some(Action::Accept),
            KeyCode::Esc => Some(Action::Back),
            KeyCode::Backspace => Some(Action::Erase),
            KeyCode::Up => Some(Action::Up),
            KeyCode::Down => Some(Action::Down),
            KeyCode::Char(c) => Some(Action::Type(c)),
            _ => None,
        };
    }
    match key.code {
        KeyCode::Up => Some(Action::Up),
        KeyCode::Down => Some(Action::Down),
        KeyCode::PageUp => Some(Action::PageUp),
        KeyCode::PageDown => Some(Action::PageDown),
        KeyCode::Home => Some(Action::First),
        KeyCode::End => Some(Action::Last),
        KeyCode::Left => Some(Action::Fold),
        KeyCode::Right => Some(Action::Unfold),
        KeyCode::Enter => Some(Action::Open),
        KeyCode::Esc => Some(Action::Back),
        KeyCode::Char(c) => for_character(c),
        _ => None,
    }
}

fn for_character(c: char) -> Option<Action> {
    Some(match c {
        'q' => Action::Quit,
        'k' => Action::Up,
        'j' => Action::Down,
        'g' => Action::First,
        'G' => Action::Last,
        'h' => Action::Fold,
        'l' => Action::Unfold,
        ' ' => Action::ToggleFold,
        '[' => Action::FoldAll,
        ']' => Action::UnfoldAll,
        '?' => Action::Help,
        's' => Action::SortMenu,
        'C' | 'P' | 'c' => Action::Sort(SortKey::Cpu),
        'W' | 'w' => Action::Sort(SortKey::Wait),
        'A' => Action::Sort(SortKey::WaitShare),
        'X' => Action::Sort(SortKey::Throttled),
        'T' | 't' => Action::Sort(SortKey::Tasks),
        'M' | 'm' => Action::Sort(SortKey::Memory),
        'U' => Action::Sort(SortKey::Pressure),
        'r' | 'R' => Action::Reverse,
        '/' => Action::Search,
        'n' => Action::NextMatch,
        // With nothing looked for, `N` sorts by name: see `Screen::apply`.
        'N' => Action::PreviousMatch,
        'f' => Action::Filter,
        'p' => Action::Pause,
        '+' | '=' => Action::Slower,
        '-' => Action::Faster,
        '%' => Action::CycleUnit,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_text_while_a_prompt_is_open() {
        let q = KeyEvent::from(KeyCode::Char('q'));
        assert_eq!(action_for(q, &ScreenMode::Table), Some(Action::Quit));
        let search = ScreenMode::Prompt(super::super::Prompt::Search);
        assert_eq!(action_for(q, &search), Some(Action::Type('q')));
    }

    #[test]
    fn control_c_quits_everywhere() {
        let key = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        for mode in [
            ScreenMode::Table,
            ScreenMode::Help,
            ScreenMode::Prompt(super::super::Prompt::Filter),
        ] {
            assert_eq!(action_for(key, &mode), Some(Action::Quit));
        }
    }
}
