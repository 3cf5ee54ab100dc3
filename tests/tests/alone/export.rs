//! What a scrape of very many cgroups costs. A measurement, not a check: speed is the machine's.

use std::time::{Duration, Instant};

use anyhow::Result;
use autoscaler::export::{Choice, Looker, Opened};
use autoscaler::metrics::{Format, text};
use autoscaler_tests::{ScratchCgroup, require_root_bpf};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike as _;

const SLICES: usize = 50;
const SERVICES: usize = 199;
const SCRAPES: u32 = 10;

/// `cargo test --profile bench -p autoscaler-tests --test alone -- --ignored --nocapture ten_thousand`
#[test]
#[ignore = "a measurement of 10 000 cgroups: run it by name"]
fn ten_thousand_cgroups() -> Result<()> {
    if !require_root_bpf() {
        return Ok(());
    }
    let scratch = ScratchCgroup::new("export")?;
    for slice in 0..SLICES {
        let slice = scratch.child(&format!("s{slice}.slice"))?;
        for service in 0..SERVICES {
            std::fs::create_dir(slice.join(format!("u{service}.service")))?;
        }
    }
    measure("the kernel program", Opened::open(false))?;
    measure("cpu.stat", Opened::without_programs())
}

fn measure(source: &str, opened: Opened) -> Result<()> {
    let mut looker = Looker::new(Choice::default(), 20_000, opened)?;
    // The first look reads everything: it is not what goes on scrape after scrape.
    let start = (cpu(), Instant::now());
    text(looker.look()?, Format::OpenMetrics)?;
    let first = (cpu().saturating_sub(start.0), start.1.elapsed());
    let (mut looking, mut writing, mut length, mut cgroups) = (Duration::ZERO, Duration::ZERO, 0, 0);
    let start = (cpu(), Instant::now());
    for _ in 0..SCRAPES {
        let before = cpu();
        let scrape = looker.look()?;
        cgroups = scrape.cgroups.len();
        let between = cpu();
        length = text(scrape, Format::OpenMetrics)?.len();
        looking += between.saturating_sub(before);
        writing += cpu().saturating_sub(between);
    }
    let (used, passed) = (cpu().saturating_sub(start.0), start.1.elapsed());
    println!(
        "{cgroups} cgroups by {source}: {:?} of CPU a scrape ({:?} looking, {:?} writing {} KiB), {:?} by the clock; \
         the first {:?} of CPU, {:?} by the clock",
        used / SCRAPES,
        looking / SCRAPES,
        writing / SCRAPES,
        length >> 10,
        passed / SCRAPES,
        first.0,
        first.1
    );
    Ok(())
}

/// CPU time of this process, user and system (getrusage(2)).
fn cpu() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_SELF).map(|usage| usage.user_time() + usage.system_time());
    let micros = usage.map_or(0, |time| time.num_microseconds());
    Duration::from_micros(u64::try_from(micros).unwrap_or(0))
}
