//! `autoscaler export` as Prometheus, people and OpenTelemetry receivers meet it.

mod otlp;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use autoscaler_tests::daemon::program;
use autoscaler_tests::server::Options;
use autoscaler_tests::tools::{Tool, require};
use autoscaler_tests::{
    Address, Burner, Daemon, ScratchCgroup, Server, Venv, require_root, require_root_bpf, until,
};

const LIMIT: Duration = Duration::from_mins(1);

const CPU: &str = "autoscaler_host_cgroup_cpu_seconds_total";

const UID: &str = "1858680e-b044-4fd5-9dd4-f137e30e2180";
const ID: &str = "022c4ffba65e5031285fd427553e56c3fd6cc85a3a49f3fa2825d0a258d8a5d6";

/// An id that owns nothing here: that of `nobody` on most systems.
const NOBODY: u32 = 65534;

/// How often a server is asked.
const ASKED: usize = 12;

/// `autoscaler export` of what is below a cgroup.
fn export(program: &Path, below: &ScratchCgroup, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command
        .args(["export", "--language", "en", "--include"])
        .arg(format!("/{}/**", below.relative().display()))
        .args(arguments);
    command
}

fn once(program: &Path, below: &ScratchCgroup, arguments: &[&str]) -> Result<(String, String)> {
    let output = export(program, below, arguments).arg("--once").output()?;
    ensure!(output.status.success(), "{output:?}");
    Ok((
        String::from_utf8(output.stdout)?,
        String::from_utf8(output.stderr)?,
    ))
}

/// The line of a figure of the cgroup whose path ends so.
fn line<'t>(text: &'t str, name: &str, path: &str) -> Option<&'t str> {
    text.lines().find(|line| {
        let labels = line
            .strip_prefix(name)
            .and_then(|rest| rest.strip_prefix("{cgroup=\""));
        let cgroup = labels.and_then(|labels| labels.split('"').next());
        cgroup.is_some_and(|cgroup| cgroup.ends_with(path))
    })
}

fn value(text: &str, name: &str, path: &str) -> Option<f64> {
    line(text, name, path)?.rsplit_once(' ')?.1.parse().ok()
}

/// The value of a figure without labels.
fn plain(text: &str, name: &str) -> Option<f64> {
    let found = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    found?.parse().ok()
}

/// On-CPU time by the kernel's own account, s.
fn cpu_stat(cgroup: &Path) -> Result<f64> {
    let text = fs::read_to_string(cgroup.join("cpu.stat"))?;
    let usec = text.lines().find_map(|line| line.strip_prefix("usage_usec "));
    Ok(usec.context("no usage_usec")?.trim().parse::<f64>()? / 1e6)
}

/// Where it says that it serves.
fn address(exporter: &Daemon) -> Result<Address> {
    let told = exporter.wait_line("metrics are served at ", LIMIT)?;
    let port = told
        .split_once("http://127.0.0.1:")
        .and_then(|(_, rest)| rest.strip_suffix("/metrics"));
    Ok(Address::Loopback(port.context("a port of 127.0.0.1")?.parse()?))
}

fn fetch(at: &Address) -> Result<String> {
    let (status, text) = at.get("/metrics", LIMIT)?;
    ensure!(status == 200, "status {status}: {text}");
    Ok(text)
}

fn serving(below: &ScratchCgroup, arguments: &[&str]) -> Result<(Daemon, Address)> {
    let mut command = export(&program(), below, arguments);
    command.args(["--listen", "127.0.0.1:0"]);
    let exporter = Daemon::start(command)?;
    let at = address(&exporter)?;
    Ok((exporter, at))
}

/// A pod's cgroup with one container, as a kubelet with the systemd driver makes them.
fn pod(scratch: &ScratchCgroup) -> Result<PathBuf> {
    scratch.pod(UID, ID)
}

#[test]
fn a_container_is_told_with_its_pod_and_its_cpu_agrees_with_the_kernel_s_own_account() -> Result<()> {
    if !require_root() {
        return Ok(());
    }
    let scratch = ScratchCgroup::new("export-pod")?;
    let container = pod(&scratch)?;
    let _burner = Burner::busy(&container)?;
    until("some CPU to be used", LIMIT, || {
        cpu_stat(&container).ok().filter(|seconds| *seconds > 0.05)
    })?;
    let before = cpu_stat(&container)?;
    let (text, _) = once(&program(), &scratch, &[])?;
    let after = cpu_stat(&container)?;
    let scope = format!("cri-containerd-{ID}.scope");
    let told = value(&text, CPU, &scope).with_context(|| text.clone())?;
    // The two accounts are a tick apart at most.
    ensure!(
        before - 0.02 < told && told < after + 0.02,
        "{before} < {told} < {after}"
    );
    let line = line(&text, CPU, &scope).context("a line")?;
    for label in [
        format!("unit=\"{scope}\""),
        format!("container_id=\"{ID}\""),
        "runtime=\"containerd\"".to_owned(),
        format!("pod_uid=\"{UID}\""),
    ] {
        ensure!(line.contains(&label), "{label} is not in {line}");
    }
    let pod = value(&text, CPU, &format!("pod{}.slice", UID.replace('-', "_")));
    ensure!(pod >= Some(before - 0.02), "what is below is counted: {pod:?}");
    Ok(())
}

