//! What stands on the screen, kept as expectations: real frames of a real terminal. What varies from run to run and
//! from host to host is masked, so that what is left is the same everywhere; that the columns are straight is checked
//! before that, on the frame itself.

use std::fmt::Write as _;

use anyhow::Result;
use autoscaler_tests::tools::{Tool, require};
use autoscaler_tests::{Terminal, require_root_bpf};
use insta::assert_snapshot;

use super::host::{Host, SOON, is_sorted, names};

/// Columns that a host may lack: a hybrid one has no controllers in cgroup v2, an old kernel no pressure.
const NOT_EVERYWHERE: [&str; 5] = ["THROT", "MEM", "LIMIT", "PRES%", "WORK"];

/// Columns of the name in an expectation: how many it has on the screen depends on the columns beside it.
const NAME: usize = 24;

/// What windows and charts are framed with.
const FRAME: [char; 6] = ['│', '┌', '┐', '└', '┘', '─'];

/// One column: its heading and the place where its cells end.
struct Column {
    title: String,
    end: usize,
}

#[test]
fn the_screens_are_as_expected() -> Result<()> {
    if !require_root_bpf() || !require(&[Tool::Python, Tool::Tmux]) {
        return Ok(());
    }
    let host = Host::start()?;
    for (columns, lines) in [(80, 24), (200, 50)] {
        let terminal = host.terminal(columns, lines)?;
        let expect = |name: &str, screen: &[String]| {
            assert_snapshot!(format!("{name}_{columns}x{lines}"), masked(screen, &host));
        };
        let wait = |what: &str, wanted: &dyn Fn(&[String]) -> bool| terminal.wait(what, SOON, wanted);
        let sorted = |screen: &[String]| is_sorted(screen, &host) && is_calm(screen);
        expect("tree", &wait("the loads in order", &sorted)?);

        terminal.keys(&["s"])?;
        let menu = |screen: &[String]| has(screen, "sort by") && is_calm(screen);
        expect("menu", &wait("the menu", &menu)?);
        terminal.keys(&["End", "Enter"])?;
        let by_name = ["churn", "half", "idle", "pair"].map(str::to_owned);
        let named = |screen: &[String]| names(screen).get(1..) == Some(&by_name) && is_calm(screen);
        expect("by_name", &wait("the rows by name", &named)?);
        terminal.keys(&["C"])?;
        wait("the loads in order", &sorted)?;

        terminal.keys(&["/", "h", "a", "l", "f"])?;
        let searched = |screen: &[String]| has(screen, "search: half") && sorted(screen);
        expect("search", &wait("the search", &searched)?);
        // Escape and a letter at once would be another key: Alt.
        terminal.keys(&["Escape"])?;
        wait("the end of the search", &|screen| {
            has(screen, "? help") && sorted(screen)
        })?;
        terminal.keys(&["p"])?;
        let held = |screen: &[String]| has(screen, "HELD") && sorted(screen);
        expect("held", &wait("a held picture", &held)?);
        terminal.keys(&["p", "g", "Left"])?;
        let folded = |screen: &[String]| names(screen).len() == 1 && !has(screen, "HELD") && is_calm(screen);
        expect("folded", &wait("one row", &folded)?);
        terminal.keys(&["Right", "?"])?;
        let helped = |screen: &[String]| has(screen, "keys and columns") && is_calm(screen);
        expect("help", &wait("the help", &helped)?);
        terminal.keys(&["?"])?;
        wait("the loads in order", &sorted)?;
        opened(&terminal, &expect)?;
    }
    Ok(())
}

/// The pair's own screen: its charts and its processes.
fn opened(terminal: &Terminal, expect: &dyn Fn(&str, &[String])) -> Result<()> {
    terminal.keys(&["g", "Down", "Enter"])?;
    let busy = 2 * std::thread::available_parallelism()?.get();
    let screen = terminal.wait("the pair's processes with their figures", SOON, |screen| {
        let lines = screen.iter().filter(|line| line.contains("while :; do :; done"));
        lines.filter(|line| !line.contains('–')).count() == busy && is_calm(screen)
    })?;
    // One of the processes stands for all: there are two for each CPU of this host.
    let mut seen = 0;
    let mut one: Vec<String> = screen
        .into_iter()
        .filter(|line| {
            seen += usize::from(line.contains("while :; do :; done"));
            !line.contains("while :; do :; done") || seen == 1
        })
        .collect();
    // The figures, and then limits and events, which are those of the host's controllers.
    one[2] = figures_everywhere(&one[2]);
    one.drain(3..5);
    expect("opened", &one);
    Ok(())
}

/// `CPU% 12.3  WAIT 4.5  …` without what a host may lack.
fn figures_everywhere(line: &str) -> String {
    let pairs = line.split("  ").filter(|pair| {
        let title = pair.split(' ').next().unwrap_or_default();
        !NOT_EVERYWHERE.contains(&title)
    });
    pairs.collect::<Vec<_>>().join("  ")
}

fn has(screen: &[String], part: &str) -> bool {
    screen.iter().any(|line| line.contains(part))
}

