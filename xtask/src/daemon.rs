//! The real daemon, optimized, watching as many services as one asks for: what it takes of memory and CPU.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use autoscaler_tests::Address;
use autoscaler_tests::cgroup::ScratchCgroup;
use autoscaler_tests::daemon::run_command;
use autoscaler_tests::venv::target_dir;
use autoscaler_tests::wait::until;

use crate::cargo::cargo;
use crate::workspace;

/// Checks after which the memory is read.
pub(crate) const CHECKS: usize = 60;

/// Checks that are not counted: the first read what the later ones find unchanged.
const FIRST: usize = 3;

/// Time between them: what a check costs and what the daemon keeps do not depend on it.
const SECONDS: f64 = 0.5;

/// Scrapes of its metrics after them.
const SCRAPES: usize = 60;

/// Longest that they may take, on a busy machine too.
const LIMIT: Duration = Duration::from_mins(3);

/// Something that looks like gunicorn, in the cgroup that it is given: a process that catches both signals, and two forks of it that
/// end in good order on SIGTERM. They wait for input that never comes.
const SERVER: &str = "echo $$ > $0/cgroup.procs; exec 3<&0; trap : TTIN TTOU; \
     worker() { trap : TERM; read -r _ <&3; }; worker & worker & while :; do wait; done";

/// What the daemon took.
pub(crate) struct Taken {
    /// After the last check.
    pub(crate) memory: Memory,
    /// After its metrics have been scraped, too.
    pub(crate) scraped: Memory,
    /// CPU time of one check, all threads, mean.
    pub(crate) cpu_per_check: Duration,
}

/// Memory of a process, KiB: the fields of /proc/PID/status (`proc_pid_status(5)`).
pub(crate) struct Memory {
    /// `VmRSS`.
    pub(crate) resident: u64,
    /// `RssAnon`: without the pages of the program's own file, which the kernel can drop.
    pub(crate) anonymous: u64,
    /// `VmHWM`: the most that was resident at any time.
    pub(crate) peak: u64,
}

/// The name of a project.
pub(crate) fn name(number: u32) -> String {
    format!("project{number:02}")
}

/// Time for which promises are kept while it is measured.
const KEPT: Duration = Duration::from_secs(30);

/// The CPU time that the optimized daemon takes in a second to keep the promises of so many projects: each is looked at every
/// second, and nothing else is to be done.
pub(crate) fn promises(home: &Path, projects: u32) -> Result<Duration> {
    build()?;
    let servers = (0..projects).map(Server::start).collect::<Result<Vec<_>>>()?;
    let config = home.join("config.json");
    let rules = r#""policy": "target""#;
    fs::write(
        &config,
        configuration(&servers, &home.join("metrics.sock"), 600.0, rules),
    )?;
    let log = home.join("log");
    let daemon = run_command(&target_dir().join("release/autoscaler"), home, &config)
        .arg("--verbose")
        .stdout(fs::File::create(&log)?)
        .spawn()
        .context("cannot start the daemon")?;
    let daemon = Running(daemon);
    until("the first check", LIMIT, || {
        let text = fs::read_to_string(&log).ok()?;
        let told = text.lines().filter(|line| line.starts_with("[DEBUG]")).count();
        (told >= projects as usize).then_some(())
    })?;
    // What the start has left to be done is done by then.
    thread::sleep(Duration::from_secs(5));
    let (before, start) = (cpu(daemon.0.id())?, Instant::now());
    thread::sleep(KEPT);
    let taken = cpu(daemon.0.id())?.saturating_sub(before);
    Ok(taken.div_f64(start.elapsed().as_secs_f64()))
}

/// Builds the optimized daemon.
pub(crate) fn build() -> Result<()> {
    let built = cargo()
        .args(["build", "--quiet", "--release", "--package", "autoscaler"])
        .current_dir(workspace())
        .status()
        .context("cannot run cargo")?;
    ensure!(built.success(), "the program cannot be built");
    Ok(())
}

