//! A running daemon asked and ordered over its control socket, with a real gunicorn to scale.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Output};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};
use autoscaler_tests::daemon::{config, program};
use autoscaler_tests::server::Options;
use autoscaler_tests::tools::{Tool, require};
use autoscaler_tests::{Daemon, Home, ScratchCgroup, Server, Venv, require_root, until};
use nix::sys::signal::Signal;
use serde_json::Value;

const LIMIT: Duration = Duration::from_secs(30);
const RUNGS: &str = r#""min_workers": 1, "max_workers": 4,
    "cpu_thresholds": { "scale_up_2": 70, "scale_up_3": 80, "scale_up_4": 90, "scale_down_1": 1 },
    "cpu_duration_minutes": { "scale_up": 3, "scale_down": 15 }"#;
/// The overflow user and group of the kernel.
const NOBODY: u32 = 65534;
const STATUS: &[u8] = b"{\"version\":1,\"command\":\"status\"}\n";

/// A daemon that checks twice a second over a gunicorn of `workers` workers.
struct Scene {
    home: Home,
    daemon: Daemon,
    server: Server,
    /// Removed last, with what is still in it.
    _cgroup: ScratchCgroup,
}

fn scene(label: &str, workers: u32) -> Result<Scene> {
    let cgroup = ScratchCgroup::new(label)?;
    let venv = Venv::gunicorn("23.0.0")?;
    let server = Server::gunicorn(&venv, &cgroup, &Options::workers(workers))?;
    let home = Home::new(&config(&cgroup.relative(), 0.5, RUNGS))?;
    Ok(Scene {
        daemon: started(&home)?,
        home,
        server,
        _cgroup: cgroup,
    })
}

/// The home's daemon, once it says so.
fn started(home: &Home) -> Result<Daemon> {
    let daemon = Daemon::start(home.command())?;
    daemon.wait_line("🚀 autoscaler", LIMIT)?;
    Ok(daemon)
}

impl Scene {
    fn ask(&self, args: &[&str]) -> Result<Output> {
        ask(&self.home, args)
    }