#[test]
fn counters_grow_from_scrape_to_scrape_and_what_has_gone_has_no_series() -> Result<()> {
    if !require_root_bpf() {
        return Ok(());
    }
    let scratch = ScratchCgroup::new("export-serve")?;
    let (busy, idle) = (scratch.child("busy.service")?, scratch.child("idle.service")?);
    let _burner = Burner::busy(&busy)?;
    let (exporter, at) = serving(&scratch, &[])?;
    let first = fetch(&at)?;
    ensure!(value(&first, CPU, "/idle.service") == Some(0.0), "{first}");
    ensure!(first.contains("autoscaler_build_info{"), "{first}");
    let wait = "autoscaler_host_cgroup_runqueue_wait_seconds_total";
    ensure!(value(&first, wait, "/busy.service").is_some(), "{first}");
    let then = value(&first, CPU, "/busy.service").context("no CPU")?;
    until("a scrape with more CPU", LIMIT, || {
        let now = value(&fetch(&at).ok()?, CPU, "/busy.service")?;
        (now > then + 0.1).then_some(())
    })?;
    fs::remove_dir(&idle)?;
    scratch.child("new.service")?;
    let text = fetch(&at)?;
    ensure!(line(&text, CPU, "/idle.service").is_none(), "{text}");
    ensure!(line(&text, CPU, "/new.service").is_some(), "{text}");
    exporter.end()
}

/// Pods that there are at a time.
const PODS: usize = 20;
const SCRAPES: usize = 100;

#[test]
fn pods_that_go_while_they_are_scraped_leave_every_scrape_whole() -> Result<()> {
    if !require_root() {
        return Ok(());
    }
    let scratch = ScratchCgroup::new("export-churn")?;
    scratch.child("stays.service")?;
    let (exporter, at) = serving(&scratch, &[])?;
    let scraped = AtomicBool::new(false);
    let (gone, seen) = thread::scope(|scope| -> Result<(usize, usize)> {
        let churn = scope.spawn(|| come_and_go(&scratch, &scraped));
        let seen = (0..SCRAPES).map(|_| pods_in(&fetch(&at)?)).sum::<Result<usize>>();
        scraped.store(true, Ordering::Relaxed);
        let gone = churn.join().expect("a panic among the pods")?;
        Ok((gone, seen?))
    })?;
    ensure!(gone > PODS && seen > 0, "{gone} pods went, {seen} were seen");
    let left = pods_in(&fetch(&at)?)?;
    ensure!(left == 0, "{left} that have gone have series");
    let told = exporter.printed();
    ensure!(told.len() == 1, "nothing is wrong with a pod that goes: {told:?}");
    exporter.end()
}

/// Makes pods and removes them, over and over; how many there were.
fn come_and_go(scratch: &ScratchCgroup, enough: &AtomicBool) -> Result<usize> {
    let mut gone = 0;
    while !enough.load(Ordering::Relaxed) {
        let uids = (0..PODS).map(|i| format!("{i:08x}{}", &UID[8..]));
        let pods = uids
            .map(|uid| scratch.pod(&uid, ID))
            .collect::<Result<Vec<_>>>()?;
        for container in &pods {
            fs::remove_dir(container)?;
            fs::remove_dir(container.parent().context("its pod")?)?;
        }
        gone += pods.len();
    }
    Ok(gone)
}

/// How many containers of pods have a figure in a scrape in which nothing is amiss.
fn pods_in(text: &str) -> Result<usize> {
    ensure!(value(text, CPU, "/stays.service").is_some(), "cut short: {text}");
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    for sample in samples {
        let value = sample.rsplit_once(' ').map(|(_, value)| value.parse::<f64>());
        ensure!(matches!(value, Some(Ok(_))), "no sample: {sample}");
    }
    let container = format!("container_id=\"{ID}\"");
    let has_cpu = |line: &&str| line.starts_with(CPU) && line.contains(&container);
    Ok(text.lines().filter(has_cpu).count())
}