/// Runs the optimized daemon with its history in `home`/state.
pub(crate) fn measure(home: &Path, projects: u32) -> Result<Taken> {
    build()?;
    let servers = (0..projects).map(Server::start).collect::<Result<Vec<_>>>()?;
    let config = home.join("config.json");
    let metrics = home.join("metrics.sock");
    fs::write(&config, configuration(&servers, &metrics, SECONDS, LADDER))?;
    let program = target_dir().join("release/autoscaler");
    let log = home.join("log");
    let daemon = run_command(&program, home, &config)
        .arg("--verbose")
        .stdout(fs::File::create(&log)?)
        .spawn()
        .context("cannot start the daemon")?;
    let daemon = Running(daemon);
    let checked = |checks: usize| {
        // Each check tells of each project.
        let told = checks * projects as usize;
        until("the checks", LIMIT, || {
            let text = fs::read_to_string(&log).ok()?;
            (text.lines().filter(|line| line.starts_with("[DEBUG]")).count() >= told).then_some(())
        })
        .with_context(|| fs::read_to_string(&log).unwrap_or_default())
    };
    checked(FIRST)?;
    let before = cpu(daemon.0.id())?;
    checked(FIRST + CHECKS)?;
    let cpu_per_check = cpu(daemon.0.id())?.saturating_sub(before) / u32::try_from(CHECKS)?;
    let checked = memory(daemon.0.id())?;
    let metrics = Address::Unix(metrics);
    for _ in 0..SCRAPES {
        let (status, text) = metrics.get("/metrics", LIMIT)?;
        ensure!(status == 200, "the metrics: {status}: {text}");
    }
    Ok(Taken {
        memory: checked,
        scraped: memory(daemon.0.id())?,
        cpu_per_check,
    })
}

/// Rules by thresholds.
const LADDER: &str =
    r#""cpu_thresholds": { "scale_up_3": 75, "scale_up_4": 80, "scale_up_6": 90, "scale_down_2": 45 }"#;

fn configuration(servers: &[Server], metrics: &Path, seconds: f64, rules: &str) -> String {
    let projects: Vec<_> = servers
        .iter()
        .enumerate()
        .map(|(number, server)| {
            format!(
                r#""{}": {{ "enabled": true, "cgroup": "/{}", "min_workers": 2, "max_workers": 6,
                   {rules} }}"#,
                name(u32::try_from(number).unwrap_or(u32::MAX)),
                server.cgroup.relative().display()
            )
        })
        .collect();
    format!(
        r#"{{ "global": {{ "check_interval_seconds": {seconds}, "language": "en", "metrics": {{ "listen": "unix:{}" }} }},
              "projects": {{ {} }} }}"#,
        metrics.display(),
        projects.join(",\n")
    )
}

/// What a process holds of memory now.
pub(crate) fn memory(pid: u32) -> Result<Memory> {
    let path = format!("/proc/{pid}/status");
    let text = fs::read_to_string(&path).with_context(|| path.clone())?;
    let field = |name: &str| {
        text.lines()
            .find_map(|line| {
                line.strip_prefix(name)?
                    .trim()
                    .strip_suffix(" kB")?
                    .trim()
                    .parse()
                    .ok()
            })
            .with_context(|| format!("{path} has no {name}"))
    };
    Ok(Memory {
        resident: field("VmRSS:")?,
        anonymous: field("RssAnon:")?,
        peak: field("VmHWM:")?,
    })
}

/// CPU time of all threads, those that have ended too: `utime` and `stime` of /proc/PID/stat (`proc_pid_stat(5)`).
pub(crate) fn cpu(pid: u32) -> Result<Duration> {
    let path = format!("/proc/{pid}/stat");
    let text = fs::read_to_string(&path).with_context(|| path.clone())?;
    let after_name = text.rsplit_once(')').map_or("", |(_, rest)| rest);
    // Fields 14 and 15; the first after the name is the third.
    let ticks = after_name
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(str::parse::<u64>)
        .sum::<Result<u64, _>>()
        .with_context(|| path.clone())?;
    let per_second = rustix::param::clock_ticks_per_second();
    Ok(Duration::from_millis(ticks * 1000 / per_second))
}

/// A stand-in for a server, in a cgroup of its own.
struct Server {
    // Ended before its cgroup, which takes its children with it.
    _process: Running,
    cgroup: ScratchCgroup,
}

impl Server {
    fn start(number: u32) -> Result<Self> {
        let cgroup = ScratchCgroup::new(&name(number))?;
        let mut command = Command::new("bash");
        command
            .args(["-c", SERVER])
            .arg(cgroup.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::null());
        let process = Running(command.spawn().context("cannot start bash")?);
        Ok(Self {
            _process: process,
            cgroup,
        })
    }
}

/// A process that is killed by its pid when it is dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