    /// Runs a command that must succeed, and returns what it printed.
    fn done(&self, args: &[&str]) -> Result<String> {
        let output = self.ask(args)?;
        assert!(
            output.status.success(),
            "{args:?}: {output:?}\n{:?}",
            self.daemon.printed()
        );
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Runs a command that must fail with 1, and returns its complaint.
    fn refused(&self, args: &[&str]) -> Result<String> {
        let output = self.ask(args)?;
        assert_eq!(output.status.code(), Some(1), "{args:?}: {output:?}");
        Ok(String::from_utf8(output.stderr)?)
    }

    /// The project as `autoscaler status --json` has it.
    fn site(&self) -> Result<Value> {
        let status: Value = serde_json::from_str(&self.done(&["status", "--json"])?)?;
        Ok(status["projects"][0].clone())
    }

    fn connect(&self) -> Result<UnixStream> {
        let stream = UnixStream::connect(self.home.runtime().join("control.sock"))?;
        stream.set_read_timeout(Some(LIMIT))?;
        Ok(stream)
    }
}

fn ask(home: &Home, args: &[&str]) -> Result<Output> {
    let mut command = Command::new(program());
    command.args(args).arg("--runtime-dir").arg(home.runtime());
    if args.first() == Some(&"why") {
        command.arg("--config").arg(home.config());
        command.arg("--state-dir").arg(home.state());
    }
    command
        .output()
        .with_context(|| format!("cannot run {}", program().display()))
}

#[test]
fn status_and_why_show_what_the_daemon_sees() -> Result<()> {
    if !require_root() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let scene = scene("control-status", 2)?;
    until("a check with figures", LIMIT, || {
        scene.site().ok()?["cpu_percent"].is_number().then_some(())
    })?;
    let site = scene.site()?;
    assert_eq!(site["workers"], 2);
    assert_eq!(
        (&site["min_workers"], &site["max_workers"]),
        (&1.into(), &4.into())
    );
    assert_eq!(site["up"][0]["threshold"], 80.0);
    assert_eq!(site["decision"]["action"], "hold");

    let table = scene.done(&["status"])?;
    assert!(
        table.contains("2 [1..4]") && table.contains("up to 3: CPU > 80%"),
        "{table}"
    );
    until("checks alike to be folded", LIMIT, || {
        let why = scene.done(&["why", "site", "--since", "10m"]).ok()?;
        (why.contains("hold at 2") && why.contains("checks, CPU")).then_some(())
    })?;
    assert!(scene.refused(&["why", "sit"])?.contains("did you mean \"site\"?"));
    assert!(scene.refused(&["status", "nobody"])?.contains("there are: site"));
    scene.daemon.end()
}

#[test]
fn status_watch_goes_on_through_a_restart_of_the_daemon() -> Result<()> {
    if !require_root() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let mut scene = scene("control-watch", 1)?;
    let mut command = Command::new(program());
    command
        .args(["status", "--watch", "--json", "--runtime-dir"])
        .arg(scene.home.runtime());
    let watch = Daemon::start(command)?;
    let shown = |daemon: &Daemon| watch.wait_line(&format!("\"pid\":{}", daemon.pid()), LIMIT);
    shown(&scene.daemon)?;

    scene.daemon.signal(Signal::SIGKILL)?;
    scene.daemon.wait_end()?;
    let silence = "the daemon has not answered since";
    watch.wait_line(silence, LIMIT)?;
    scene.daemon = started(&scene.home)?;
    shown(&scene.daemon)?;
    let printed = watch.printed();
    assert_eq!(
        printed.iter().filter(|line| line.contains(silence)).count(),
        1,
        "{printed:?}"
    );
    scene.daemon.end()
}

#[test]
fn a_count_by_hand_is_carried_out_logged_and_kept_over_a_restart() -> Result<()> {
    if !require_root() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let mut scene = scene("control-scale", 1)?;
    assert!(
        scene
            .done(&["scale", "site", "3"])?
            .contains("scaled to 3 workers")
    );
    assert_eq!(scene.server.workers().len(), 3);
    let ordered = scene.daemon.wait_line("3 workers, ordered by", LIMIT)?;
    assert!(ordered.contains("uid ") && ordered.contains("pid "), "{ordered}");
    let why = scene.done(&["why", "site"])?;
    assert!(
        why.contains("scale_up 1 -> 3: 3 workers ordered by hand"),
        "{why}"
    );

    for outside in ["0", "5"] {
        let said = scene.refused(&["scale", "site", outside])?;
        assert!(said.contains("may have 1 to 4 workers"), "{said}");
    }
    assert_eq!(scene.server.workers().len(), 3);

    scene.done(&["scale", "site", "2", "--for", "1h"])?;
    scene.server.wait_workers(2)?;
    assert_eq!(scene.site()?["order"]["workers"], 2);
    scene.daemon.signal(Signal::SIGKILL)?;
    scene.daemon.wait_end()?;
    assert!(
        scene.home.runtime().join("control.sock").exists(),
        "kill -9 leaves it behind"
    );
    scene.daemon = started(&scene.home)?;
    until("the order after the restart", LIMIT, || {
        let site = scene.site().ok()?;
        (site["order"]["workers"] == 2 && site["decision"]["reason"] == "by_hand").then_some(())
    })?;
    let resumed = scene.done(&["resume", "site"])?;
    assert!(resumed.contains("the thresholds rule again"), "{resumed}");
    assert!(scene.site()?["order"].is_null());
    scene.daemon.end()
}

#[test]
fn what_was_decided_is_told_after_a_restart_and_without_a_daemon() -> Result<()> {
    if !require_root() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let step = "scale_up 1 -> 2: 2 workers ordered by hand";
    let mut scene = scene("control-why", 1)?;
    until("checks before the order", LIMIT, || {
        let why = scene.done(&["why", "site"]).ok()?;
        (why.contains("hold at 1") && why.contains("checks, CPU")).then_some(())
    })?;
    scene.done(&["scale", "site", "2"])?;
    until("checks after it", LIMIT, || {
        scene
            .done(&["why", "site"])
            .ok()?
            .contains("hold at 2: CPU < 1% (scale_down_1)")
            .then_some(())
    })?;
    scene.daemon.end()?;

    let output = ask(&scene.home, &["why", "site", "--since", "10m"])?;
    let (alone, said) = (
        String::from_utf8(output.stdout)?,
        String::from_utf8(output.stderr)?,
    );
    assert!(output.status.success(), "{said}");
    assert!(said.contains("told from the history alone"), "{said}");
    let [before, ordered, after] = ["hold at 1", step, "hold at 2"].map(|part| alone.find(part));
    assert!(before.is_some() && before < ordered && ordered < after, "{alone}");
    assert!(
        alone.contains("✋ site.service: 2 workers, ordered by") && alone.contains("✅ scaled to 2 workers"),
        "{alone}"
    );

    scene.daemon = started(&scene.home)?;
    scene.done(&["scale", "site", "3"])?;
    let both = scene.done(&["why", "site"])?;
    let [first, second] = [step, "scale_up 2 -> 3: 3 workers ordered by hand"].map(|part| both.find(part));
    assert!(first.is_some() && first < second, "{both}");
    assert_eq!(both.matches(step).count(), 1, "{both}");
    scene.daemon.end()
}

#[test]
fn a_pause_holds_even_a_count_outside_the_bounds_until_it_is_over() -> Result<()> {
    if !require_root() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let scene = scene("control-pause", 4)?;
    scene.done(&["pause", "--all"])?;
    scene.daemon.wait_line("blocked: paused by hand", LIMIT)?;
    let one = RUNGS.replace("\"max_workers\": 4", "\"max_workers\": 3");
    let one = one.replace("\"scale_up_4\": 90, ", "");
    let before = fs::read_to_string(scene.home.config())?;
    scene.home.configure(&before.replace(RUNGS, &one))?;
    scene.daemon.signal(Signal::SIGHUP)?;
    until("the new bounds", LIMIT, || {
        (scene.site().ok()?["max_workers"] == 3).then_some(())
    })?;
    let checks = scene.site()?["decision"]["at"].as_i64();
    until("two more checks", LIMIT, || {
        (scene.site().ok()?["decision"]["at"].as_i64() > checks.map(|at| at + 1)).then_some(())
    })?;
    assert_eq!(scene.server.workers().len(), 4);
    scene.done(&["pause", "site", "--for", "1s"])?;
    scene.daemon.wait_line("the order by hand is over", LIMIT)?;
    scene.server.wait_workers(3)?;
    scene.daemon.end()
}

#[test]
fn no_client_hurts_the_daemon() -> Result<()> {
    if !require_root() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let scene = scene("control-clients", 1)?;
    let socket = scene.home.runtime().join("control.sock");
    assert_eq!(fs::metadata(&socket)?.mode() & 0o7777, 0o600);

    // Never reads, never writes, garbage, half a line: all at once.
    let mut deaf = Vec::new();
    for _ in 0..10 {
        let mut stream = scene.connect()?;
        stream.set_nonblocking(true)?;
        while stream.write(STATUS).is_ok() {}
        deaf.push(stream);
    }
    let mut garbage = scene.connect()?;
    garbage.write_all(b"\x00\xff\xfe{{{\n")?;
    let mut said = String::new();
    garbage.read_to_string(&mut said)?;
    assert!(said.contains("malformed"), "{said}");
    let mut half = scene.connect()?;
    half.write_all(b"{\"version\":1,")?;

    let clients: Vec<_> = (0..100)
        .map(|_| {
            let socket = socket.clone();
            thread::spawn(move || -> Result<bool> {
                let mut stream = UnixStream::connect(socket)?;
                stream.set_read_timeout(Some(LIMIT))?;
                stream.write_all(STATUS)?;
                stream.shutdown(std::net::Shutdown::Write)?;
                let mut answer = String::new();
                stream.read_to_string(&mut answer)?;
                Ok(answer.contains("\"site\""))
            })
        })
        .collect();
    for client in clients {
        assert!(client.join().expect("a client panicked")?);
    }
    let checked = scene.site()?["decision"]["at"].as_i64();
    until("checks to go on", LIMIT, || {
        (scene.site().ok()?["decision"]["at"].as_i64() > checked).then_some(())
    })?;
    drop((deaf, half));
    scene.daemon.end()?;
    assert!(!socket.exists(), "the socket goes with the daemon");
    Ok(())
}

#[test]
fn another_user_is_turned_away() -> Result<()> {
    if !require_root() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let scene = scene("control-user", 1)?;
    let socket = scene.home.runtime().join("control.sock");
    // Even where somebody opens the way to it, the kernel says who asks.
    let open = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode));
    let config = scene.home.config();
    let outer = config.parent().context("the home is a directory")?;
    let copy = outer.join("autoscaler");
    fs::copy(program(), &copy)?;
    open(&copy, 0o755)?;
    open(&socket, 0o666)?;
    open(&scene.home.runtime(), 0o755)?;
    open(outer, 0o755)?;
    let ask = || {
        Command::new(&copy)
            .args(["scale", "site", "2", "--runtime-dir"])
            .arg(scene.home.runtime())
            .uid(NOBODY)
            .gid(NOBODY)
            .current_dir("/")
            .output()
    };
    let asked = ask()?;
    let said = String::from_utf8_lossy(&asked.stderr);
    assert_eq!(asked.status.code(), Some(1), "{asked:?}");
    assert!(
        said.contains("uid 65534") && said.contains("may not talk to this daemon"),
        "{said}"
    );
    open(&socket, 0o600)?;
    let asked = ask()?;
    let said = String::from_utf8_lossy(&asked.stderr);
    assert!(said.contains("run this command with sudo"), "{said}");
    assert_eq!(scene.server.workers().len(), 1);
    scene.daemon.end()
}

