//! `autoscaler check` over real servers: what is well, what is wrong, and that nothing is touched.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result};
use autoscaler_tests::daemon::{config, program};
use autoscaler_tests::server::{Options, state};
use autoscaler_tests::tools::{Tool, require};
use autoscaler_tests::{Daemon, Home, ScratchCgroup, Server, Venv, require_root, require_root_bpf, until};
use serde_json::Value;

const LIMIT: Duration = Duration::from_secs(30);
const RUNGS: &str = r#""min_workers": 1, "max_workers": 4,
    "cpu_thresholds": { "scale_up_2": 70, "scale_up_3": 80, "scale_up_4": 90, "scale_down_1": 1 }"#;
/// The overflow user and group of the kernel.
const NOBODY: u32 = 65534;

/// What `autoscaler check --json` printed, and its exit code.
struct Checked {
    code: Option<i32>,
    json: Value,
}

impl Checked {
    fn of(output: &Output) -> Result<Self> {
        let json = serde_json::from_slice(&output.stdout).with_context(|| format!("{output:?}"))?;
        Ok(Self {
            code: output.status.code(),
            json,
        })
    }

    /// The grade of a finding, by the name of its project (empty for the host) and its own.
    fn grade(&self, project: &str, code: &str) -> Option<&str> {
        self.finding(project, code)?["grade"].as_str()
    }

    fn finding(&self, project: &str, code: &str) -> Option<&Value> {
        let findings = self.json["findings"].as_array()?;
        findings.iter().find(|finding| {
            finding["project"].as_str().unwrap_or_default() == project && finding["code"] == code
        })
    }
}

fn command(home: &Home) -> Command {
    let mut command = Command::new(program());
    command
        .arg("check")
        .arg("--config")
        .arg(home.config())
        .arg("--runtime-dir")
        .arg(home.runtime())
        .arg("--state-dir")
        .arg(home.state())
        .stdin(Stdio::null());
    command
}

fn check(home: &Home) -> Result<Checked> {
    Checked::of(&command(home).arg("--json").output()?)
}

/// A gunicorn in a cgroup of its own, and a configuration for it.
struct Scene {
    home: Home,
    server: Server,
    /// Removed last, with what is still in it.
    cgroup: ScratchCgroup,
}

fn scene(label: &str, options: &Options) -> Result<Scene> {
    let cgroup = ScratchCgroup::new(label)?;
    let server = Server::gunicorn(&Venv::gunicorn("23.0.0")?, &cgroup, options)?;
    let home = Home::new(&config(&cgroup.relative(), 0.5, RUNGS))?;
    Ok(Scene { home, server, cgroup })
}

#[test]
fn a_good_host_passes_and_nothing_is_touched() -> Result<()> {
    if !require_root_bpf() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let scene = scene("check-good", &Options::workers(2))?;
    let workers = scene.server.workers();
    let checked = check(&scene.home)?;
    assert_eq!(checked.code, Some(0), "{:#}", checked.json);
    assert_eq!(checked.json["errors"], 0);
    for fact in ["config_loaded", "kernel", "host", "cgroup_tree", "btf", "source"] {
        assert_eq!(checked.grade("", fact), Some("ok"), "{fact}: {:#}", checked.json);
    }
    assert!(
        checked.finding("", "without_ebpf").is_none(),
        "{:#}",
        checked.json
    );
    for fact in ["place", "workers", "signals", "cpu"] {
        assert_eq!(
            checked.grade("site", fact),
            Some("ok"),
            "{fact}: {:#}",
            checked.json
        );
    }
    let words = checked.finding("site", "workers").context("workers")?["words"].to_string();
    assert!(
        words.contains(&scene.server.master_pid().to_string()) && words.contains("2 workers of 1..4"),
        "{words}"
    );
    assert_eq!(checked.grade("", "no_daemon"), Some("warning"));

    assert_eq!(scene.server.workers(), workers, "the same processes");
    assert_ne!(state(scene.server.master_pid()), Some('T'));
    assert!(
        !scene.home.state().exists() && !scene.home.runtime().exists(),
        "nothing was made"
    );
    Ok(())
}