/// Neither a trouble nor the time before the first figures: the footer has its two lines, and nothing was lost.
fn is_calm(screen: &[String]) -> bool {
    let footer = screen.iter().find(|line| line.starts_with("source eBPF"));
    footer.is_some_and(|line| {
        line.contains(" ns × ") && line.contains("own CPU") && line.contains("overflow 0")
    })
}

/// The screen with everything masked that another run or another host may show otherwise.
fn masked(screen: &[String], host: &Host) -> String {
    let mut lines = Vec::new();
    let mut columns: Option<Vec<Column>> = None;
    for line in screen {
        let line = if line.starts_with("CGROUP") {
            let found = headings(line);
            let text = heading(&found);
            columns = Some(found);
            text
        } else if line.starts_with("source") || line.is_empty() {
            columns = columns.filter(|_| line.is_empty());
            flowing(line)
        } else if let (Some(first), Some(last)) = (line.find(FRAME), line.rfind(FRAME)) {
            // What the window stands upon is not seen as a whole.
            flowing(&line[first..last + '│'.len_utf8()])
        } else {
            match &columns {
                Some(columns) => row(line, columns, host),
                None => flowing(line),
            }
        };
        lines.push(line);
    }
    // How many lines are empty is what the height leaves: one stands for all.
    lines.dedup_by(|later, earlier| later.is_empty() && earlier.is_empty());
    lines.join("\n")
}

/// The columns of figures in a heading.
fn headings(line: &str) -> Vec<Column> {
    let mut columns = Vec::new();
    let mut at = 0;
    for word in line.split(' ') {
        at += word.chars().count();
        let is_history = ["HISTORY", "CPU,", "LAST", "MINUTES"].contains(&word);
        if !word.is_empty() && word != "CGROUP" && !is_history {
            columns.push(Column {
                title: word.to_owned(),
                end: at,
            });
        }
        at += 1;
    }
    columns
}

fn everywhere(columns: &[Column]) -> impl Iterator<Item = &Column> {
    columns
        .iter()
        .filter(|column| !NOT_EVERYWHERE.contains(&column.title.as_str()))
}

fn heading(columns: &[Column]) -> String {
    let mut text = format!("{:NAME$}", "CGROUP");
    for column in everywhere(columns) {
        let _ = write!(text, " {:>6}", column.title);
    }
    text
}

/// A row of the table: the cells end where their headings do, and nowhere else.
fn row(line: &str, columns: &[Column], host: &Host) -> String {
    let characters: Vec<char> = line.chars().collect();
    let Some(first) = columns.first() else {
        return flowing(line);
    };
    // Six columns of CPU and the space before it.
    let name: String = characters[..first.end - 7].iter().collect();
    let name = if name.contains("autoscaler-test") {
        let mark: String = name.chars().take(2).collect();
        format!(
            "{mark}{}",
            if name.contains('…') || name.contains(&host.name()) {
                "THE FOUR"
            } else {
                "?"
            }
        )
    } else {
        name.trim_end().to_owned()
    };
    let mut text = format!("{name:NAME$}");
    let mut start = first.end - 7;
    for column in columns {
        let cell: String = characters[start..column.end].iter().collect();
        assert!(
            cell.starts_with(' ') && !cell.ends_with(' ') && !cell.trim().contains(' '),
            "the cell {cell:?} is not below {:?} in\n{line}",
            column.title
        );
        start = column.end;
        if !NOT_EVERYWHERE.contains(&column.title.as_str()) {
            let _ = write!(text, " {:>6}", mask_numbers(cell.trim()));
        }
    }
    let rest: String = characters[start..].iter().collect();
    assert!(
        rest.trim().chars().all(|c| ('▁'..='█').contains(&c)),
        "after the columns only a history: {rest:?}"
    );
    text
}

/// A line of text: numbers, bars and charts are masked, and what is filled up with spaces and lines is cut short.
fn flowing(line: &str) -> String {
    let mut text = mask_numbers(line);
    text = text
        .chars()
        .map(|c| match c {
            '█' | '·' => '=',
            '\u{2800}'..='\u{28ff}' => ' ',
            c => c,
        })
        .collect();
    for (run, short) in [("  ", " "), ("──", "─"), ("==", "=")] {
        while text.contains(run) {
            text = text.replace(run, short);
        }
    }
    // A chart, and the axis beside it.
    for (axis, short) in [("│#│", "││"), ("│ │", "││"), ("│ ", "│"), (" │", "│")] {
        text = text.replace(axis, short);
    }
    // What a process is at in this moment; a host with one CPU.
    text = text.replace(" # R # sh", " # S # sh").replace("# CPUs", "# CPU");
    text.trim_end().to_owned()
}

/// Each number, with its unit of bytes, becomes `#`.
fn mask_numbers(text: &str) -> String {
    let mut out = String::new();
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        if !c.is_ascii_digit() {
            out.push(c);
            continue;
        }
        while characters.next_if(|c| c.is_ascii_digit() || *c == '.').is_some() {}
        characters.next_if(|c| "KMGT".contains(*c));
        out.push('#');
    }
    out
}
