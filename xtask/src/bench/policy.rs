//! The policies on recorded loads, simulated to the request: how many requests are late, and what it costs. Nothing is
//! measured on this machine: the same figures come out everywhere.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result};
use autoscaler::model::{Bounds, Project, Promise};
use autoscaler::simulate::seconds::{self, Frontier, Member, Parting, Policy, Rate, Run, Setting, Traffic};
use autoscaler::simulate::{self, Demand, Scale, Service, Trace, Work};
use serde_json::{Value, json};

use super::report::Section;

/// Recordings: name and text.
const RECORDINGS: [(&str, &str); 3] = [
    (
        "ec2",
        include_str!("../../../autoscaler/testdata/traces/ec2_cpu_utilization.csv"),
    ),
    (
        "ELB",
        include_str!("../../../autoscaler/testdata/traces/elb_request_count.csv"),
    ),
    (
        "taxi",
        include_str!("../../../autoscaler/testdata/traces/nyc_taxi.csv"),
    ),
];

/// Most days of a recording, and most requests of a case: what is over is cut off at its end.
const DAYS: f64 = 7.0;
const REQUESTS: f64 = 12e6;

/// Fixed workers, and the most there may be, for each busy worker of the mean demand; and the share of them that the load may
/// keep busy, so that the maximum can serve it.
const ROOM: f64 = 4.0;
const CLIP: f64 = 0.75;

/// One row.
#[derive(Clone, Copy)]
struct Case {
    recording: usize,
    demand: f64,
    service_ms: u64,
    burst: f64,
    cpu_share: f64,
}

/// What is the same for most rows.
const PLAIN: Case = Case {
    recording: 0,
    demand: 1.5,
    service_ms: 80,
    burst: 0.0,
    cpu_share: 1.0,
};

/// By recording: four sizes of load; then, at one size, other requests.
fn cases() -> Vec<Case> {
    let of = |recording| Case { recording, ..PLAIN };
    let each = |of: Case| {
        let sizes = [0.5, 1.5, 5.0, 10.0].map(|demand| Case { demand, ..of });
        let services = [20, 400, 2000].map(|service_ms| Case { service_ms, ..of });
        let shares = [0.2, 0.5].map(|cpu_share| Case { cpu_share, ..of });
        let bursty = [Case { burst: 0.3, ..of }];
        [&sizes[..], &services, &shares, &bursty].concat()
    };
    (0..RECORDINGS.len())
        .flat_map(|recording| each(of(recording)))
        .collect()
}

fn policies(project: &Project) -> Vec<Policy> {
    vec![
        Policy::Target,
        Policy::Ladder,
        Policy::Hpa(70.0),
        Policy::Hpa(50.0),
        Policy::Knative(70.0),
        Policy::SquareRoot(1.5),
        Policy::Fixed(project.bounds.max),
    ]
}

/// Each case as a row, each policy as a column.
pub(super) fn measure() -> Result<Section> {
    let cases = cases();
    let answers = on_all_cpus(cases.len(), |i| run(&cases[i]))?;
    let mut rows = Vec::new();
    let mut data: Vec<Value> = Vec::new();
    for (case, (runs, frontier)) in cases.iter().zip(answers) {
        let ratio = |run: &Run| {
            frontier
                .hours_at(run.score.late_percent)
                .map(|hours| run.score.worker_hours_a_day / hours)
        };
        let mut row = vec![
            RECORDINGS[case.recording].0.to_owned(),
            case.demand.to_string(),
            format!("{} ms", case.service_ms),
            case.burst.to_string(),
            format!("{:.0} %", 100.0 * case.cpu_share),
        ];
        let of_load = runs
            .first()
            .and_then(|target| frontier.reversals_at(target.score.late_percent));
        row.push(of_load.map_or("-".to_owned(), |reversals| format!("{reversals:.0}")));
        for run in &runs {
            let score = &run.score;
            let of_oracle = ratio(run).map_or("-".to_owned(), |ratio| format!("{ratio:.2}"));
            row.push(format!(
                "{:.2} · {:.0} · {of_oracle} · {:.0}",
                score.late_percent, score.worker_hours_a_day, score.reversals_a_day
            ));
        }
        data.push(json!({
            "recording": row[0], "demand": case.demand, "service_ms": case.service_ms, "burst": case.burst,
            "cpu_share": case.cpu_share, "policies": runs,
            "of_oracle": runs.iter().map(ratio).collect::<Vec<_>>(), "oracle_reversals_a_day": of_load,
        }));
        rows.push(row);
    }
    Ok(Section {
        title: "Policies on recorded loads",
        note: format!(
            "Simulated to the request, promised: at most 1 % wait for over 100 ms. Mean demand in busy workers, 1 to {ROOM} times as \
             many workers, load cut at {:.0} % of them; up to {DAYS} days and {:.0} million requests; boot 4 s; seed 1. Each cell: percent late · \
             worker-hours a day · those hours over an oracle's at the same lateness · steps back within an hour, a day. Oracle: its own \
             steps back within an hour, a day, as late as the target: the load itself goes back so often.",
            100.0 * CLIP,
            REQUESTS / 1e6
        ),
        columns: vec![
            "recording",
            "demand",
            "service",
            "burst",
            "CPU",
            "oracle",
            "target",
            "ladder",
            "HPA 70",
            "HPA 50",
            "Knative 70",
            "R + 1.5 sqrt(R)",
            "fixed, the most",
        ],
        rows,
        data: data.into(),
    })
}

