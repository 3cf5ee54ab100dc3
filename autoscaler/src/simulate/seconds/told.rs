//! The figures in words, as tables.

use std::fmt::Write as _;

use super::{Member, Parting, Rate, Run, Score, Setting, Shared, Tuned};
use crate::model::{Language, Project};
use crate::simulate::table::aligned;
use crate::simulate::{schedule, timestamp};
use crate::words::say;

/// What was simulated, and each rule's figures.
#[must_use]
pub fn told(
    language: Language,
    file: &str,
    rate: &Rate,
    setting: &Setting,
    project: &Project,
    runs: &[Run],
) -> String {
    let (name, min, max) = (&project.name, project.bounds.min, project.bounds.max);
    let (from, until) = (
        timestamp::format(rate.start),
        timestamp::format(rate.start + rate.seconds as f64),
    );
    let (mean, highest) = (rate.mean(), rate.highest());
    let mut text = say!(
        language,
        "{name}: {min} to {max} workers\n{file}: {from} to {until}, {mean:.2} busy workers on average and {highest:.2} at most\n",
        "{name}: de {min} a {max} workers\n{file}: de {from} a {until}, {mean:.2} workers ocupados de media y {highest:.2} como mucho\n"
    );
    text += &schedule::told(language, project, rate.start);
    text += &model(language, setting);
    text += "\n";
    let mut rows = vec![headings(language, setting)];
    rows.extend(runs.iter().map(|run| row(run.policy.name(), &run.score)));
    text + &aligned(&rows)
}

/// What each rival would have cost with its knob turned until it is as late as `run`.
#[must_use]
pub fn tuned_told(language: Language, run: &Run, tuned: &[Tuned]) -> String {
    let (name, late) = (run.policy.name(), run.score.late_percent);
    let mut text = say!(
        language,
        "\nWith hindsight: each rival as late as {name} ({late:.2} %). The oracle knows the rate of the coming second, and its workers serve at once.\n",
        "\nA posteriori: cada rival igual de tarde que {name} ({late:.2} %). El oráculo conoce el ritmo del segundo que viene, y sus workers atienden al momento.\n"
    );
    let hours = run.score.worker_hours_a_day;
    let mut rows = vec![
        match language {
            Language::En => ["policy", "worker-hours/day", "of the above", "back in 1 h/day"],
            Language::Es => [
                "política",
                "horas de worker/día",
                "de lo anterior",
                "vueltas en 1 h/día",
            ],
        }
        .map(str::to_owned)
        .to_vec(),
    ];
    rows.extend(tuned.iter().map(|tuned| {
        vec![
            tuned.policy.name(),
            format!("{:.1}", tuned.worker_hours_a_day),
            format!(
                "{:.1} %",
                100.0 * tuned.worker_hours_a_day / hours.max(f64::MIN_POSITIVE)
            ),
            format!("{:.1}", tuned.reversals_a_day),
        ]
    }));
    text += &aligned(&rows);
    text
}

/// What came of each way to part the memory.
#[must_use]
pub fn shared_told(language: Language, members: &[Member], total_mib: u64, shared: &[Shared]) -> String {
    let mut text = say!(
        language,
        "{total_mib} MiB for all workers together. Late requests, percent:\n\n",
        "{total_mib} MiB para los workers de todos. Peticiones que llegan tarde, por ciento:\n\n"
    );
    let mut heading = vec![String::new(), say!(language, "all", "todas")];
    heading.extend(members.iter().map(|member| member.name.clone()));
    heading.push(say!(language, "most MiB", "MiB como mucho"));
    let mut rows = vec![heading];
    for shared in shared {
        let mut row = vec![
            parting(language, shared.parting),
            format!("{:.2}", shared.late_percent),
        ];
        row.extend(
            shared
                .members
                .iter()
                .map(|score| format!("{:.2}", score.late_percent)),
        );
        row.push(shared.most_mib.to_string());
        rows.push(row);
    }
    let _ = write!(text, "{}", aligned(&rows));
    text
}

fn parting(language: Language, parting: Parting) -> String {
    match parting {
        Parting::Pool => say!(language, "pool rule", "regla del fondo común"),
        Parting::FirstCome => say!(language, "first come", "por orden de llegada"),
        Parting::Fixed => say!(
            language,
            "fixed parts, the best with hindsight",
            "partes fijas, las mejores a posteriori"
        ),
    }
}

fn model(language: Language, setting: &Setting) -> String {
    let ms = |time: std::time::Duration| time.as_secs_f64() * 1000.0;
    let (service, boot, seed) = (
        ms(setting.traffic.service),
        setting.boot.as_secs_f64(),
        setting.seed,
    );
    let burst = setting.traffic.burst;
    let cpu = 100.0 * setting.traffic.cpu_share;
    let sways = if burst > 0.0 {
        say!(
            language,
            " The rate sways by {burst} of itself.",
            " El ritmo oscila en {burst} de sí mismo."
        )
    } else {
        String::new()
    };
    say!(
        language,
        "to the request: each comes at random, waits in one queue, and takes {service:.0} ms on average, {cpu:.0} % of it CPU. A new worker serves after {boot} s.{sways} Seed {seed}.\n",
        "petición a petición: cada una llega al azar, espera en una cola, y tarda {service:.0} ms de media, el {cpu:.0} % de ellos de CPU. Un worker nuevo atiende a los {boot} s.{sways} Semilla {seed}.\n"
    )
}

fn headings(language: Language, setting: &Setting) -> Vec<String> {
    let wait = setting.promise.wait.as_secs_f64() * 1000.0;
    vec![
        say!(language, "policy", "política"),
        say!(language, "over {wait:.0} ms", "más de {wait:.0} ms"),
        say!(language, "over 1 s", "más de 1 s"),
        say!(language, "p99 wait", "espera p99"),
        say!(language, "worker-hours/day", "horas de worker/día"),
        say!(language, "steps/day", "pasos/día"),
        say!(language, "back in 1 h/day", "vueltas en 1 h/día"),
    ]
}

fn row(name: String, score: &Score) -> Vec<String> {
    let wait = if score.p99_wait_ms < 10_000.0 {
        format!("{:.0} ms", score.p99_wait_ms)
    } else {
        format!("{:.0} s", score.p99_wait_ms / 1000.0)
    };
    vec![
        name,
        format!("{:.2} %", score.late_percent),
        format!("{:.2} %", score.over_1_s_percent),
        wait,
        format!("{:.1}", score.worker_hours_a_day),
        format!("{:.1}", score.steps_a_day),
        format!("{:.1}", score.reversals_a_day),
    ]
}
