//! What the kernel's verifier goes through before it lets the programs in: a change that makes it a tenth more says so.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use autoscaler_tests::daemon::{RUNGS, config};
use autoscaler_tests::{Daemon, Home, ScratchCgroup, require_root_bpf, until};
use aya::programs::loaded_programs;

const LIMIT: Duration = Duration::from_mins(1);

/// Instructions by program, and by kernel line: a figure that is meant to grow is changed there.
const KNOWN: &str = "guest/verifier.json";

/// The one that a kernel may refuse without harm.
const ITERATOR: &str = "live";

type Costs = BTreeMap<String, u64>;

#[test]
fn no_program_is_a_tenth_more_to_verify_than_it_was() {
    if require_root_bpf() {
        check().expect("the programs cost what they are known to cost");
    }
}

fn check() -> Result<()> {
    let line = kernel_line()?;
    let Some(known) = known(&line)? else {
        eprintln!("skipped: {KNOWN} has no figures of Linux {line}");
        return Ok(());
    };
    let cgroup = ScratchCgroup::new("verifier")?;
    let watched = format!("{RUNGS}, \"requests\": true");
    let home = Home::new(&config(&cgroup.relative(), 1.0, &watched))?;
    let daemon = Daemon::start(home.command())?;
    let costs = until("all programs loaded", LIMIT, || {
        let costs = costs_of(daemon.pid()).ok()?;
        known
            .keys()
            .all(|program| program == ITERATOR || costs.contains_key(program))
            .then_some(costs)
    })
    .with_context(|| {
        format!(
            "of {known:?}; the daemon printed:\n{}",
            daemon.printed().join("\n")
        )
    })?;
    eprintln!("Linux {line}: {costs:?}");
    for (program, instructions) in &costs {
        // Whether a program can be loaded may be the machine's to say: functions are not traced everywhere.
        let Some(was) = known.get(program) else {
            eprintln!("{KNOWN} has no figure of `{program}` on Linux {line}: {instructions}");
            continue;
        };
        ensure!(
            instructions * 10 <= was * 11,
            "the verifier goes through {instructions} instructions of `{program}` on Linux {line}, before {was}: if that is meant, \
             write it into tests/{KNOWN}"
        );
    }
    daemon.end()
}

/// The known figures of a kernel line.
fn known(line: &str) -> Result<Option<Costs>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(KNOWN);
    let text = fs::read_to_string(&path).with_context(|| format!("{}", path.display()))?;
    let mut lines: BTreeMap<String, Costs> = serde_json::from_str(&text)?;
    Ok(lines.remove(line))
}

/// The first two numbers of the kernel's release, and the machine where it is not the usual one.
fn kernel_line() -> Result<String> {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let line: Vec<&str> = release.trim().splitn(3, '.').take(2).collect();
    let line = line.join(".");
    Ok(match std::env::consts::ARCH {
        "x86_64" => line,
        other => format!("{line} {other}"),
    })
}

/// Instructions of each program that this process holds: others may have loaded the same.
fn costs_of(pid: u32) -> Result<Costs> {
    let held = held_by(pid)?;
    let mut costs = Costs::new();
    for program in loaded_programs() {
        // One that was unloaded meanwhile is none of the daemon's.
        let Ok(program) = program else { continue };
        if held.contains(&program.id())
            && let (Some(name), Some(verified)) =
                (program.name_as_str(), program.verified_instruction_count())
        {
            costs.insert(name.to_owned(), verified.into());
        }
    }
    Ok(costs)
}

/// The ids of programs behind a process's file descriptors (`prog_id` in `/proc/PID/fdinfo`, kernel/bpf/syscall.c).
fn held_by(pid: u32) -> Result<Vec<u32>> {
    let mut held = Vec::new();
    for entry in fs::read_dir(format!("/proc/{pid}/fdinfo"))? {
        let Ok(text) = fs::read_to_string(entry?.path()) else {
            continue;
        };
        let id = text.lines().find_map(|line| line.strip_prefix("prog_id:"));
        held.extend(id.and_then(|id| id.trim().parse::<u32>().ok()));
    }
    Ok(held)
}
