//! A real Celery worker inside a cgroup, and the tasks it is given.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tempfile::TempDir;

use crate::cgroup::ScratchCgroup;
use crate::server::{apps, children, state};
use crate::venv::Venv;
use crate::wait::until;

const READY_LIMIT: Duration = Duration::from_mins(1);

/// An application (`tests/apps/tasks.py`) on one broker, and the journal that its tasks write.
#[derive(Debug)]
pub struct App {
    venv: Venv,
    broker_url: String,
    environment: Vec<(String, String)>,
    directory: TempDir,
}

impl App {
    /// The application on the broker at `broker_url`.
    ///
    /// # Errors
    /// When there is no temporary directory.
    pub fn new(venv: &Venv, broker_url: &str) -> Result<Self> {
        Ok(Self {
            venv: venv.clone(),
            broker_url: broker_url.to_owned(),
            environment: Vec::new(),
            directory: tempfile::tempdir().context("no temporary directory")?,
        })
    }

    /// The same with another default queue than `celery`.
    #[must_use]
    pub fn queue(self, name: &str) -> Self {
        self.set("QUEUE", name)
    }

    /// The same with kombu's `global_keyprefix`.
    #[must_use]
    pub fn key_prefix(self, prefix: &str) -> Self {
        self.set("KEY_PREFIX", prefix)
    }

    /// The same with Redis giving out anew after `seconds` what was fetched and not acknowledged: an hour unless
    /// set.
    #[must_use]
    pub fn visibility_timeout(self, seconds: u32) -> Self {
        self.set("VISIBILITY_TIMEOUT", &seconds.to_string())
    }

    /// The same with this variable in the environment.
    #[must_use]
    pub fn set(mut self, key: &str, value: &str) -> Self {
        self.environment.push((key.to_owned(), value.to_owned()));
        self
    }

    /// Puts `count` tasks `work` of `seconds` each into the queue, numbered from `first`.
    ///
    /// # Errors
    /// When the broker does not take them.
    pub fn put(&self, count: u32, seconds: f64, first: u32) -> Result<()> {
        self.put_with_priorities(count, seconds, first, &[])
    }

    /// The same, with these priorities in turn.
    ///
    /// # Errors
    /// When the broker does not take them.
    pub fn put_with_priorities(&self, count: u32, seconds: f64, first: u32, priorities: &[u8]) -> Result<()> {
        let mut put = self.command("python");
        put.arg(apps().join("put.py"))
            .args([
                "work",
                &count.to_string(),
                &seconds.to_string(),
                &first.to_string(),
            ])
            .args(priorities.iter().map(ToString::to_string));
        Self::run(put).map(drop)
    }

    /// What Celery's own `inspect` prints as JSON, by node.
    ///
    /// # Errors
    /// When no worker answers.
    pub fn inspect(&self, what: &str) -> Result<Value> {
        let mut inspect = self.command("celery");
        inspect.args(["-A", "tasks", "inspect", "--json", "--timeout", "5", what]);
        let printed = Self::run(inspect)?;
        serde_json::from_str(&printed).with_context(|| format!("inspect {what} printed {printed}"))
    }

    /// How often each task has begun, by its number.
    #[must_use]
    pub fn begun(&self) -> BTreeMap<u32, u32> {
        tally(&self.journal("begun"))
    }

    /// How often each task has ended, by its number.
    #[must_use]
    pub fn ended(&self) -> BTreeMap<u32, u32> {
        tally(&self.journal("ended"))
    }

    /// The numbers of the tasks in the order in which they began.
    #[must_use]
    pub fn order(&self) -> Vec<u32> {
        numbers(&self.journal("begun")).collect()
    }

    /// Waits until every one of `count` tasks has ended.
    ///
    /// # Errors
    /// When `limit` passes in which none ends: how fast they do is the machine's affair.
    pub fn wait_ended(&self, count: usize, limit: Duration) -> Result<()> {
        let mut ended = self.ended().len();
        while ended < count {
            let one_more = until("one more task to end", limit, || {
                let now = self.ended().len();
                (now > ended).then_some(now)
            });
            ended = one_more.with_context(|| format!("{ended} of {count} have ended"))?;
        }
        Ok(())
    }

    /// Checks that each of the tasks 0..count began once and ended once.
    ///
    /// # Errors
    /// Names those that did not.
    pub fn check_exactly_once(&self, count: u32) -> Result<()> {
        let (begun, ended) = (self.begun(), self.ended());
        let odd: Vec<u32> = (0..count)
            .filter(|number| begun.get(number) != Some(&1) || ended.get(number) != Some(&1))
            .collect();
        if odd.is_empty() && begun.len() == count as usize {
            return Ok(());
        }
        let how = |number: &u32| (*number, begun.get(number).copied(), ended.get(number).copied());
        bail!(
            "tasks (number, begun, ended) not run exactly once: {:?}",
            odd.iter().map(how).collect::<Vec<_>>()
        )
    }

