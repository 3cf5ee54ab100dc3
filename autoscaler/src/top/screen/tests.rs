use std::time::Duration;

use ratatui::crossterm::event::{KeyCode, KeyEvent};

use super::*;
use crate::top::fixture::{HOST, model, sample};
use crate::top::model::{Model, SortKey, Unit};

fn screen(model: &Model, page: usize) -> Screen {
    let mut screen = Screen::new(SortKey::Cpu, false, None, Duration::from_secs(1));
    screen.settle(model, page);
    screen
}

/// Types keys: what they mean depends on what is open, as at a terminal.
fn type_keys(screen: &mut Screen, model: &Model, keys: &str) {
    for c in keys.chars() {
        let code = match c {
            '\n' => KeyCode::Enter,
            '\u{1b}' => KeyCode::Esc,
            '\u{8}' => KeyCode::Backspace,
            c => KeyCode::Char(c),
        };
        let action = action_for(KeyEvent::from(code), &screen.mode);
        screen.apply(action.expect("a key that means something"), model);
        screen.settle(model, screen.page);
    }
}

fn selected(screen: &Screen, model: &Model) -> String {
    match screen.selected {
        Some(Target::Cgroup(id)) => model.entry(id).unwrap().name.clone(),
        other => format!("{other:?}"),
    }
}

#[test]
fn moves_and_stops_at_the_ends() {
    let model = model(HOST, 1);
    let mut screen = screen(&model, 10);
    type_keys(&mut screen, &model, "k");
    assert_eq!(selected(&screen, &model), "/");
    type_keys(&mut screen, &model, "jj");
    assert_eq!(selected(&screen, &model), "web.service");
    type_keys(&mut screen, &model, "G");
    assert_eq!(selected(&screen, &model), "session-1.scope");
    type_keys(&mut screen, &model, "jg");
    assert_eq!(selected(&screen, &model), "/");
}

#[test]
fn scrolls_so_that_the_selected_row_is_seen() {
    let model = model(HOST, 1);
    let mut screen = screen(&model, 2);
    type_keys(&mut screen, &model, "G");
    assert_eq!(screen.offset, 4);
    type_keys(&mut screen, &model, "kk");
    assert_eq!(screen.offset, 3);
    // A larger terminal shows what there is.
    screen.settle(&model, 50);
    assert_eq!(screen.offset, 0);
}

#[test]
fn folds_and_goes_to_the_parent_when_there_is_nothing_to_fold() {
    let model = model(HOST, 1);
    let mut screen = screen(&model, 10);
    type_keys(&mut screen, &model, "jjh");
    assert_eq!(selected(&screen, &model), "system.slice");
    type_keys(&mut screen, &model, "h");
    assert_eq!(screen.arrangement.rows(&model).len(), 4);
    type_keys(&mut screen, &model, "h");
    assert_eq!(selected(&screen, &model), "/");
    type_keys(&mut screen, &model, "[");
    assert_eq!(screen.arrangement.rows(&model).len(), 3);
    type_keys(&mut screen, &model, "]");
    assert_eq!(screen.arrangement.rows(&model).len(), 6);
}

#[test]
fn search_goes_to_matches_and_unfolds_what_hides_them() {
    let model = model(HOST, 1);
    let mut screen = screen(&model, 10);
    type_keys(&mut screen, &model, "[/service");
    assert_eq!(selected(&screen, &model), "web.service");
    type_keys(&mut screen, &model, "\nn");
    assert_eq!(selected(&screen, &model), "db.service");
    type_keys(&mut screen, &model, "n");
    assert_eq!(selected(&screen, &model), "web.service");
    type_keys(&mut screen, &model, "N");
    assert_eq!(selected(&screen, &model), "db.service");
    assert_eq!(screen.arrangement.sort, SortKey::Cpu);
}