#[test]
fn without_a_daemon_every_command_says_how_to_start_one() -> Result<()> {
    let home = Home::new("{}")?;
    for args in [
        &["status"][..],
        &["why", "site"],
        &["scale", "site", "2"],
        &["pause", "--all"],
        &["resume", "site"],
    ] {
        let output = ask(&home, args)?;
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("systemctl start autoscaler"), "{said}");
    }
    Ok(())
}

#[test]
fn the_daemons_language_or_the_one_asked_for_is_spoken_throughout() -> Result<()> {
    if !require_root() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let scene = scene("control-language", 2)?;
    scene.done(&["scale", "site", "3", "--for", "1h"])?;
    let why = |language: &[&str]| -> Result<String> {
        // Not at the default place: the configuration tells nothing.
        let output = Command::new(program())
            .args(["why", "site", "--runtime-dir"])
            .arg(scene.home.runtime())
            .args(language)
            .env("LC_ALL", "es_ES.UTF-8")
            .output()?;
        Ok(String::from_utf8(output.stdout)?)
    };
    let english = until("the step to be told", LIMIT, || {
        why(&[]).ok().filter(|text| text.contains("scaled to 3 workers"))
    })?;
    assert!(
        english.contains(" MB available") && !english.contains("disponibles"),
        "{english}"
    );
    let spanish = why(&["--language", "es"])?;
    for words in [
        "escalado a 3 workers",
        "por orden de",
        "orden manual de 3 workers",
        "disponibles",
    ] {
        assert!(spanish.contains(words), "{words}: {spanish}");
    }
    assert!(
        !spanish.contains("ordered by") && !spanish.contains(" at 3"),
        "{spanish}"
    );
    let status = scene.done(&["status", "--language", "es"])?;
    assert!(
        status.contains("PROYECTO") && status.contains("orden manual de 3 workers"),
        "{status}"
    );
    let unknown = scene.refused(&["status", "sitio", "--language", "es"])?;
    assert!(unknown.contains("no existe el proyecto"), "{unknown}");
    Ok(())
}
