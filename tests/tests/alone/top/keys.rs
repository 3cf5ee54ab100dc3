//! What a person does with the keys.

use anyhow::Result;
use autoscaler_tests::tools::{Tool, require};
use autoscaler_tests::{Terminal, require_root_bpf};

use super::host::{Host, Row, SOON, is_sorted, names, table};

fn row(screen: &[String], name: &str) -> Row {
    let rows = table(screen).1;
    rows.into_iter()
        .find(|row| row.name == name)
        .unwrap_or_else(|| panic!("no row {name} in\n{}", screen.join("\n")))
}

#[test]
fn the_tree_is_in_order_and_shows_who_waits_on_small_and_large_screens() -> Result<()> {
    if !require_root_bpf() || !require(&[Tool::Python, Tool::Tmux]) {
        return Ok(());
    }
    let host = Host::start()?;
    for (columns, lines) in [(80, 24), (200, 50)] {
        let terminal = host.terminal(columns, lines)?;
        let screen = terminal.wait("the loads in order", SOON, |screen| is_sorted(screen, &host))?;
        let (heading, _) = table(&screen);
        assert_eq!(heading.get(..3).unwrap(), ["CPU%", "WAIT", "WAIT%"]);
        // Twice as many busy processes as CPUs: together they wait as long as they run, or longer.
        let pair = row(&screen, "pair");
        assert!(pair.figure(1).unwrap() > 500.0, "{pair:?}");
        assert!(pair.figure(2).unwrap() > 30.0, "{pair:?}");
        let idle = row(&screen, "idle");
        assert_eq!((idle.figure(0), idle.figure(1)), (Some(0.0), Some(0.0)));
        assert!(screen[0].contains("autoscaler top") && screen[0].contains("by CPU"));
        let footer = screen.join("\n");
        assert!(footer.contains("source eBPF"), "{footer}");
        assert!(footer.contains("own CPU"), "{footer}");
        assert!(
            screen
                .iter()
                .all(|line| line.chars().count() <= usize::from(columns))
        );
    }
    Ok(())
}

#[test]
fn folding_sorting_searching_filtering_pausing_and_opening() -> Result<()> {
    if !require_root_bpf() || !require(&[Tool::Python, Tool::Tmux]) {
        return Ok(());
    }
    let host = Host::start()?;
    let terminal = host.terminal(100, 30)?;
    terminal.wait("the loads in order", SOON, |screen| is_sorted(screen, &host))?;
    fold(&terminal)?;
    sort(&terminal)?;
    search_and_filter(&terminal)?;
    pause(&terminal)?;
    open(&terminal)?;
    help_and_sizes(&terminal)
}

fn fold(terminal: &Terminal) -> Result<()> {
    terminal.keys(&["Left"])?;
    terminal.wait("one folded row", SOON, |screen| names(screen).len() == 1)?;
    terminal.keys(&["Right"])?;
    terminal.wait("five rows", SOON, |screen| names(screen).len() == 5)?;
    Ok(())
}

fn sort(terminal: &Terminal) -> Result<()> {
    terminal.keys(&["s"])?;
    terminal.wait("the menu", SOON, |screen| {
        screen.iter().any(|line| line.contains("sort by"))
    })?;
    // The last line of the menu is the name.
    terminal.keys(&["End", "Enter"])?;
    let by_name = ["churn", "half", "idle", "pair"];
    terminal.wait("the rows by name", SOON, |screen| {
        names(screen).get(1..) == Some(&by_name.map(str::to_owned))
    })?;
    terminal.keys(&["r"])?;
    terminal.wait("the rows the other way around", SOON, |screen| {
        names(screen).get(1).map(String::as_str) == Some("pair")
    })?;
    terminal.keys(&["W"])?;
    terminal.wait("the rows by wait", SOON, |screen| {
        screen
            .first()
            .is_some_and(|line| line.contains("by run-queue wait"))
            && names(screen).get(1).map(String::as_str) == Some("pair")
    })?;
    terminal.keys(&["C"])?;
    Ok(())
}

fn search_and_filter(terminal: &Terminal) -> Result<()> {
    terminal.keys(&["/", "i", "d", "l", "e"])?;
    terminal.wait("the search", SOON, |screen| {
        screen.iter().any(|line| line.starts_with("search: idle"))
    })?;
    terminal.keys(&["Enter", "Enter"])?;
    terminal.wait("the found cgroup, opened", SOON, |screen| {
        screen.get(1).is_some_and(|line| line.ends_with("/idle"))
            && screen.iter().any(|line| line.ends_with("sleep 600"))
    })?;
    terminal.keys(&["Escape"])?;
    terminal.wait("the table", SOON, |screen| names(screen).len() == 5)?;
    terminal.keys(&["f", "h", "a", "l", "f", "Enter"])?;
    terminal.wait("what contains `half`, and what is above it", SOON, |screen| {
        names(screen).get(1..) == Some(&["half".to_owned()])
    })?;
    terminal.keys(&["Escape"])?;
    terminal.wait("all rows again", SOON, |screen| names(screen).len() == 5)?;
    Ok(())
}

fn pause(terminal: &Terminal) -> Result<()> {
    terminal.keys(&["p"])?;
    let held = terminal.wait("a held picture", SOON, |screen| {
        screen.first().is_some_and(|line| line.contains("HELD"))
    })?;
    // The footer goes on with every sample: two of them pass.
    let cost = |screen: &[String]| screen.iter().find(|line| line.starts_with("source")).cloned();
    let mut seen = std::collections::HashSet::from([cost(&held)]);
    let later = terminal.wait("two more samples", SOON, |screen| {
        seen.insert(cost(screen));
        seen.len() > 2
    })?;
    assert_eq!(table(&held), table(&later));
    terminal.keys(&["p"])?;
    terminal.wait("another picture", SOON, |screen| table(screen) != table(&held))?;
    Ok(())
}

fn open(terminal: &Terminal) -> Result<()> {
    terminal.keys(&["g", "Down", "Enter"])?;
    let screen = terminal.wait("the pair's charts and processes", SOON, |screen| {
        let processes = screen
            .iter()
            .filter(|line| line.contains("while :; do :; done"))
            .filter(|line| !line.contains('–'));
        processes.count() >= 4
    })?;
    let text = screen.join("\n");
    assert!(text.contains("┌ CPU") && text.contains("┌ wait"), "{text}");
    assert!(text.contains("mean") && text.contains("max"), "{text}");
    terminal.keys(&["Escape"])?;
    terminal.wait("the table", SOON, |screen| names(screen).len() == 5)?;
    Ok(())
}

fn help_and_sizes(terminal: &Terminal) -> Result<()> {
    terminal.keys(&["?"])?;
    terminal.wait("the help", SOON, |screen| {
        screen.iter().any(|line| line.contains("keys and columns"))
    })?;
    terminal.keys(&["?"])?;
    for (columns, lines) in [(40, 8), (12, 4), (3, 2), (150, 40)] {
        terminal.resize(columns, lines)?;
        terminal.wait("a frame of the new size", SOON, |screen| {
            screen.len() <= usize::from(lines)
                && screen.iter().any(|line| !line.is_empty())
                && screen
                    .iter()
                    .all(|line| line.chars().count() <= usize::from(columns))
        })?;
    }
    terminal.wait("the table on the larger screen", SOON, |screen| {
        names(screen).len() == 5
    })?;
    Ok(())
}
