//! Task queues other than Celery: an application, what its own library says of its queue, and workers in a cgroup.

use std::fs::{self, File};
use std::process::{Child, Command};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tempfile::TempDir;

use crate::cgroup::ScratchCgroup;
use crate::server::apps;
use crate::venv::Venv;
use crate::wait::until;

const READY_LIMIT: Duration = Duration::from_mins(1);

/// An application (`tests/apps/queue_*.py`) on one broker.
#[derive(Debug)]
pub struct Tasks {
    venv: Venv,
    module: &'static str,
    environment: Vec<(String, String)>,
    directory: TempDir,
}

impl Tasks {
    /// The application `module` on the broker at `url`, with its tasks in `queue`.
    ///
    /// # Errors
    /// When there is no temporary directory.
    pub fn new(venv: &Venv, module: &'static str, url: &str, queue: &str) -> Result<Self> {
        let tasks = Self {
            venv: venv.clone(),
            module,
            environment: Vec::new(),
            directory: tempfile::tempdir().context("no temporary directory")?,
        };
        Ok(tasks.set("BROKER_URL", url).set("QUEUE", queue))
    }

    /// The same with this variable in the environment.
    #[must_use]
    pub fn set(mut self, key: &str, value: &str) -> Self {
        self.environment.push((key.to_owned(), value.to_owned()));
        self
    }

    /// Puts `count` tasks of `seconds` each into the queue.
    ///
    /// # Errors
    /// When the application does not.
    pub fn put(&self, count: u32, seconds: u32) -> Result<()> {
        self.run(&["put", &count.to_string(), &seconds.to_string()])
            .map(drop)
    }

    /// Puts `count` tasks there that are not due for an hour.
    ///
    /// # Errors
    /// When the application does not.
    pub fn put_for_later(&self, count: u32) -> Result<()> {
        self.run(&["later", &count.to_string()]).map(drop)
    }

    /// What the library says: `waiting`, and where it knows, `running` and `later`.
    ///
    /// # Errors
    /// When the application does not tell.
    pub fn says(&self) -> Result<Value> {
        let printed = self.run(&["says"])?;
        serde_json::from_str(&printed).with_context(|| format!("{} printed {printed}", self.module))
    }

    /// How many tasks have begun.
    #[must_use]
    pub fn begun(&self) -> usize {
        let journal = self.directory.path().join("begun");
        fs::read_to_string(journal).unwrap_or_default().lines().count()
    }

    /// Starts `program` of the environment as a worker in `cgroup`; the first task of it tells that it is ready.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn worker(&self, cgroup: &ScratchCgroup, program: &str, arguments: &[&str]) -> Result<TaskWorker> {
        let directory = tempfile::tempdir().context("no temporary directory")?;
        let output = File::create(directory.path().join("log"))?;
        // The shell enters the cgroup before anything else runs, so that no process is ever outside it.
        let mut command = Command::new("/bin/sh");
        command.args(["-c", r#"echo $$ > "$CGROUP_PROCS" && exec "$@""#, "sh"]);
        command.arg(self.venv.bin(program)).args(arguments);
        self.dress(&mut command);
        let main = command
            .env("CGROUP_PROCS", cgroup.path().join("cgroup.procs"))
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .context("cannot start /bin/sh")?;
        Ok(TaskWorker { main, directory })
    }

    /// Waits until so many tasks have begun.
    ///
    /// # Errors
    /// When they do not, with what `worker` printed.
    pub fn wait_begun(&self, count: usize, worker: &TaskWorker) -> Result<()> {
        until("tasks to begin", READY_LIMIT, || {
            (self.begun() >= count).then_some(())
        })
        .with_context(|| format!("{} of {count} have begun:\n{}", self.begun(), worker.log()))
    }

    fn run(&self, arguments: &[&str]) -> Result<String> {
        let mut command = Command::new(self.venv.bin("python"));
        command
            .arg(apps().join(format!("{}.py", self.module)))
            .args(arguments);
        self.dress(&mut command);
        let output = command
            .output()
            .with_context(|| format!("cannot run {command:?}"))?;
        if !output.status.success() {
            bail!("{command:?}: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn dress(&self, command: &mut Command) {
        command
            .env("JOURNAL", self.directory.path().join("begun"))
            .env("PYTHONPATH", apps())
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .envs(self.environment.iter().cloned())
            .current_dir(self.directory.path());
    }
}

/// A running worker. Dropping it kills its main process; the cgroup that it is in kills the rest.
#[derive(Debug)]
pub struct TaskWorker {
    main: Child,
    directory: TempDir,
}

impl TaskWorker {
    /// The main process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.main.id()
    }

    /// All that it printed so far.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }
}

impl Drop for TaskWorker {
    fn drop(&mut self) {
        let _ = self.main.kill();
        let _ = self.main.wait();
    }
}
