//! The recordings themselves, and what must hold for any of them.

mod csv;
mod figures;
mod properties;
mod schedules;
mod suggestion;

use std::path::Path;
use std::time::Duration;

use super::{Comparison, Demand, Run, Scale, Service, Trace, Work, compare};
use crate::config::parse;
use crate::model::Project;

/// The project of the shipped example.
fn backdipro() -> Project {
    let text = include_str!("../../../../packaging/autoscaler.example.json");
    parse("example", text)
        .unwrap()
        .config
        .projects
        .remove("backdipro")
        .unwrap()
}

fn recording(name: &str) -> Trace {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("testdata/traces")
        .join(name);
    Trace::read(std::fs::File::open(path).unwrap()).unwrap()
}

fn demand(trace: &Trace, mean: f64) -> Demand {
    let all = f64::NEG_INFINITY..f64::INFINITY;
    Demand::new(trace, Scale::MeanDemand(mean), Duration::from_mins(2), all).unwrap()
}

const AMPLE: Service = Service {
    cpus: 6,
    memory_mib: None,
    work: Work::Computes,
};

fn run<'c>(comparison: &'c Comparison, policy: &str) -> &'c Run {
    comparison.runs.iter().find(|run| run.policy == policy).unwrap()
}

fn compared(name: &str) -> Comparison {
    compare(&demand(&recording(name), 2.0), &backdipro(), AMPLE, false)
}