#[test]
fn n_sorts_by_name_when_nothing_is_looked_for() {
    let model = model(HOST, 1);
    let mut screen = screen(&model, 10);
    type_keys(&mut screen, &model, "N");
    assert_eq!(screen.arrangement.sort, SortKey::Name);
}

#[test]
fn a_filter_can_be_typed_corrected_and_dropped() {
    let model = model(HOST, 1);
    let mut screen = screen(&model, 10);
    type_keys(&mut screen, &model, "fwx");
    assert_eq!(screen.arrangement.rows(&model).len(), 0);
    type_keys(&mut screen, &model, "\u{8}eb\n");
    assert_eq!(screen.arrangement.rows(&model).len(), 3);
    type_keys(&mut screen, &model, "\u{1b}");
    assert_eq!(screen.arrangement.rows(&model).len(), 6);
}

#[test]
fn the_menu_sorts() {
    let model = model(HOST, 1);
    let mut screen = screen(&model, 10);
    type_keys(&mut screen, &model, "sj\n");
    assert_eq!(screen.arrangement.sort, SortKey::Wait);
    assert_eq!(screen.mode, ScreenMode::Table);
    type_keys(&mut screen, &model, "rM");
    assert_eq!(screen.arrangement.sort, SortKey::Memory);
    assert!(
        !screen.arrangement.reversed,
        "a new order starts with the largest"
    );
}

#[test]
fn a_held_picture_stays_while_collecting_goes_on() {
    let mut model = model(HOST, 1);
    let mut screen = screen(&model, 10);
    type_keys(&mut screen, &model, "p");
    model.apply(sample(HOST, 2));
    assert_eq!(screen.shown(&model).samples, 2);
    assert_eq!(model.samples, 3);
    type_keys(&mut screen, &model, "p");
    assert_eq!(screen.shown(&model).entry(4).unwrap().trail.points().len(), 2);
}

#[test]
fn what_is_open_gets_the_attention_and_closes_when_it_goes() {
    let mut model = model(HOST, 1);
    let mut screen = screen(&model, 2);
    let attention = screen.attention(&model);
    assert_eq!(attention.details.map(|details| details.len()), Some(2));
    assert_eq!(attention.focus, None);
    type_keys(&mut screen, &model, "jj\n");
    assert_eq!(screen.attention(&model).focus, Some(4));
    model.apply(sample(&HOST[..2], 2));
    screen.settle(&model, 2);
    assert_eq!(screen.mode, ScreenMode::Table);
}

#[test]
fn the_place_stays_selected_when_its_cgroup_goes() {
    let mut model = model(HOST, 1);
    let mut screen = screen(&model, 10);
    type_keys(&mut screen, &model, "G");
    model.apply(sample(&HOST[..5], 2));
    screen.settle(&model, 10);
    assert_eq!(selected(&screen, &model), "user.slice");
    model.apply(sample(&[], 3));
    screen.settle(&model, 10);
    assert_eq!(screen.selected, None);
}

#[test]
fn units_intervals_and_help() {
    let model = model(HOST, 1);
    let mut screen = screen(&model, 10);
    type_keys(&mut screen, &model, "%");
    assert_eq!(screen.unit, Unit::Host);
    type_keys(&mut screen, &model, "%%");
    assert_eq!(screen.unit, Unit::OneCpu);
    type_keys(&mut screen, &model, "++-");
    assert_eq!(screen.interval, Duration::from_secs(2));
    type_keys(&mut screen, &model, "?");
    assert_eq!(screen.mode, ScreenMode::Help);
    type_keys(&mut screen, &model, "\u{1b}q");
    assert!(screen.quit);
}

#[test]
fn levels_below_the_asked_depth_start_folded() {
    let model = model(HOST, 1);
    let mut screen = Screen::new(SortKey::Cpu, false, Some(1), Duration::from_secs(1));
    screen.settle(&model, 10);
    assert_eq!(screen.arrangement.rows(&model).len(), 3);
}
