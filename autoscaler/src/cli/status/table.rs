//! The status as text: a table, and below it a paragraph for each project.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr as _;

use crate::cli::clock::{age, time};
use crate::control::{DecisionStatus, NextStep, ProjectStatus, Status};

/// The words that are not the daemon's own sentences.
struct Words {
    headings: [&'static str; 8],
    last_check: &'static str,
    last_step: &'static str,
    next: &'static str,
    schedule: &'static str,
    queue: &'static str,
    requests: [&'static str; 6],
    promise: &'static str,
    listen: &'static str,
    dropped: &'static str,
    waiting: &'static str,
    oldest: &'static str,
    reserved: &'static str,
    active: &'static str,
    unacknowledged: &'static str,
    order: &'static str,
    until: &'static str,
    paused: &'static str,
    checked: &'static str,
    /// What stands before and after a length of time that has passed.
    ago: [&'static str; 2],
    never: &'static str,
    dry_run: &'static str,
    disabled: &'static str,
    available: &'static str,
    no_answer: &'static str,
}

const EN: Words = Words {
    headings: [
        "PROJECT", "WORKERS", "CPU", "WAIT", "MEMORY", "QUEUE", "HELD", "DECISION",
    ],
    last_check: "last check",
    last_step: "last step",
    next: "next",
    schedule: "schedule",
    queue: "queue",
    requests: ["requests", "busy", "wait", "service", "long", "without an answer"],
    promise: "promise",
    listen: "socket",
    dropped: "thrown away",
    waiting: "waiting",
    oldest: "oldest",
    reserved: "fetched ahead",
    active: "running",
    unacknowledged: "not acknowledged",
    order: "by hand",
    until: "until",
    paused: "paused",
    checked: "checked",
    ago: ["", " ago"],
    never: "no check yet",
    dry_run: "dry run: changes nothing",
    disabled: "disabled",
    available: "available",
    no_answer: "the daemon has not answered since",
};

const ES: Words = Words {
    headings: [
        "PROYECTO",
        "WORKERS",
        "CPU",
        "ESPERA",
        "MEMORIA",
        "COLA",
        "MANTENIDO",
        "DECISIÓN",
    ],
    last_check: "última comprobación",
    last_step: "último paso",
    next: "siguiente",
    schedule: "horario",
    queue: "cola",
    promise: "promesa",
    listen: "socket",
    dropped: "descartadas",
    requests: [
        "peticiones",
        "ocupados",
        "espera",
        "servicio",
        "largas",
        "sin respuesta",
    ],
    waiting: "en espera",
    oldest: "la más antigua,",
    reserved: "reservadas",
    active: "en ejecución",
    unacknowledged: "sin confirmar",
    order: "orden manual",
    until: "hasta",
    paused: "en pausa",
    checked: "comprobado",
    ago: ["hace ", ""],
    never: "aún sin comprobar",
    dry_run: "simulacro: no cambia nada",
    disabled: "deshabilitado",
    available: "disponibles",
    no_answer: "el demonio no contesta desde las",
};

const NONE: &str = "-";

impl Words {
    /// `12s ago`.
    fn ago(&self, at: i64, now: i64) -> String {
        let [before, after] = self.ago;
        format!("{before}{}{after}", age(at, now))
    }
}

/// The whole of it; `now` is the Unix time.
pub(super) fn render(status: &Status, now: i64) -> String {
    let words = words(status);
    let mut text = head(status, words, now);
    text += "\n";
    text += &table(status, words);
    for project in &status.projects {
        text += "\n";
        text += &paragraph(project, words, now);
    }
    text
}

/// That the daemon whose last status this is has fallen silent, and at what Unix time.
pub(super) fn no_answer(status: &Status, since: i64) -> String {
    format!("❌ {} {}\n", words(status).no_answer, time(since, since))
}

fn words(status: &Status) -> &'static Words {
    if status.language == "es" { &ES } else { &EN }
}

fn head(status: &Status, words: &Words, now: i64) -> String {
    let source = if status.source == "ebpf" {
        "eBPF"
    } else {
        "cpu.stat"
    };
    let checked = match status.checked_at {
        Some(at) => format!("{} {}", words.checked, words.ago(at, now)),
        None => words.never.to_owned(),
    };
    let busy = status
        .busy_percent
        .map(|busy| format!(" ({busy:.0}%)"))
        .unwrap_or_default();
    let mut text = format!(
        "autoscaler {} (pid {}), {source}, {checked} / {:.0}s, {} CPU{busy}, {} MB {}\n",
        status.program,
        status.pid,
        status.check_interval_seconds,
        status.cpus,
        status.memory_available_mib,
        words.available,
    );
    if status.dry_run {
        let _ = writeln!(text, "{}", words.dry_run);
    }
    if let Some(why) = &status.without_ebpf {
        let _ = writeln!(text, "eBPF: {why}");
    }
    if let Some(why) = &status.without_requests {
        let _ = writeln!(text, "{}: {why}", words.requests[0]);
    }
    if let Some(why) = &status.failing {
        let _ = writeln!(text, "❌ {why}");
    }
    text
}

fn table(status: &Status, words: &Words) -> String {
    let mut rows = vec![words.headings.map(str::to_owned)];
    rows.extend(status.projects.iter().map(|project| row(project, words)));
    let mut widths = [0; 8];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.width().max(*width);
        }
    }
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            line += cell;
            line += &" ".repeat(width - cell.width() + 2);
        }
        text += line.trim_end();
        text += "\n";
    }
    text
}

