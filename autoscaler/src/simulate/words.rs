//! The whole answer for people: what was simulated, the table, and the suggestion.

use std::fmt::Write as _;

use super::table::{duration, table};
use super::{Comparison, Demand, Service, Suggestion, Work, schedule, timestamp};
use crate::model::{Language, Project};

/// The answer as text.
#[must_use]
pub fn words(
    file: &str,
    demand: &Demand,
    project: &Project,
    service: Service,
    comparison: &Comparison,
    suggestion: Option<&Suggestion>,
) -> String {
    let bounds = project.bounds;
    let memory = match service.memory_mib {
        Some(mib) => format!("{mib} MiB"),
        None => "ample memory".to_owned(),
    };
    let mut text = format!(
        "{}: {} to {} workers on {} CPUs and {memory}, a check every {}\n",
        project.name,
        bounds.min,
        bounds.max,
        service.cpus,
        duration(demand.interval.as_secs_f64()),
    );
    let _ = writeln!(
        text,
        "{file}: {} to {}, demand {:.2} CPUs on average and {:.2} at most, {:.1} CPU-hours",
        timestamp::format(demand.start),
        timestamp::format(demand.end()),
        demand.mean(),
        demand.highest(),
        demand.cpu_seconds() / 3600.0,
    );
    if service.work == Work::Waits {
        text += "its workers wait and use no CPU: each CPU of demand stands for one that is busy with a request\n";
    }
    if demand.gaps.count > 0 {
        let _ = writeln!(
            text,
            "{} gap(s), {} in all, are filled with the value before each",
            demand.gaps.count,
            duration(demand.gaps.seconds)
        );
    }
    text += &schedule::told(Language::En, project, demand.start);
    if !project.enabled {
        text += "the project is not enabled: the figures show what the daemon would do if it were\n";
    }
    if project.requests.wait.is_some() {
        text += "the project has a rule over waits too: it is left out here\n";
    }
    if project.requests.busy.is_some() && service.work == Work::Computes {
        text +=
            "the project has a rule over busy workers too: it is left out here, unless --waits is given\n";
    }
    if project.queue.is_some() {
        text += "the project has a rule over its queue too: it is left out here\n";
    }
    let _ = write!(
        text,
        "fluid model, no queue: what is over is lost, and nobody waits; --policy simulates each request\n\n{}",
        table(comparison)
    );
    if let Some(suggestion) = suggestion {
        let _ = write!(text, "\n{}", advice(suggestion, bounds.max));
    }
    text
}

fn advice(suggestion: &Suggestion, max: u32) -> String {
    let [fitted, other] = suggestion.late_percent;
    let [present_fitted, present_other] = suggestion.present_late_percent;
    let tried = suggestion.tried;
    let found = if suggestion.within_limit {
        format!("The fewest worker-hours found in {tried} tries on the first half of this recording:")
    } else {
        format!(
            "Nothing within the limit was found in {tried} tries on the first half of this recording ({max} workers all the time \
             leave {:.2} % late). The least late found:",
            suggestion.least_possible_late_percent
        )
    };
    let lines = suggestion.config_lines.replace('\n', "\n  ");
    format!(
        "{found}\n  {lines}\nLate requests on the first half {fitted:.2} %, on the second, which the search has not seen, {other:.2} % \
         (as configured now: {present_fitted:.2} % and {present_other:.2} %).\n"
    )
}