#[test]
fn no_more_cgroups_have_series_than_may_and_always_the_same() -> Result<()> {
    if !require_root() {
        return Ok(());
    }
    let scratch = ScratchCgroup::new("export-limit")?;
    for name in ["b", "c", "d", "e"] {
        scratch.child(name)?;
    }
    let (exporter, at) = serving(&scratch, &["--limit", "3"])?;
    let have = || -> Result<Vec<&str>> {
        let text = fetch(&at)?;
        let names = ["a", "b", "c", "d", "e"];
        Ok(names
            .into_iter()
            .filter(|name| line(&text, CPU, &format!("/{name}")).is_some())
            .collect())
    };
    assert_eq!(have()?, ["b", "c", "d"]);
    scratch.child("a")?;
    assert_eq!(have()?, ["b", "c", "d"], "who has series keeps them");
    assert_eq!(plain(&fetch(&at)?, "autoscaler_cgroups_left_out"), Some(2.0));
    fs::remove_dir(scratch.path().join("c"))?;
    assert_eq!(have()?, ["b", "d", "e"], "the one that was seen first is next");
    let told = exporter.printed();
    let told = told.iter().filter(|line| line.contains("have no series"));
    assert_eq!(told.count(), 1);
    exporter.end()
}

#[test]
fn without_privilege_cpu_comes_from_cpu_stat_and_that_is_said() -> Result<()> {
    if !require_root() {
        return Ok(());
    }
    let scratch = ScratchCgroup::new("export-nobody")?;
    let busy = scratch.child("busy.service")?;
    let _burner = Burner::busy(&busy)?;
    until("some CPU to be used", LIMIT, || {
        cpu_stat(&busy).ok().filter(|seconds| *seconds > 0.0)
    })?;
    // Where anyone may run it: the build directory may be root's own.
    let public = tempfile::tempdir()?;
    fs::set_permissions(public.path(), fs::Permissions::from_mode(0o755))?;
    let copy = public.path().join("autoscaler");
    fs::copy(program(), &copy)?;
    let output = export(&copy, &scratch, &["--once", "--requests"])
        .uid(NOBODY)
        .gid(NOBODY)
        .output()?;
    let (text, said) = (
        String::from_utf8(output.stdout)?,
        String::from_utf8(output.stderr)?,
    );
    ensure!(output.status.success(), "{said}");
    ensure!(value(&text, CPU, "/busy.service") > Some(0.0), "{text}");
    ensure!(!text.contains("runqueue_wait"), "{text}");
    ensure!(said.contains("CPU comes from cpu.stat"), "{said}");
    ensure!(said.contains("requests cannot be seen here"), "{said}");
    Ok(())
}

#[test]
fn requests_of_a_server_that_nobody_has_named_are_counted() -> Result<()> {
    if !require_root_bpf() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let scratch = ScratchCgroup::new("export-requests")?;
    let server = Server::gunicorn(&Venv::gunicorn("23.0.0")?, &scratch, &Options::workers(2))?;
    let mut command = Command::new(program());
    command
        .args([
            "export",
            "--language",
            "en",
            "--listen",
            "127.0.0.1:0",
            "--requests",
            "--include",
        ])
        .arg(format!("/{}", scratch.relative().display()));
    let exporter = Daemon::start(command)?;
    let at = address(&exporter)?;
    let name = |figure: &str| format!("autoscaler_host_cgroup_{figure}");
    let path = format!("/{}", scratch.relative().display());
    // The first look finds who serves.
    let text = fetch(&at)?;
    ensure!(text.contains("autoscaler_requests_seen{by="), "{text}");
    let begun = |text: &str| value(text, &name("requests_begun_total"), &path);
    let before = begun(&text).unwrap_or(0.0);
    for _ in 0..ASKED {
        let (status, body) = server.address().get("/sleep/0.001", LIMIT)?;
        ensure!(status == 200, "{body}");
    }
    let text = until("all requests to be counted", LIMIT, || {
        let text = fetch(&at).ok()?;
        let answered = value(&text, &name("requests_answered_total"), &path)?;
        (answered >= before + ASKED as f64).then_some(text)
    })?;
    ensure!(begun(&text) == Some(before + ASKED as f64), "{text}");
    let waits = value(&text, &name("request_wait_seconds_count"), &path);
    ensure!(waits == begun(&text), "{waits:?} in\n{text}");
    ensure!(
        value(&text, &name("requests_busy_seconds_total"), &path) > Some(0.0),
        "{text}"
    );
    exporter.end()
}

#[test]
fn what_cannot_be_is_wrong_usage_and_says_what_to_write() -> Result<()> {
    let said = |arguments: &[&str]| -> Result<String> {
        let output = Command::new(program())
            .args(["export", "--language", "en"])
            .args(arguments)
            .output()?;
        ensure!(output.status.code() == Some(2), "{output:?}");
        Ok(String::from_utf8(output.stderr)?)
    };
    for (arguments, part) in [
        (["--listen", "0.0.0.0:9920"], "--allow-remote"),
        (["--listen", "nowhere"], "write 127.0.0.1:9920"),
        (["--otlp", "https://collector:4318"], "without TLS"),
        (["--otlp", "a collector"], "write http://HOST:4318"),
        (["--include", "/a["], "is no pattern"),
        (["--exclude", "user.slice/**"], "write /user.slice/**"),
        (["--interval", "0"], "1..=3600"),
    ] {
        let said = said(&arguments)?;
        ensure!(said.contains(part), "{arguments:?}: {said}");
    }
    Ok(())
}
