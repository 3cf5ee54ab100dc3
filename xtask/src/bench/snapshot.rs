//! Time to read the usage of many cgroups at once.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use autoscaler::host::usage::{CpuStatSource, EbpfSource, UsageSource};
use autoscaler_tests::ScratchCgroup;
use serde_json::json;

use super::programs::ours;
use super::report::Section;
use super::series::Series;

const SIZES: [usize; 3] = [10, 1_000, 10_000];

pub(super) fn measure(rounds: u32) -> Result<Section> {
    let mut rows = Vec::new();
    let mut data = Vec::new();
    for size in SIZES {
        let parent = ScratchCgroup::new("bench-snapshot")?;
        let cgroups = populate(parent.path(), size)?;
        let mut source = ours()?;
        run_in_each(parent.path())?;
        let unit = [parent.path().to_path_buf()];
        ensure!(
            source
                .read(&cgroups)?
                .usage
                .iter()
                .flatten()
                .filter(|usage| usage.cpu_ns > 0)
                .count()
                == size,
            "not every cgroup has been seen to run"
        );
        let all = time(rounds, || read(&mut source, &cgroups))?;
        let one = time(rounds, || read(&mut source, &unit))?;
        let files = time(rounds, || read_files(&cgroups))?;
        let mut open = CpuStatSource::default();
        open.read(&cgroups)?;
        let kept_open = time(rounds, || open.read(&cgroups).map(drop))?;
        rows.push(vec![
            size.to_string(),
            all.show(3),
            one.show(3),
            files.show(3),
            kept_open.show(3),
            format!("{:.1}x", files.median() / all.median()),
        ]);
        data.push(json!({
            "cgroups": size,
            "ours_all_ms": all.json(),
            "ours_one_unit_ms": one.json(),
            "cpu_stat_ms": files.json(),
            "cpu_stat_kept_open_ms": kept_open.json(),
        }));
    }
    Ok(Section {
        title: "Snapshot",
        note: format!(
            "Milliseconds for one reading (flush on every CPU, read, add up), {rounds} rounds; each cgroup has run. \
             The last column is opening each `cpu.stat` against ours, all cgroups asked."
        ),
        columns: vec![
            "cgroups",
            "ours, all asked",
            "ours, the unit above them",
            "cpu.stat opened",
            "cpu.stat kept open",
            "faster",
        ],
        rows,
        data: json!(data),
    })
}

fn time(rounds: u32, mut once: impl FnMut() -> Result<()>) -> Result<Series> {
    once()?;
    (0..rounds)
        .map(|_| {
            let start = Instant::now();
            once()?;
            Ok(start.elapsed().as_secs_f64() * 1e3)
        })
        .collect()
}

fn read(source: &mut EbpfSource, cgroups: &[PathBuf]) -> Result<()> {
    source.read(cgroups).map(drop)
}

/// What a program without any preparation does.
fn read_files(cgroups: &[PathBuf]) -> Result<()> {
    let mut total = 0;
    for cgroup in cgroups {
        let text = fs::read_to_string(cgroup.join("cpu.stat"))?;
        let usage = text
            .lines()
            .find_map(|line| line.strip_prefix("usage_usec ")?.parse::<u64>().ok());
        total += usage.context("cpu.stat without usage_usec")?;
    }
    ensure!(total > 0, "nothing has run");
    Ok(())
}

fn populate(parent: &Path, size: usize) -> Result<Vec<PathBuf>> {
    (0..size)
        .map(|number| {
            let path = parent.join(number.to_string());
            fs::create_dir(&path).with_context(|| format!("cannot make {}", path.display()))?;
            Ok(path)
        })
        .collect()
}

/// Lets a process run in every cgroup below `parent`, so that each has something to be read.
fn run_in_each(parent: &Path) -> Result<()> {
    let script = "for cgroup in \"$1\"/*/; do echo $$ > \"$cgroup/cgroup.procs\"; /bin/true; done; \
                  echo $$ > \"$1/cgroup.procs\"";
    let status = Command::new("sh")
        .args(["-c", script, "sh"])
        .arg(parent)
        .stdin(Stdio::null())
        .status()
        .context("cannot run sh")?;
    ensure!(status.success(), "sh ended with {status}");
    Ok(())
}
