//! `autoscaler why`: what was decided about a project, in words.

use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use anyhow::{Result, bail};

use crate::cli::daemon::{Daemon, duration};
use crate::cli::failure::failed;
use crate::cli::language::Sources;
use crate::cli::store::Place;
use crate::cli::{clock, promise, said};
use crate::control::{Answer, Command};
use crate::history::view::Past;
use crate::model::{ClientError, Language, ProtocolFault};
use crate::report::{Episode, unix};
use crate::words::{self, say};

/// Tells what was decided about a project, and why, with the figures behind it.
///
/// Checks that decided alike are folded into one line, with the lowest and the highest of their figures. The running
/// daemon tells of its own time, the history of the time before it, also while no daemon runs.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  autoscaler why backdipro                 the last two hours
  autoscaler why backdipro --since 7d      also before the daemon was last started
  autoscaler why backdipro --since 1d --json | jq '.[] | select(.workers_to)'")]
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
    #[command(flatten)]
    place: Place,
}

/// The words that are not the daemon's own sentences.
struct Words {
    nothing: &'static str,
    checks: &'static str,
    wait: &'static str,
    queue: &'static str,
    available: &'static str,
    /// Before how many workers there were.
    at: &'static str,
    /// Before why no daemon tells.
    alone: &'static str,
}

const EN: Words = Words {
    nothing: "Nothing was decided in that time about",
    checks: "checks",
    wait: "wait",
    queue: "queue",
    available: "available",
    at: "at",
    alone: "told from the history alone",
};

const ES: Words = Words {
    nothing: "En ese tiempo no se decidió nada sobre",
    checks: "comprobaciones",
    wait: "espera",
    queue: "cola",
    available: "disponibles",
    at: "con",
    alone: "contado solo por el historial",
};

pub(super) fn run(args: &Args, asked: Option<Language>) -> Result<()> {
    let now = SystemTime::now();
    let language = args.language(asked);
    let words = match language {
        Language::En => &EN,
        Language::Es => &ES,
    };
    let remembered = args.remembered(language);
    let before = match &remembered {
        Ok(episodes) => episodes.first().map(|first| first.from),
        Err(_) => None,
    };
    let episodes = match (args.recorded(now, before, language), remembered) {
        (Ok(mut recorded), Ok(remembered)) => {
            recorded.extend(remembered);
            recorded
        }
        (Ok(recorded), Err(daemon)) => {
            eprintln!("autoscaler: {}: {}", words.alone, said(&daemon, language));
            recorded
        }
        (Err(_), Ok(remembered)) => remembered,
        (Err(_), Err(daemon)) if is_refusal(&daemon) => return Err(daemon),
        (Err(history), Err(daemon)) => {
            return Err(failed(|language| {
                let (daemon, history) = (said(&daemon, language), said(&history, language));
                say!(language, "{daemon}; and {history}", "{daemon}; y {history}")
            }));
        }
    };
    if args.json {
        return super::print(&(serde_json::to_string_pretty(&episodes)? + "\n"));
    }
    let mut text = if episodes.is_empty() {
        format!("{} {}\n", words.nothing, args.project)
    } else {
        told(&episodes, words, unix(now))
    };
    if let Some(promise) = args.promise(now, language) {
        let _ = writeln!(text, "\n{promise}");
    }
    super::print(&text)
}

impl Args {
    fn language(&self, asked: Option<Language>) -> Language {
        let sources = Sources {
            asked,
            daemon: Some(self.daemon.runtime_dir()),
            config: self.place.path(),
        };
        sources.language()
    }

    /// What the running daemon remembers: everything since its start, or the latest of it.
    fn remembered(&self, language: Language) -> Result<Vec<Episode>> {
        let command = Command::Why {
            project: self.project.clone(),
            since_seconds: self.since.as_secs(),
        };
        match self.daemon.ask(command, Some(language))? {
            Answer::Why(episodes) => Ok(episodes),
            _ => bail!(ClientError::Protocol {
                why: ProtocolFault::OtherAnswer("why")
            }),
        }
    }

    /// How the project's promise was kept, in words: the daemon knows it, or the history does.
    fn promise(&self, now: SystemTime, language: Language) -> Option<String> {
        if let Ok(Answer::Status(status)) = self.daemon.ask(Command::Status, Some(language)) {
            let promise = status.project(&self.project)?.promise.as_ref()?;
            return Some(promise.words.clone());
        }
        let config = self.place.config().ok()?;
        let reader = self.place.open(config.as_ref(), &self.project).ok()?;
        let kept = promise::kept(config.as_ref(), &reader, &self.project, now).ok()??;
        Some(words::promise(language, &kept))
    }

    /// What the history holds up to `before`, Unix time in seconds, or up to now.
    fn recorded(&self, now: SystemTime, before: Option<i64>, language: Language) -> Result<Vec<Episode>> {
        let config = self.place.config()?;
        let reader = self.place.open(config.as_ref(), &self.project)?;
        let since = now.checked_sub(self.since).unwrap_or(SystemTime::UNIX_EPOCH);
        let until = before
            .and_then(|before| u64::try_from(before).ok())
            .map_or(now, |before| SystemTime::UNIX_EPOCH + Duration::from_secs(before));
        let past = Past::read(&reader, &self.project, since, until)?;
        Ok(past.chronicle().episodes(since, language))
    }
}

/// Whether a daemon answered, and said no.
fn is_refusal(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(ClientError::Refused(_)))
}

/// One paragraph an episode, oldest first.
fn told(episodes: &[Episode], words: &Words, now: i64) -> String {
    let mut text = String::new();
    for episode in episodes {
        let step = match (episode.workers, episode.workers_to) {
            (Some(from), Some(to)) => format!(" {from} -> {to}"),
            (Some(workers), None) => format!(" {} {workers}", words.at),
            _ => String::new(),
        };
        let _ = writeln!(
            text,
            "{}  {}{step}: {}",
            clock::span(episode.from, episode.until, now),
            episode.action,
            episode.words
        );
        let figures = figures(episode, words);
        if !figures.is_empty() {
            let _ = writeln!(text, "          {figures}");
        }
        for event in &episode.events {
            let _ = writeln!(text, "          {event}");
        }
    }
    text
}

fn figures(episode: &Episode, words: &Words) -> String {
    let mut figures = Vec::new();
    if episode.checks > 1 {
        figures.push(format!("{} {}", episode.checks, words.checks));
    }
    if let Some(range) = episode.cpu_percent {
        figures.push(format!("CPU {}", percents(range)));
    }
    if let Some(range) = episode.wait_percent {
        figures.push(format!("{} {}", words.wait, percents(range)));
    }
    if let Some(queue) = episode.queue {
        figures.push(format!("{} {queue}", words.queue));
    }
    if episode.workers.is_some() {
        figures.push(format!("{} MB {}", episode.memory_available_mib, words.available));
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
        let spanish = told(std::slice::from_ref(&quiet), &ES, 60);
        assert!(spanish.contains("  hold con 1: "), "{spanish}");
        assert!(
            spanish.ends_with("14 comprobaciones, CPU 12.0-31.5%, 12000 MB disponibles\n"),
            "{spanish}"
        );
        let text = told(&[episode, quiet], &EN, 60);
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
