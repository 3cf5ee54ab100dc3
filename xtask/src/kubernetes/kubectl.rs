//! kubectl, as a person has it, turned to our server.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use autoscaler_tests::{Venv, until};
use serde_json::{Value, json};

use super::objects::Object;
use super::server::Server;
use crate::command::output;
use crate::workspace;

/// Longest that the server may take to be ready, on a busy machine too.
const READY: Duration = Duration::from_mins(3);

/// kubectl.
pub(super) struct Kubectl {
    program: PathBuf,
    home: PathBuf,
}

impl Kubectl {
    /// kubectl for a server, once that is ready.
    ///
    /// # Errors
    /// When there is no kubectl, or the server does not get ready; then with what that said.
    pub(super) fn of(server: &Server) -> Result<Self> {
        let kubectl = Self {
            program: Venv::kubectl()?.bin("kubectl"),
            home: server.home().to_owned(),
        };
        until("the API server to be ready", READY, || {
            output(kubectl.command().args(["get", "--raw", "/readyz"])).ok()
        })
        .with_context(|| format!("the API server said last:\n{}", server.last_words()))?;
        Ok(kubectl)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            // It would read and write a person's own settings else.
            .env("HOME", &self.home)
            .arg("--kubeconfig")
            .arg(self.home.join("kubeconfig"));
        command
    }

    /// What the server calls itself.
    pub(super) fn server_version(&self) -> Result<String> {
        let told = output(self.command().args(["get", "--raw", "/version"]))?;
        let told: Value = serde_json::from_str(&told).context("the server's version")?;
        Ok(told["gitVersion"].as_str().unwrap_or("no version").to_owned())
    }

    /// Makes for real what a dry run must find: kinds that are not Kubernetes' own, and the namespaces that objects live in. A manifest of
    /// such a namespace then changes one that is there.
    pub(super) fn prepare(&self, objects: &[Object]) -> Result<()> {
        let folder = workspace().join("tests/kubernetes");
        let mut definitions: Vec<PathBuf> = fs::read_dir(&folder)
            .with_context(|| format!("cannot read {}", folder.display()))?
            .map(|entry| Ok(entry?.path()))
            .collect::<Result<_>>()?;
        definitions.retain(|path| path.extension().is_some_and(|end| end == "yaml"));
        definitions.sort();
        for definition in definitions {
            self.define(&definition)?;
        }
        let namespaces: BTreeSet<_> = objects.iter().filter_map(Object::namespace).collect();
        for name in namespaces {
            let namespace = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } });
            let made = self.give(self.command().args(["create", "--filename=-"]), &namespace)?;
            if !made.status.success() {
                bail!("the namespace {name} cannot be made: {}", why(&made));
            }
        }
        Ok(())
    }

    /// Makes a kind of the definition in a file, and waits until the server knows it.
    fn define(&self, definition: &Path) -> Result<()> {
        // What is younger than the server in it is dropped: not ours to hold to anything.
        let create = ["create", "--validate=false", "--output=name", "--filename"];
        let made = output(self.command().args(create).arg(definition))
            .with_context(|| format!("{} is refused", definition.display()))?;
        let wait = ["wait", "--for=condition=Established", "--timeout=60s"];
        output(self.command().args(wait).arg(made.trim()))
            .with_context(|| format!("{} does not come into force", definition.display()))?;
        println!("defined: {}", made.trim());
        Ok(())
    }

    /// What the server would make of an object; or why it is refused: by the server or, before that, by kubectl itself, where it is to be
    /// `strict` about what the server publishes of the kind.
    ///
    /// # Errors
    /// When kubectl cannot be run.
    pub(super) fn dry_run(&self, object: &Value, strict: bool) -> Result<Result<Value, String>> {
        let mut command = self.command();
        command.args([
            "apply",
            "--dry-run=server",
            if strict {
                "--validate=strict"
            } else {
                "--validate=false"
            },
            "--output=json",
            "--filename=-",
        ]);
        let told = self.give(&mut command, object)?;
        if !told.status.success() {
            return Ok(Err(why(&told)));
        }
        let answered = serde_json::from_slice(&told.stdout).context("kubectl's answer is no JSON")?;
        Ok(Ok(answered))
    }

    /// Runs a kubectl command with an object on its standard input.
    fn give(&self, command: &mut Command, object: &Value) -> Result<Output> {
        let mut running = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("{} cannot be run", self.program.display()))?;
        let mut input = running.stdin.take().context("a pipe")?;
        // Where it ends before it has read all, its own words say why.
        let _ = input.write_all(object.to_string().as_bytes());
        drop(input);
        running
            .wait_with_output()
            .with_context(|| format!("cannot wait for {}", self.program.display()))
    }
}

/// What kubectl said of its failure, in one line.
fn why(told: &Output) -> String {
    let said = String::from_utf8_lossy(&told.stderr);
    let said: Vec<_> = said.split_whitespace().collect();
    said.join(" ")
}
