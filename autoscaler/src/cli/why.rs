//! `autoscaler why`: what was decided about a project, in words.

use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use anyhow::Result;

use super::clock;
use super::daemon::{Daemon, duration};
use crate::control::{Answer, Command};
use crate::report::{Episode, unix};

/// Tells what was decided about a project, and why, with the figures behind it.
///
/// Checks that decided alike are folded into one line, with the lowest and the highest of their figures.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The project, as the configuration names it
    project: String,
    /// How far to look back, such as 30m, 2h, 1d
    #[arg(long, value_name = "TIME", default_value = "2h", value_parser = duration)]
    since: Duration,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    daemon: Daemon,
}

pub(super) fn run(args: &Args) -> Result<()> {
    let answer = args.daemon.ask(Command::Why {
        project: args.project.clone(),
        since_seconds: args.since.as_secs(),
    })?;
    let Answer::Why(episodes) = answer else {
        return Ok(());
    };
    let text = if args.json {
        serde_json::to_string_pretty(&episodes)? + "\n"
    } else if episodes.is_empty() {
        format!(
            "Nothing was decided about {} in that time: the daemon has just started, or has not checked yet.\n",
            args.project
        )
    } else {
        told(&episodes, unix(SystemTime::now()))
    };
    super::print(&text)
}

/// One paragraph an episode, oldest first.
fn told(episodes: &[Episode], now: i64) -> String {
    let mut text = String::new();
    for episode in episodes {
        let step = match (episode.workers, episode.workers_to) {
            (Some(from), Some(to)) => format!(" {from} -> {to}"),
            (Some(workers), None) => format!(" at {workers}"),
            _ => String::new(),
        };
        let _ = writeln!(
            text,
            "{}  {}{step}: {}",
            clock::span(episode.from, episode.until, now),
            episode.action,
            episode.words
        );
        let figures = figures(episode);
        if !figures.is_empty() {
            let _ = writeln!(text, "          {figures}");
        }
        for event in &episode.events {
            let _ = writeln!(text, "          {event}");
        }
    }
    text
}

fn figures(episode: &Episode) -> String {
    let mut figures = Vec::new();
    if episode.checks > 1 {
        figures.push(format!("{} checks", episode.checks));
    }
    if let Some(range) = episode.cpu_percent {
        figures.push(format!("CPU {}", percents(range)));
    }
    if let Some(range) = episode.wait_percent {
        figures.push(format!("wait {}", percents(range)));
    }
    if let Some(queue) = episode.queue {
        figures.push(format!("queue {queue}"));
    }
    if episode.workers.is_some() {
        figures.push(format!("{} MB available", episode.memory_available_mib));
    }
    figures.join(", ")
}

fn percents((low, high): (f64, f64)) -> String {
    if high - low < 0.05 {
        format!("{high:.1}%")
    } else {
        format!("{low:.1}-{high:.1}%")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_episode_is_told_with_its_figures_and_what_came_of_it() {
        let episode = Episode {
            from: 0,
            until: 0,
            checks: 1,
            action: "scale_up".into(),
            workers: Some(1),
            workers_to: Some(2),
            reason: "above_rung".into(),
            words: "CPU > 65% (scale_up_2) for 4m00s".into(),
            cpu_percent: Some((71.2, 71.2)),
            wait_percent: None,
            queue: None,
            memory_available_mib: 12_000,
            events: vec!["done".into()],
        };
        let quiet = Episode {
            checks: 14,
            action: "hold".into(),
            workers_to: None,
            words: "no threshold crossed".into(),
            cpu_percent: Some((12.0, 31.5)),
            events: Vec::new(),
            ..episode.clone()
        };
        let text = told(&[episode, quiet], 60);
        let lines: Vec<&str> = text.lines().collect();
        assert!(
            lines[0].ends_with("scale_up 1 -> 2: CPU > 65% (scale_up_2) for 4m00s"),
            "{text}"
        );
        assert_eq!(lines[1].trim(), "CPU 71.2%, 12000 MB available");
        assert_eq!(lines[2].trim(), "done");
        assert!(lines[3].ends_with("hold at 1: no threshold crossed"), "{text}");
        assert_eq!(lines[4].trim(), "14 checks, CPU 12.0-31.5%, 12000 MB available");
    }
}