fn run(case: &Case) -> Result<(Vec<Run>, Frontier)> {
    let max = workers(ROOM * case.demand);
    let project = project(max)?;
    let setting = setting(case, 1);
    let days = (REQUESTS / 86_400.0 * setting.traffic.service.as_secs_f64() / case.demand).min(DAYS);
    let rate = rate(case.recording, case.demand, max, days)?;
    let runs = seconds::replay(&rate, &setting, &project, &policies(&project));
    Ok((runs, Frontier::of(&rate, &setting, &project)))
}

/// Five services in one pool of memory.
pub(super) fn pool() -> Result<Section> {
    const MEAN: f64 = 1.4;
    const MAX: u32 = 8;
    const WORKER_MIB: [u64; 5] = [300, 200, 500, 400, 250];
    const POOLS: [u64; 3] = [5120, 6144, 9216];
    let partings = [Parting::Pool, Parting::FirstCome, Parting::Fixed];
    let members: Vec<Member> = WORKER_MIB
        .iter()
        .zip(0_u32..)
        .map(|(mib, i)| {
            let recording = i as usize % RECORDINGS.len();
            let shift = 17 * 3600 * u64::from(i);
            Ok(Member {
                name: format!("{} {i}", RECORDINGS[recording].0),
                rate: rate(recording, MEAN, MAX, DAYS)?.shifted(shift),
                setting: setting(&PLAIN, u64::from(i)),
                bounds: Bounds { min: 1, max: MAX },
                weight: 1.0,
                worker_mib: *mib,
            })
        })
        .collect::<Result<_>>()?;
    let shared = on_all_cpus(POOLS.len() * partings.len(), |i| {
        Ok(seconds::share(
            &members,
            partings[i % partings.len()],
            POOLS[i / partings.len()],
        ))
    })?;
    let mut rows = Vec::new();
    for (mib, shared) in POOLS.iter().zip(shared.chunks(partings.len())) {
        let mut row = vec![format!("{mib} MiB")];
        row.extend(shared.iter().map(|shared| format!("{:.2}", shared.late_percent)));
        rows.push(row);
    }
    Ok(Section {
        title: "One pool of memory for five services",
        note: format!(
            "Percent of all requests that wait for over 100 ms. The three recordings, shifted by 17 hours each, {DAYS} days, mean demand \
             {MEAN} busy workers each, workers of 200 to 500 MiB, 1 to {MAX} of them; the target policy in each."
        ),
        columns: vec![
            "memory",
            "pool rule",
            "first come",
            "fixed parts, the best with hindsight",
        ],
        rows,
        data: json!(shared),
    })
}

