//! All scenarios on one kernel: as many guests as it takes, since a scenario may end its guest.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};

use super::goods::Need;
use super::guest::Network;
use super::image::{self, Image, Kernel};
use super::kernels::KernelLine;
use super::payload::{self, Payload};
use super::scenarios::Scenario;
use super::verdict::{Event, Verdict};
use super::{Machine, guest, verdict};
use crate::kubernetes::Plane;

/// Where journals, consoles and figures are kept: a folder for each kernel release.
pub(super) fn artefacts() -> PathBuf {
    image::vm_folder().join("artefacts")
}

/// Runs the scenarios on a kernel. One whose guest ended under it gets another guest, once, and so does one in which what was
/// waited for did not come in time: an emulated CPU on a crowded machine makes kernels stumble that never do elsewhere, and
/// leaves servers less than their load needs. What was wrong is never tried again.
pub(super) fn run(
    image: &Image,
    line: KernelLine,
    scenarios: &[Scenario],
    files: &[PathBuf],
    machine: Machine,
) -> Result<Vec<Verdict>> {
    let kernel = image.kernel(line)?;
    let mut waiting = scenarios.to_vec();
    let mut verdicts: Vec<Verdict> = Vec::new();
    let mut first_tries = HashMap::new();
    while let Some(cpus) = waiting.first().map(|scenario| scenario.cpus) {
        let together: Vec<_> = waiting
            .iter()
            .filter(|scenario| scenario.cpus == cpus)
            .cloned()
            .collect();
        let machine = Machine {
            cpus: cpus.unwrap_or(machine.cpus),
            ..machine
        };
        for mut verdict in one_guest(image, &kernel, &together, files, machine)? {
            verdict.first_try = first_tries.remove(&verdict.scenario);
            if verdict.deserves_another() {
                println!("  {} once more, in another guest", verdict.scenario);
                keep_apart(&artefacts().join(&kernel.release), &verdict);
                first_tries.insert(verdict.scenario, verdict.detail);
            } else {
                verdicts.push(verdict);
            }
        }
        waiting.retain(|scenario| !verdicts.iter().any(|verdict| verdict.scenario == scenario.name));
    }
    // Beside the journals that it sums up: runs on two kernels at a time would write over one table of both.
    let table = artefacts().join(&kernel.release).join("table.md");
    fs::write(&table, verdict::table(&verdicts)).with_context(|| format!("{}", table.display()))?;
    Ok(verdicts)
}

/// Boots one guest for these scenarios. Gives at least one verdict: when the guest ends early, the scenario it was in has
/// failed, and the ones after it have no verdict yet, unless no guest would get that far.
fn one_guest(
    image: &Image,
    kernel: &Kernel,
    scenarios: &[Scenario],
    files: &[PathBuf],
    machine: Machine,
) -> Result<Vec<Verdict>> {
    let folder = artefacts().join(&kernel.release);
    // Of its own, so that guests of two kernels can run side by side.
    let disk = image::vm_folder().join(format!("payload-{}.ext4", kernel.release));
    // One for each guest: what the one before left there would be this one's.
    let wants_cluster = scenarios
        .iter()
        .any(|scenario| scenario.needs == Some(Need::Kubernetes));
    let plane = wants_cluster.then(Plane::start).transpose()?;
    let payload = Payload {
        scenarios: scenarios.to_vec(),
        files: files
            .iter()
            .cloned()
            .chain(plane.as_ref().map(Plane::for_guest))
            .collect(),
    };
    payload.write(&disk)?;
    println!(
        "booting {} on {} CPUs for {} scenario(s)",
        kernel.release,
        machine.cpus,
        scenarios.len()
    );
    let begun = Instant::now();
    let network = if plane.is_some() {
        Network::Loopback
    } else {
        Network::None
    };
    let command = guest::qemu(
        image,
        kernel,
        &disk,
        machine,
        network,
        "quiet systemd.show_status=0",
    );
    let ended = guest::run(command, image.arch, &folder.join("boot"), tell)?;
    keep(&disk, &folder)?;

    let mut running = None;
    let mut verdicts = Vec::new();
    for event in ended.events {
        match event {
            Event::Start { scenario, .. } => running = Some(scenario),
            Event::Verdict(verdict) => verdicts.push(verdict),
        }
    }
    let judged = |name: &str, verdicts: &[Verdict]| verdicts.iter().any(|v| v.scenario == name);
    let Some(next) = scenarios.iter().find(|s| !judged(&s.name, &verdicts)) else {
        return Ok(verdicts);
    };
    let why = ended
        .killed
        .unwrap_or_else(|| "the guest ended without a verdict".to_owned());
    let lost: Vec<String> = match running {
        // It does not boot: another guest would end the same way.
        None => scenarios.iter().map(|scenario| scenario.name.clone()).collect(),
        Some(name) if !judged(&name, &verdicts) => vec![name],
        Some(_) => vec![next.name.clone()],
    };
    for name in lost {
        let verdict = Verdict::lost(&name, &kernel.release, &why, begun.elapsed());
        tell(&Event::Verdict(verdict.clone()));
        verdicts.push(verdict);
    }
    Ok(verdicts)
}

/// Keeps what a first try left from being written over by the second.
fn keep_apart(folder: &Path, verdict: &Verdict) {
    let (place, why) = if verdict.lost {
        ("boot", "lost")
    } else {
        (verdict.scenario.as_str(), "late")
    };
    let aside = folder.join(format!("{}-{why}", verdict.scenario));
    let _ = fs::remove_dir_all(&aside);
    let _ = fs::rename(folder.join(place), aside);
}

fn tell(event: &Event) {
    match event {
        Event::Start { scenario, .. } => println!("  {scenario} …"),
        Event::Verdict(v) => println!(
            "  {} on {}: {} ({} sent, {} failed, {} signals, {:.0} s) {}",
            v.scenario, v.kernel, v.result, v.sent, v.failed, v.signals, v.seconds, v.detail
        ),
    }
}

/// Adds what a guest left to the kernel's folder.
fn keep(disk: &Path, folder: &Path) -> Result<()> {
    let aside = folder.join("collected");
    let _ = fs::remove_dir_all(&aside);
    payload::collect(disk, &aside)?;
    let out = aside.join("out");
    if out.is_dir() {
        for entry in fs::read_dir(&out)? {
            let entry = entry?;
            let place = folder.join(entry.file_name());
            let _ = fs::remove_dir_all(&place);
            fs::rename(entry.path(), &place).with_context(|| format!("{}", place.display()))?;
        }
    }
    fs::remove_dir_all(&aside)?;
    Ok(())
}
