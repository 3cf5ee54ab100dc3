//! `autoscaler init` over real servers: what is proposed is what runs, and loads.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result};
use autoscaler::config::parse;
use autoscaler::model::{BrokerUrl, Project};
use autoscaler_tests::broker::{Access, Redis};
use autoscaler_tests::celery::{App, Worker};
use autoscaler_tests::daemon::program;
use autoscaler_tests::server::{Options, state};
use autoscaler_tests::tools::{Tool, require};
use autoscaler_tests::venv::NEWEST;
use autoscaler_tests::{ScratchCgroup, Server, Venv, require_root, until};

fn init(arguments: &[&str]) -> Result<Output> {
    Ok(Command::new(program()).arg("init").args(arguments).output()?)
}

/// The proposal, and its project over `cgroup`.
fn proposed(cgroup: &ScratchCgroup) -> Result<(String, Project)> {
    let output = init(&[])?;
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout)?;
    let loaded = parse("the proposal", &text).with_context(|| text.clone())?;
    let mut projects = loaded.config.projects.into_values();
    let project = projects.find(|project| project.target.cgroup() == Some(&cgroup.relative()));
    Ok((text.clone(), project.with_context(|| text)?))
}

#[test]
fn a_gunicorn_is_proposed_as_it_runs_and_left_alone() -> Result<()> {
    if !require_root() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("init-web")?;
    let server = Server::gunicorn(&Venv::gunicorn(NEWEST)?, &cgroup, &Options::workers(3))?;
    let workers = server.workers();
    let (text, project) = proposed(&cgroup)?;
    assert!(!project.enabled && project.queue.is_none(), "{text}");
    assert_eq!(project.bounds.min, 2);
    assert!(project.bounds.max >= 3, "no fewer than there are: {text}");
    let heading = format!(": gunicorn, master {}, 3 worker(s)", server.master_pid());
    assert!(text.contains(&heading), "{text}");
    assert_eq!(server.workers(), workers, "the same processes");
    assert_ne!(state(server.master_pid()), Some('T'));
    Ok(())
}

#[test]
fn a_celery_worker_is_proposed_with_its_queues_and_without_its_password() -> Result<()> {
    if !require_root() || !require(&[Tool::Python, Tool::Redis]) {
        return Ok(());
    }
    let redis = Redis::start(Access::Password)?;
    let app = App::new(&Venv::celery(NEWEST)?, &redis.database(3))?;
    let cgroup = ScratchCgroup::new("init-celery")?;
    let worker = Worker::start(&app, &cgroup, "init", &["-c", "2", "-Q", "fast,slow"])?;
    let (text, project) = proposed(&cgroup)?;
    assert!(
        text.contains(&format!(": Celery, master {}, 2 worker(s)", worker.pid())),
        "{text}"
    );
    let rule = project.queue.with_context(|| text.clone())?;
    assert_eq!(rule.queues, ["fast", "slow"]);
    assert_eq!(rule.broker.url, BrokerUrl::Environment("BROKER_URL".to_owned()));
    // Beside it stand the servers of other tests.
    let heading = format!("// /{}: ", cgroup.relative().display());
    let (_, own) = text.split_once(&heading).with_context(|| text.clone())?;
    let own = own.split("    // /").next().unwrap_or_default();
    assert!(!own.contains("redis://"), "{own}");
    assert!(!text.contains("p%40ss"), "{text}");
    Ok(())
}

#[test]
fn a_uvicorn_is_written_to_a_new_file_for_root_and_to_no_other() -> Result<()> {
    if !require_root() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("init-asgi")?;
    let _server = Server::uvicorn(&Venv::uvicorn(NEWEST)?, &cgroup, &Options::workers(2))?;
    let directory = tempfile::tempdir()?;
    let file = directory.path().join("config.json");
    let path = file.to_str().context("a path of UTF-8")?;

    let output = init(&["--output", path])?;
    assert!(output.status.success(), "{output:?}");
    let written = fs::read_to_string(&file)?;
    assert!(written.contains(": uvicorn, master "), "{written}");
    assert!(parse(path, &written).is_ok());
    assert_eq!(fs::metadata(&file)?.permissions().mode() & 0o777, 0o600);

    fs::write(&file, "mine")?;
    let output = init(&["--output", path])?;
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("is left as it is"),
        "{output:?}"
    );
    assert_eq!(fs::read_to_string(&file)?, "mine");
    Ok(())
}

#[test]
fn queues_are_found_where_a_title_has_taken_the_place_of_the_arguments() -> Result<()> {
    if !require_root() || !require(&[Tool::Python, Tool::Redis]) {
        return Ok(());
    }
    let redis = Redis::start(Access::Open)?;
    let app = App::new(&Venv::celery_with_titles()?, &redis.database(3))?;
    let cgroup = ScratchCgroup::new("init-titles")?;
    let _worker = Worker::start(&app, &cgroup, "init", &["-c", "2", "-Q", "fast,slow"])?;
    let (text, project) = proposed(&cgroup)?;
    assert_eq!(
        project.queue.with_context(|| text.clone())?.queues,
        ["fast", "slow"],
        "{text}"
    );
    Ok(())
}

/// A program in a cgroup of its own, with what it has started. Dropping it kills it.
struct Program(Child);

impl Program {
    fn start(venv: &Venv, cgroup: &ScratchCgroup, name: &str, arguments: &[&str]) -> Result<Self> {
        let child = Command::new(venv.bin(name))
            .args(arguments)
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        cgroup.add(child.id())?;
        Ok(Self(child))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_server_that_cannot_be_scaled_is_a_line_that_says_what_could() -> Result<()> {
    if !require_root() || !require(&[Tool::Python]) {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("init-single")?;
    let venv = Venv::uvicorn(NEWEST)?;
    // It need not get so far as to serve: its command line tells what it is.
    let _program = Program::start(&venv, &cgroup, "uvicorn", &["--port", "0", "http.server:test"])?;
    let heading = format!("uvicorn in /{}, process", cgroup.relative().display());
    until("it to be named", Duration::from_secs(30), || {
        let output = init(&[]).ok()?;
        let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        let line = said
            .iter()
            .flat_map(|text| text.lines())
            .find(|line| line.contains(&heading))?;
        line.contains("start it with --workers 2 or more").then_some(())
    })
}