fn row(project: &ProjectStatus, words: &Words) -> [String; 8] {
    let bounds = format!("{}..{}", project.min_workers, project.max_workers);
    let workers = match (project.workers, project.scaling_to) {
        (Some(from), Some(to)) => format!("{from}->{to} [{bounds}]"),
        (Some(workers), None) => format!("{workers} [{bounds}]"),
        _ => format!("{NONE} [{bounds}]"),
    };
    let memory = match (project.memory_current_mib, project.memory_limit_mib) {
        (Some(current), Some(limit)) => format!("{current}/{limit}M"),
        (Some(current), None) => format!("{current}M"),
        _ => NONE.to_owned(),
    };
    let decision = match &project.decision {
        _ if !project.enabled => words.disabled.to_owned(),
        Some(told) => action(told),
        None => NONE.to_owned(),
    };
    [
        project.name.clone(),
        workers,
        beside(
            project.cpu_percent.map(|cpu| format!("{cpu:.1}%")),
            "cpu",
            project,
        ),
        project
            .wait_percent
            .map_or_else(|| NONE.to_owned(), |wait| format!("{wait:.1}%")),
        memory,
        beside(project.queue.map(|queue| queue.to_string()), "queue", project),
        held(project),
        decision,
    ]
}

/// A figure between the thresholds of the next step down and up: `45< 52.3% <80`.
fn beside(figure: Option<String>, measure: &str, project: &ProjectStatus) -> String {
    let of = |steps: &[NextStep]| {
        steps
            .iter()
            .find(|step| step.measure == measure)
            .map(|step| step.threshold)
    };
    let (down, up) = (of(&project.down), of(&project.up));
    let Some(figure) = figure else {
        return NONE.to_owned();
    };
    let down = down.map(|down| format!("{down} < ")).unwrap_or_default();
    let up = up.map(|up| format!(" < {up}")).unwrap_or_default();
    format!("{down}{figure}{up}")
}

/// The crossed threshold that would act soonest.
fn held(project: &ProjectStatus) -> String {
    match project.soonest() {
        Some((step, up)) => format!(
            "{} {} / {}",
            if up { '↑' } else { '↓' },
            length(step.held_seconds),
            length(step.needed_seconds)
        ),
        None => NONE.to_owned(),
    }
}

fn length(seconds: f64) -> String {
    if seconds < 60.0 {
        format!("{seconds:.0}s")
    } else {
        format!(
            "{:.0}m{:02.0}s",
            (seconds / 60.0).floor(),
            (seconds % 60.0).floor()
        )
    }
}

fn action(told: &DecisionStatus) -> String {
    match told.workers_to {
        Some(to) => format!("{} {to}", told.action),
        None => told.action.clone(),
    }
}

fn paragraph(project: &ProjectStatus, words: &Words, now: i64) -> String {
    let mut lines = Vec::new();
    let told = |told: &DecisionStatus| {
        format!(
            "{} ({}) {}: {}",
            time(told.at, now),
            words.ago(told.at, now),
            action(told),
            told.words
        )
    };
    if let Some(decision) = &project.decision {
        lines.push((words.last_check, told(decision)));
    }
    if let Some(step) = project.last_step.as_ref().filter(|step| {
        project
            .decision
            .as_ref()
            .is_none_or(|decision| decision.at != step.at)
    }) {
        lines.push((words.last_step, told(step)));
    }
    for schedule in &project.schedules {
        lines.push((words.schedule, schedule.words.clone()));
    }
    if let Some(waiting) = project.queue {
        lines.push((words.queue, queue(waiting, project, words)));
    }
    if let Some(seen) = &project.requests {
        lines.push((words.requests[0], requests::line(seen, project, words)));
    }
    if let Some(promise) = &project.promise {
        lines.push((words.promise, promise.words.clone()));
    }
    for socket in &project.listen_queues {
        lines.push((words.listen, requests::socket(socket, words)));
    }
    for what in &project.uncounted {
        lines.push((words.queue, format!("⚠️ {what}")));
    }
    for step in project.up.iter().chain(&project.down) {
        lines.push((words.next, step.words.clone()));
    }
    if let Some(order) = &project.order {
        let what = match order.workers {
            Some(workers) => format!("{workers} workers"),
            None => words.paused.to_owned(),
        };
        let until = order
            .until
            .map(|until| format!(" {} {}", words.until, time(until, now)))
            .unwrap_or_default();
        lines.push((words.order, format!("{what}{until}, {}", order.by)));
    }
    let width = lines.iter().map(|(label, _)| label.width()).max().unwrap_or(0);
    let mut text = format!("{} ({})\n", project.name, project.unit);
    for (label, line) in lines {
        let _ = writeln!(text, "  {label}{}  {line}", " ".repeat(width - label.width()));
    }
    text
}

/// Where a project's tasks are: `120 waiting (oldest 12s), 8 fetched ahead, 2 running`.
fn queue(waiting: u64, project: &ProjectStatus, words: &Words) -> String {
    let mut text = format!("{waiting} {}", words.waiting);
    if let Some(oldest) = project.oldest_waiting_seconds {
        let _ = write!(text, " ({} {})", words.oldest, length(oldest));
    }
    let others = [
        (project.reserved, words.reserved),
        (project.active.map(u64::from), words.active),
        (project.unacknowledged, words.unacknowledged),
    ];
    for (count, word) in others {
        if let Some(count) = count {
            let _ = write!(text, ", {count} {word}");
        }
    }
    text
}

mod requests;
#[cfg(test)]
mod tests;