/// Thresholds that are searched on one half of a recording, judged on the other.
pub(super) fn suggestions() -> Result<Section> {
    const ALLOWED: f64 = 5.0;
    const SHIFTS: usize = 9;
    const DAYS: f64 = 14.0;
    const MEAN: f64 = 1.5;
    let project = project(workers(ROOM * MEAN))?;
    let service = Service {
        cpus: project.bounds.max,
        memory_mib: None,
        work: Work::Computes,
    };
    // One at a time: the search takes all CPUs.
    let mut rows = Vec::new();
    for (name, text) in RECORDINGS {
        let trace = Trace::parse(text).with_context(|| format!("the recording {name}"))?;
        let (mut reached, mut kept, mut worst) = (0, 0, 0.0_f64);
        for shift in 0..SHIFTS {
            let trace = turned(&trace, shift * trace.samples().len() / SHIFTS)
                .context("a recording of two values")?;
            let window = 0.0..86_400.0 * DAYS;
            let scale = Scale::MeanDemand(MEAN);
            let demand = Demand::new(&trace, scale, Duration::from_mins(2), window.clone())?;
            let rate = Rate::new(&trace, scale, None, window)?;
            let setting = setting(&PLAIN, 1);
            let found = simulate::suggest(&demand, &rate, &project, service, &setting, ALLOWED)
                .context("a ladder of whole percents")?;
            if found.within_limit {
                reached += 1;
                kept += u32::from(found.late_percent[1] <= ALLOWED);
                worst = worst.max(found.late_percent[1]);
            }
        }
        rows.push(vec![
            name.to_owned(),
            SHIFTS.to_string(),
            reached.to_string(),
            kept.to_string(),
            format!("{worst:.2} %"),
        ]);
    }
    Ok(Section {
        title: "Suggested thresholds on the half that the search has not seen",
        note: format!(
            "{DAYS} days, shifted {SHIFTS} times; mean demand {MEAN} busy workers, {ALLOWED} % late allowed. Reached: on the half that it was \
             fitted to. Kept: on the other half too. Worst: the most that were late there."
        ),
        columns: vec!["recording", "cases", "reached", "kept", "worst"],
        data: json!(rows),
        rows,
    })
}

/// The recording begun `by` values later, with what came before them at its end.
fn turned(trace: &Trace, by: usize) -> Option<Trace> {
    let samples = trace.samples();
    let values = samples.iter().cycle().skip(by).map(|(_, value)| *value);
    let moments = (0_u32..).map(|i| trace.step() * f64::from(i));
    Trace::new(moments.zip(values.take(samples.len())))
}

fn setting(case: &Case, seed: u64) -> Setting {
    Setting {
        traffic: Traffic {
            service: Duration::from_millis(case.service_ms),
            variation: 1.0,
            burst: case.burst,
            cpu_share: case.cpu_share,
        },
        boot: Duration::from_secs(4),
        promise: Promise::default(),
        check_interval: Duration::from_mins(2),
        seed,
    }
}

/// The first days of a recording.
fn rate(recording: usize, demand: f64, max: u32, days: f64) -> Result<Rate> {
    let (name, text) = RECORDINGS[recording];
    let trace = Trace::parse(text).with_context(|| format!("the recording {name}"))?;
    let start = trace.samples()[0].0;
    let window = start..start + 86_400.0 * days;
    let clip = Some(CLIP * f64::from(max));
    Rate::new(&trace, Scale::MeanDemand(demand), clip, window)
        .with_context(|| format!("the recording {name}"))
}

/// A project with a ladder as the example's, from 65 % for two workers to 90 % for the most.
fn project(max: u32) -> Result<Project> {
    let steps = f64::from(max.max(3) - 2);
    let percent = |n: u32| 65.0 + 25.0 * f64::from(n - 2) / steps;
    let rungs: Vec<String> = (2..=max)
        .map(|n| format!("\"scale_up_{n}\": {:.1}", percent(n)))
        .collect();
    let text = format!(
        r#"{{"bench": {{"enabled": true, "min_workers": 1, "max_workers": {max}, "cpu_thresholds": {{ {}, "scale_down_2": 45,
        "scale_down_1": 35 }}, "cpu_duration_minutes": {{"scale_up": 3, "scale_down": 15}}}}}}"#,
        rungs.join(", ")
    );
    let mut config = autoscaler::config::parse("bench", &text)
        .context("the bench's own configuration")?
        .config;
    config.projects.remove("bench").context("the bench's own project")
}

fn workers(count: f64) -> u32 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "tens")]
    let count = count.max(3.0).round() as u32;
    count
}

/// The answers for `0..count`, in their order.
fn on_all_cpus<T: Send>(count: usize, answer: impl Fn(usize) -> Result<T> + Sync) -> Result<Vec<T>> {
    let threads = std::thread::available_parallelism()?.get();
    let next = AtomicUsize::new(0);
    let mut answers: Vec<(usize, Result<T>)> = std::thread::scope(|scope| {
        let take = || {
            let taken = std::iter::from_fn(|| Some(next.fetch_add(1, Ordering::Relaxed)));
            let taken = taken.take_while(|i| *i < count);
            taken.map(|i| (i, answer(i))).collect::<Vec<_>>()
        };
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(take)).collect();
        workers
            .into_iter()
            .filter_map(|worker| worker.join().ok())
            .flatten()
            .collect()
    });
    answers.sort_by_key(|(i, _)| *i);
    answers.into_iter().map(|(_, answer)| answer).collect()
}