#[test]
fn whoever_reads_may_have_seen_enough() -> Result<()> {
    let home = Home::new(r#"{ "projects": {} }"#)?;
    let mut child = command(&home)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    drop(child.stdout.take());
    let ended = child.wait_with_output()?;
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(!said.contains("panicked"), "{said}");
    Ok(())
}

#[test]
fn a_running_daemon_is_found_and_its_metrics_too() -> Result<()> {
    if !require_root() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let scene = scene("check-daemon", &Options::workers(1))?;
    let socket = scene.home.runtime().join("metrics.sock");
    let text = fs::read_to_string(scene.home.config())?;
    let global = format!(
        r#""global": {{ "metrics": {{ "listen": "unix:{}" }},"#,
        socket.display()
    );
    scene
        .home
        .configure(&text.replacen(r#""global": {"#, &global, 1))?;
    fs::create_dir(scene.home.runtime())?;
    assert_eq!(check(&scene.home)?.grade("", "metrics_free"), Some("ok"));

    let daemon = Daemon::start(scene.home.command())?;
    daemon.wait_line("metrics are served", LIMIT)?;
    let checked = until("the daemon to answer", LIMIT, || {
        let checked = check(&scene.home).ok()?;
        checked.finding("", "daemon").is_some().then_some(checked)
    })?;
    let words = checked.finding("", "daemon").context("daemon")?["words"].to_string();
    assert!(words.contains(&format!("pid {}", daemon.pid())), "{words}");
    assert_eq!(
        checked.grade("", "metrics_served"),
        Some("ok"),
        "{:#}",
        checked.json
    );
    assert_eq!(checked.grade("", "history"), Some("ok"));
    daemon.end()
}

#[test]
fn a_damaged_history_and_one_that_is_a_directory_are_told() -> Result<()> {
    let home = Home::new("{}")?;
    fs::create_dir_all(home.state())?;
    let store = home.state().join("history.db");
    fs::write(
        &store,
        "no database, and longer than the header of one".repeat(20),
    )?;
    let damaged = check(&home)?;
    let finding = damaged.finding("", "history_damaged").context("told")?;
    assert_eq!(finding["grade"], "warning");
    assert!(store.exists(), "it is the daemon that moves it aside");
    let directory = home.state().join("no-file");
    fs::create_dir(&directory)?;
    let other = format!(r#"{{ "global": {{ "history": {{ "path": {directory:?} }} }} }}"#);
    home.configure(&other)?;
    assert!(check(&home)?.finding("", "history_unusable").is_some());
    Ok(())
}

#[test]
fn a_server_behind_a_shell_is_recognised() -> Result<()> {
    if !require_root() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let options = Options {
        wrapper_shell: true,
        ..Options::workers(1)
    };
    let scene = scene("check-wrapper", &options)?;
    let checked = check(&scene.home)?;
    let words = checked.finding("site", "workers").context("workers")?["words"].to_string();
    assert!(
        words.contains(&format!("master {}", scene.server.master_pid())),
        "{words}"
    );
    assert_eq!(checked.grade("site", "signals"), Some("ok"));
    assert_eq!(checked.code, Some(0), "{:#}", checked.json);
    Ok(())
}

/// A `sleep` in a cgroup. Dropping it kills it.
struct Sleeper(std::process::Child);

impl Drop for Sleeper {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn what_is_no_server_is_an_error_that_says_what_to_do() -> Result<()> {
    if !require_root() {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("check-sleep")?;
    let sleeper = Sleeper(Command::new("sleep").arg("300").spawn()?);
    cgroup.add(sleeper.0.id())?;
    let text = config(&cgroup.relative(), 0.5, RUNGS);
    let home = Home::new(&text)?;
    let checked = check(&home)?;
    assert_eq!(checked.code, Some(1), "{:#}", checked.json);
    assert_eq!(checked.grade("site", "not_a_worker_server"), Some("error"));
    let advice = &checked.finding("site", "not_a_worker_server").context("it")?["advice"];
    assert!(advice.to_string().contains("gunicorn"), "{advice}");
    assert_ne!(state(sleeper.0.id()), Some('T'), "it was not stopped");

    // Disabled, it harms nobody yet.
    home.configure(&text.replace(r#""enabled": true"#, r#""enabled": false"#))?;
    let checked = check(&home)?;
    assert_eq!(checked.grade("site", "not_a_worker_server"), Some("warning"));
    assert_eq!(checked.code, Some(0), "{:#}", checked.json);
    Ok(())
}

#[test]
fn a_project_that_is_nowhere_is_an_error() -> Result<()> {
    if !require_root() {
        return Ok(());
    }
    let home = Home::new(&config(Path::new("autoscaler-test-nowhere"), 0.5, RUNGS))?;
    let checked = check(&home)?;
    assert_eq!(checked.grade("site", "cgroup_not_found"), Some("error"));
    assert_eq!(checked.code, Some(1));

    let unit = r#""service_name": "autoscaler-test-nowhere.service""#;
    let text = config(Path::new("x"), 0.5, RUNGS).replace(r#""cgroup": "/x""#, unit);
    home.configure(&text)?;
    let checked = check(&home)?;
    assert_eq!(checked.code, Some(1), "{:#}", checked.json);
    // With systemd the unit is unknown; without it nobody can tell where the unit is.
    let booted = Path::new("/run/systemd/system").exists();
    let code = if booted {
        "unit_not_found"
    } else {
        "no_service_manager"
    };
    assert_eq!(checked.grade("site", code), Some("error"), "{:#}", checked.json);
    let systemd = if booted { "systemd" } else { "no_systemd" };
    assert!(checked.finding("", systemd).is_some(), "{:#}", checked.json);
    Ok(())
}

#[test]
fn a_broker_that_is_down_is_an_error_of_its_project() -> Result<()> {
    if !require_root() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let scene = scene("check-broker", &Options::workers(1))?;
    let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let queue = format!(
        r#""min_workers": 1, "max_workers": 4, "redis_url": "redis://:s3cret@127.0.0.1:{port}/0",
           "queue_thresholds": {{ "scale_up_2": 10, "scale_down_1": 2 }}"#
    );
    scene
        .home
        .configure(&config(&scene.cgroup.relative(), 0.5, &queue))?;
    let output = command(&scene.home).arg("--json").output()?;
    assert!(!String::from_utf8_lossy(&output.stdout).contains("s3cret"));
    let checked = Checked::of(&output)?;
    assert_eq!(checked.code, Some(1), "{:#}", checked.json);
    let finding = checked
        .finding("site", "queue_unreadable")
        .context("no finding")?;
    assert_eq!(finding["grade"], "error");
    assert!(
        finding["words"]
            .to_string()
            .contains(&format!("127.0.0.1:{port}")),
        "{finding}"
    );
    Ok(())
}

/// The capabilities that the packaged unit leaves to the daemon, as setpriv takes them.
fn capabilities_of_the_unit() -> Result<String> {
    let unit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging/autoscaler.service");
    let text = fs::read_to_string(unit)?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("CapabilityBoundingSet="));
    let names = line.context("no CapabilityBoundingSet=")?.split_whitespace();
    let kept = names.map(|name| format!(",+{}", name.trim_start_matches("CAP_").to_lowercase()));
    Ok(format!("-all{}", kept.collect::<String>()))
}

#[test]
fn the_packaged_unit_may_read_a_broker_url_from_another_users_environment() -> Result<()> {
    if !require_root() || !require(&[Tool::UtilLinux]) {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("check-environment")?;
    let mut process = Command::new("sleep")
        .arg("600")
        .uid(NOBODY)
        .gid(NOBODY)
        .env("BROKER_URL", "redis://:s3cret@127.0.0.1:1/0")
        .spawn()?;
    let looked: Result<(String, String)> = (|| {
        cgroup.add(process.id())?;
        let queue =
            r#""min_workers": 1, "max_workers": 4, "tasks_per_worker": 9, "broker_url_env": "BROKER_URL""#;
        let home = Home::new(&config(&cgroup.relative(), 0.5, queue))?;
        let words = |capabilities: &str| {
            let check = command(&home);
            let output = Command::new("setpriv")
                .args(["--bounding-set", capabilities])
                .arg(check.get_program())
                .args(check.get_args())
                .arg("--json")
                .output()
                .context("cannot run setpriv")?;
            assert!(!String::from_utf8_lossy(&output.stdout).contains("s3cret"));
            let checked = Checked::of(&output)?;
            let found = checked.finding("site", "queue_unreadable");
            anyhow::Ok(found.with_context(|| format!("{:#}", checked.json))?["words"].to_string())
        };
        Ok((words(&capabilities_of_the_unit()?)?, words("-all,+kill")?))
    })();
    process.kill()?;
    process.wait()?;
    let (packaged, bare) = looked?;
    assert!(packaged.contains("127.0.0.1:1 cannot be reached"), "{packaged}");
    assert!(bare.contains("CAP_DAC_READ_SEARCH and CAP_SYS_PTRACE"), "{bare}");
    Ok(())
}

#[test]
fn without_privilege_it_says_what_is_missing() -> Result<()> {
    if !require_root() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let scene = scene("check-user", &Options::workers(1))?;
    // A place where another user may read the configuration, and run the program.
    let directory = tempfile::tempdir()?;
    let open = |path: &Path| {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(path, fs::Permissions::from_mode(0o755))
    };
    let (file, binary) = (
        directory.path().join("config.json"),
        directory.path().join("autoscaler"),
    );
    fs::copy(scene.home.config(), &file)?;
    fs::copy(program(), &binary)?;
    for path in [directory.path(), &file, &binary] {
        open(path)?;
    }
    let output = Command::new(&binary)
        .args(["check", "--json", "--config"])
        .arg(&file)
        .args(["--state-dir", "/var/lib/autoscaler-test", "--runtime-dir"])
        .arg(directory.path())
        .uid(NOBODY)
        .gid(NOBODY)
        .output()?;
    let checked = Checked::of(&output)?;
    for fact in ["not_root", "without_ebpf", "history_not_writable"] {
        assert_eq!(
            checked.grade("", fact),
            Some("warning"),
            "{fact}: {:#}",
            checked.json
        );
    }
    let why = checked.finding("", "without_ebpf").context("why")?["words"].to_string();
    assert!(why.contains("CAP_BPF and CAP_PERFMON"), "{why}");
    assert_eq!(checked.grade("", "source"), Some("ok"), "cpu.stat in its place");
    let refused = checked.finding("site", "refused").context("may not signal")?;
    assert!(
        refused["words"].to_string().contains("not permitted to signal"),
        "{refused}"
    );
    assert_eq!(checked.code, Some(1));
    Ok(())
}

#[test]
fn a_bad_configuration_ends_with_2_and_the_host_is_looked_at_all_the_same() -> Result<()> {
    let home = Home::new(r#"{ "global": { "langage": "en" }, "projects": {} }"#)?;
    let checked = check(&home)?;
    assert_eq!(checked.code, Some(2), "{:#}", checked.json);
    let words = checked.finding("", "config_unusable").context("no finding")?["words"].to_string();
    assert!(
        words.contains("config.json:1:15") && words.contains("language"),
        "{words}"
    );
    assert_eq!(checked.grade("", "kernel"), Some("ok"));

    // For people, in their session's language, with the line and the caret below it.
    let output = command(&home).env("LC_ALL", "es_ES.UTF-8").output()?;
    let text = String::from_utf8(output.stdout)?;
    assert!(
        text.contains("configuración y máquina") && text.contains("  | {"),
        "{text}"
    );
    Ok(())
}

#[test]
fn a_report_speaks_one_language_and_counts_each_fault() -> Result<()> {
    let text = r#"{ "global": { "language": "en" }, "projects": { "web": { "enabled": True } }"#;
    let home = Home::new(text)?;
    let said = |language: &[&str]| -> Result<String> {
        let output = command(&home)
            .args(language)
            .env("LC_ALL", "es_ES.UTF-8")
            .output()?;
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        Ok(String::from_utf8(output.stdout)?)
    };
    let english = said(&[])?;
    assert!(
        english.starts_with("configuration and host"),
        "as the faulty file says: {english}"
    );
    assert!(english.contains("write true instead of True"), "{english}");
    home.configure(&text.replace(
        "True",
        r#""yes", "cgroup": "/x", "max_workers": "3", "cpu_treshold": {} }"#,
    ))?;
    let spanish = said(&["--language", "es"])?;
    assert!(spanish.starts_with("configuración y máquina"), "{spanish}");
    for words in [
        "sin comillas: escriba true",
        "sin comillas: escriba 3",
        "¿quería decir",
        "3 errores",
    ] {
        assert!(spanish.contains(words), "{words}: {spanish}");
    }
    for english in ["without", "must be", "did you mean", "write "] {
        assert!(!spanish.contains(english), "{english}: {spanish}");
    }
    Ok(())
}
