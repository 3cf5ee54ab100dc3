//! What many cgroups cost. A measurement, not a check: speed is the machine's.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use autoscaler::host::process::Procfs;
use autoscaler::host::usage;
use autoscaler::top::model::{Model, SortKey};
use autoscaler::top::sample::{Projects, Sampler};
use autoscaler::top::screen::Screen;
use autoscaler::top::view::{self, Regions, Theme};
use autoscaler_tests::{ScratchCgroup, require_root_bpf};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

const SLICES: usize = 20;
const SERVICES: usize = 100;
const PASSES: u32 = 10;

/// `cargo test --profile bench -p autoscaler-tests --test top -- --ignored --nocapture two_thousand`
#[test]
#[ignore = "a measurement of 2 000 cgroups: run it by name"]
fn two_thousand_cgroups() -> Result<()> {
    if !require_root_bpf() {
        return Ok(());
    }
    let scratch = ScratchCgroup::new("scale")?;
    for slice in 0..SLICES {
        let slice = scratch.child(&format!("s{slice}.slice"))?;
        for service in 0..SERVICES {
            std::fs::create_dir(slice.join(format!("u{service}.service")))?;
        }
    }
    let (source, why) = usage::open();
    println!("source {:?} {why:?}", source.kind());
    let mut model = Model::default();
    let mut sampler = Sampler::new(Procfs::default(), None, Projects::default())?;
    sampler.take_from(source, None);
    let mut screen = Screen::new(SortKey::Cpu, false, None, Duration::from_secs(1));
    let mut terminal = Terminal::new(TestBackend::new(120, 40))?;
    let (mut sampling, mut drawing, mut slowest) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    // The first pass reads everything: it is not what goes on second after second.
    model.apply(sampler.sample(&screen.attention(&model))?);
    let mut last = model.taken_at().context("no sample")?;
    let mut own = Vec::new();
    for _ in 0..PASSES {
        std::thread::sleep(Duration::from_secs(1));
        let start = Instant::now();
        model.apply(sampler.sample(&screen.attention(&model))?);
        sampling += start.elapsed();
        let start = Instant::now();
        let regions = Regions::of(terminal.size()?.into(), 0);
        screen.settle(&model, regions.page());
        terminal.draw(|frame| view::draw(frame, &model, &screen, Theme::new(true)))?;
        drawing += start.elapsed();
        slowest = slowest.max(start.elapsed());
        let now = model.taken_at().context("no sample")?;
        anyhow::ensure!(now > last, "no time passed");
        last = now;
        own.extend(model.host.and_then(|host| host.own_cpu_percent));
    }
    println!(
        "{} cgroups: a pass {:?}, a frame {:?} (slowest {slowest:?}), own CPU {:.2} % of one CPU at 1 s",
        model.entries().count(),
        sampling / PASSES,
        drawing / PASSES,
        own.iter().sum::<f64>() / own.len().max(1) as f64
    );
    Ok(())
}