    fn journal(&self, which: &str) -> PathBuf {
        self.directory.path().join(format!("journal.{which}"))
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.venv.bin(program));
        self.dress(&mut command);
        command
    }

    fn dress(&self, command: &mut Command) {
        command
            .env("BROKER_URL", &self.broker_url)
            .env("JOURNAL", self.directory.path().join("journal"))
            .env("PYTHONPATH", apps())
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .envs(self.environment.iter().cloned())
            .current_dir(self.directory.path());
    }

    fn run(mut command: Command) -> Result<String> {
        let output = command
            .output()
            .with_context(|| format!("cannot run {command:?}"))?;
        if !output.status.success() {
            bail!("{command:?}: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

fn numbers(journal: &Path) -> impl Iterator<Item = u32> {
    let text = fs::read_to_string(journal).unwrap_or_default();
    let numbers: Vec<u32> = text
        .lines()
        .filter_map(|line| line.split(' ').next()?.parse().ok())
        .collect();
    numbers.into_iter()
}

fn tally(journal: &Path) -> BTreeMap<u32, u32> {
    let mut tally = BTreeMap::new();
    for number in numbers(journal) {
        *tally.entry(number).or_insert(0) += 1;
    }
    tally
}

/// A running worker. Dropping it kills its main process; the cgroup that it is in kills the rest.
#[derive(Debug)]
pub struct Worker {
    main: Child,
    directory: TempDir,
}

impl Worker {
    /// Starts `celery worker` as `name@test` with these further arguments, and waits until it is ready.
    ///
    /// # Errors
    /// When it does not come up; the message ends with its log.
    pub fn start(app: &App, cgroup: &ScratchCgroup, name: &str, arguments: &[&str]) -> Result<Self> {
        let directory = tempfile::tempdir().context("no temporary directory")?;
        let output = File::create(directory.path().join("log"))?;
        // The shell enters the cgroup before anything else runs, so that no process is ever outside it.
        let mut command = Command::new("/bin/sh");
        command.args(["-c", r#"echo $$ > "$CGROUP_PROCS" && exec "$@""#, "sh"]);
        command
            .arg(app.venv.bin("celery"))
            .args(["-A", "tasks", "worker", "--loglevel", "WARNING"]);
        command.args(["-n", &format!("{name}@test")]).args(arguments);
        app.dress(&mut command);
        let main = command
            .env("CGROUP_PROCS", cgroup.path().join("cgroup.procs"))
            .env("READY", directory.path().join("ready"))
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .context("cannot start /bin/sh")?;
        let mut worker = Self { main, directory };
        let ready = until("the worker to be ready", READY_LIMIT, || {
            if let Ok(Some(status)) = worker.main.try_wait() {
                return Some(Err(anyhow::anyhow!("it ended at once with {status}")));
            }
            worker.directory.path().join("ready").exists().then_some(Ok(()))
        });
        ready
            .and_then(|ready| ready)
            .with_context(|| format!("celery did not come up:\n{}", worker.log()))?;
        Ok(worker)
    }

    /// The main process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.main.id()
    }

    /// The main process's children that are alive.
    #[must_use]
    pub fn children(&self) -> Vec<u32> {
        let mut pids = children(self.pid());
        pids.retain(|pid| state(*pid) != Some('Z'));
        pids
    }

    /// Ends it as systemd would: running tasks end first.
    ///
    /// # Errors
    /// When it does not end in time.
    pub fn end(mut self) -> Result<()> {
        self.terminate()
    }

    /// The same of one that stays in its place. One that has ended already is left alone.
    ///
    /// # Errors
    /// When it does not end in time.
    pub fn terminate(&mut self) -> Result<()> {
        if self.has_ended() {
            return Ok(());
        }
        kill(Pid::from_raw(i32::try_from(self.pid())?), Signal::SIGTERM).context("cannot signal celery")?;
        until("celery to end", READY_LIMIT, || {
            self.main.try_wait().ok().flatten()
        })
        .with_context(|| self.log())
        .map(drop)
    }

    /// Whether its main process has ended.
    pub fn has_ended(&mut self) -> bool {
        !matches!(self.main.try_wait(), Ok(None))
    }

    /// All that it printed so far.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.main.kill();
        let _ = self.main.wait();
    }
}
