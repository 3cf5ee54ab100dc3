//! `autoscaler keda` as KEDA meets it: a client of another gRPC library, made of the protocol's .proto, asks it; a real Prometheus
//! scrapes a real exporter of this machine, where some cgroups are named as a kubelet names those of pods. Which pod has which
//! uid stands in a file, in the words of kube-state-metrics.

mod tls;

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use autoscaler_tests::daemon::program;
use autoscaler_tests::prometheus::loopback;
use autoscaler_tests::server::Options;
use autoscaler_tests::tools::{Tool, require};
use autoscaler_tests::{
    Address, Burner, Daemon, Load, Prometheus, ScratchCgroup, Server, Venv, require_root_bpf, until,
};
use serde_json::{Value, json};

const LIMIT: Duration = Duration::from_mins(1);

/// The pods, as kube-state-metrics tells of them.
const PODS: [(&str, &str); 3] = [
    ("web-6d4cf56db6-x7x9z", "1858680e-b044-4fd5-9dd4-f137e30e2180"),
    (
        "web-cache-5c9d7f8b64-bcdfg",
        "2b1f9e7a-0a55-4b1e-8a34-6a5d3f0c9b11",
    ),
    ("shop-0", "77b0c9de-3c4f-4e0f-9f52-0b8f7d1e2a33"),
];

const ID: &str = "022c4ffba65e5031285fd427553e56c3fd6cc85a3a49f3fa2825d0a258d8a5d6";

/// The client.
struct Keda {
    venv: Venv,
    at: String,
    files: Vec<PathBuf>,
}

impl Keda {
    fn command(&self, method: &str) -> Command {
        let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut command = Command::new(self.venv.bin("python"));
        command
            .arg(tests.join("apps/keda.py"))
            .arg(tests.join("../autoscaler/proto/externalscaler.proto"))
            .args([&self.at, method])
            .args(&self.files)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        command
    }

    /// Asks, and leaves the answers to be read.
    fn start(&self, method: &str, asked: &str) -> Result<Child> {
        let mut client = self.command(method).spawn()?;
        let mut input = client.stdin.take().context("a pipe")?;
        input.write_all(asked.as_bytes())?;
        Ok(client)
    }

    fn ask(&self, method: &str, asked: &str) -> Result<Value> {
        let output = self.start(method, asked)?.wait_with_output()?;
        ensure!(output.status.success(), "{output:?}");
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    /// The value of the one metric of a trigger, or what is said in its place.
    fn value(&self, metadata: &Value) -> Result<Result<f64, (String, String)>> {
        let object = object(metadata);
        let spec = self.ask("GetMetricSpec", &object.to_string())?;
        let name = match &spec["result"]["metricSpecs"][0]["metricName"] {
            Value::String(name) => name.clone(),
            _ => "none".to_owned(),
        };
        let asked = json!({ "scaledObjectRef": object, "metricName": name });
        let answer = self.ask("GetMetrics", &asked.to_string())?;
        let value = &answer["result"]["metricValues"][0];
        Ok(match value["metricValueFloat"].as_f64() {
            Some(number) => {
                ensure!(value["metricName"] == name.as_str(), "{answer}");
                Ok(number)
            }
            None => Err(refusal(&answer)?),
        })
    }

    /// What is said in the place of a value.
    fn refused(&self, metadata: &Value) -> Result<(String, String)> {
        match self.value(metadata)? {
            Err(refusal) => Ok(refusal),
            Ok(value) => bail!("{metadata}: {value}"),
        }
    }
}

/// The code and the words of an error.
fn refusal(answer: &Value) -> Result<(String, String)> {
    let text = |key: &str| answer[key].as_str().map(str::to_owned);
    text("code")
        .zip(text("words"))
        .with_context(|| answer.to_string())
}

fn object(metadata: &Value) -> Value {
    json!({ "name": "web", "namespace": "shop", "scalerMetadata": metadata })
}

/// A trigger's metadata: the measure of a workload, over as short a time as there may be.
fn pods(workload: &str, measure: &str, others: &Value) -> Value {
    let mut metadata = json!({
        "scalerAddress": "autoscaler-keda.autoscaler:9921",
        "workload": workload, "measure": measure, "target": "0.7", "window": "10s",
    });
    if let (Some(all), Some(others)) = (metadata.as_object_mut(), others.as_object()) {
        all.extend(others.clone());
    }
    metadata
}

/// The cgroup of the one container of a pod, as a kubelet with the systemd driver makes them.
fn container(scratch: &ScratchCgroup, uid: &str) -> Result<PathBuf> {
    scratch.pod(uid, ID)
}

/// What stands in for kube-state-metrics: a file that is served as it is.
struct StateMetrics {
    at: Address,
    _folder: tempfile::TempDir,
    _server: Daemon,
}

const STATE: &str = "/metrics.txt";

impl StateMetrics {
    fn start() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let lines = PODS.map(|(pod, uid)| {
            format!("kube_pod_info{{namespace=\"shop\",pod=\"{pod}\",uid=\"{uid}\",node=\"here\",created_by_kind=\"ReplicaSet\"}} 1\n")
        });
        let head = "# HELP kube_pod_info Information about pod.\n# TYPE kube_pod_info gauge\n";
        fs::write(
            folder.path().join("metrics.txt"),
            format!("{head}{}", lines.concat()),
        )?;
        let at = Address::free_port()?;
        let Address::Loopback(port) = at else {
            bail!("a port of the loopback")
        };
        let mut command = Command::new("python3");
        command
            .args(["-m", "http.server", "--bind", "127.0.0.1", "--directory"])
            .arg(folder.path())
            .arg(port.to_string());
        let server = Daemon::start(command)?;
        until("the file to be served", LIMIT, || {
            at.get(STATE, LIMIT).ok().filter(|(status, _)| *status == 200)
        })?;
        Ok(Self {
            at,
            _folder: folder,
            _server: server,
        })
    }
}

/// The address that a program says it serves at.
fn told_address(daemon: &Daemon, before: &str) -> Result<Address> {
    let told = daemon.wait_line(before, LIMIT)?;
    let port = told
        .split_once("127.0.0.1:")
        .map(|(_, rest)| rest.trim_end_matches(|c: char| !c.is_ascii_digit()));
    Ok(Address::Loopback(port.context("a port of 127.0.0.1")?.parse()?))
}

fn exporter(below: &ScratchCgroup, arguments: &[&str]) -> Result<(Daemon, Address)> {
    let mut command = Command::new(program());
    command
        .args([
            "export",
            "--language",
            "en",
            "--listen",
            "127.0.0.1:0",
            "--include",
        ])
        .arg(format!("/{}/**", below.relative().display()))
        .args(arguments);
    let exporter = Daemon::start(command)?;
    let at = told_address(&exporter, "metrics are served at ")?;
    Ok((exporter, at))
}

fn scaler(prometheus: &str, arguments: &[&Path]) -> Result<(Daemon, String)> {
    let mut command = Command::new(program());
    command
        .args([
            "keda",
            "--language",
            "en",
            "--listen",
            "127.0.0.1:0",
            "--interval",
            "1",
        ])
        .args(["--prometheus", prometheus])
        .args(arguments);
    let scaler = Daemon::start(command)?;
    let at = told_address(&scaler, "KEDA is answered at ")?;
    Ok((scaler, loopback(&at)))
}

fn said(scaler: &Daemon, part: &str) -> usize {
    scaler.printed().iter().filter(|line| line.contains(part)).count()
}

/// Two pods on one node, of which one burns CPU, and all that KEDA needs to know it.
struct Cluster {
    keda: Keda,
    scaler: Daemon,
    prometheus: Option<Prometheus>,
    at: Address,
    exporter: Daemon,
    figures: Address,
    state: StateMetrics,
    _burner: Burner,
    _cgroups: ScratchCgroup,
}

impl Cluster {
    fn start(label: &str) -> Result<Self> {
        let venv = Venv::grpc()?;
        let cgroups = ScratchCgroup::new(label)?;
        let busy = container(&cgroups, PODS[0].1)?;
        container(&cgroups, PODS[1].1)?;
        let burner = Burner::busy(&busy)?;
        let (exporter, figures) = exporter(&cgroups, &[])?;
        let state = StateMetrics::start()?;
        let at = Address::free_port()?;
        let (scaler, address) = scaler(&format!("http://{}", loopback(&at)), &[])?;
        let mut cluster = Self {
            keda: Keda {
                venv,
                at: address,
                files: Vec::new(),
            },
            scaler,
            prometheus: None,
            at,
            exporter,
            figures,
            state,
            _burner: burner,
            _cgroups: cgroups,
        };
        cluster.start_prometheus()?;
        cluster.used()?;
        Ok(cluster)
    }

    fn start_prometheus(&mut self) -> Result<()> {
        let targets = [(&self.figures, "/metrics"), (&self.state.at, STATE)];
        self.prometheus = Some(Prometheus::start(&self.at, &targets)?);
        Ok(())
    }

    /// Waits until there is a rate of CPU: some scrapes later.
    fn used(&self) -> Result<f64> {
        let used = || self.keda.value(&cpu("web")).ok()?.ok();
        until("the rate of CPU", LIMIT, || used().filter(|used| *used > 0.02))
    }

    fn end(self) -> Result<()> {
        self.scaler.end()?;
        self.exporter.end()
    }
}

fn cpu(workload: &str) -> Value {
    pods(workload, "cpu", &json!({}))
}

#[test]
fn keda_is_told_what_the_pods_of_a_workload_use_and_wait_for() -> Result<()> {
    if !require_root_bpf() || !require(&[Tool::Prometheus, Tool::Python]) {
        return Ok(());
    }
    let cluster = Cluster::start("keda")?;
    let keda = &cluster.keda;
    let health = keda.ask("Health", "externalscaler.ExternalScaler")?;
    ensure!(health["result"]["status"] == "SERVING", "{health}");
    let spec = json!([{ "metricName": "autoscaler-cpu", "targetSize": "0", "targetSizeFloat": 0.7 }]);
    let told = keda.ask("GetMetricSpec", &object(&cpu("web")).to_string())?;
    ensure!(told["result"]["metricSpecs"] == spec, "{told}");

    // One process burns: it has no more than one CPU, and the rate says how much of it.
    let used = cluster.used()?;
    ensure!(used < 1.1, "{used} CPUs");
    ensure!(keda.value(&cpu("web-*"))?.is_ok_and(|used| used > 0.02));
    // The other pod is there and does nothing: that is a figure.
    ensure!(keda.value(&cpu("web-cache"))? == Ok(0.0), "web is not web-cache");
    let wait = keda.value(&pods("web", "runqueue_wait", &json!({})))?;
    ensure!(
        wait.as_ref().is_ok_and(|wait| (0.0..1.1).contains(wait)),
        "{wait:?}"
    );
    let query = json!({ "query": "sum(kube_pod_info) / 4", "target": "1" });
    ensure!(keda.value(&query)? == Ok(0.75));

    for (activation, active) in [("0", true), ("2", false)] {
        let trigger = pods("web", "cpu", &json!({ "activation": activation }));
        let told = keda.ask("IsActive", &object(&trigger).to_string())?;
        ensure!(told["result"]["result"] == active, "{activation}: {told}");
    }
    let mut pushed = keda.start("StreamMetricSpec", &object(&cpu("web")).to_string())?;
    let mut answers = BufReader::new(pushed.stdout.take().context("a pipe")?).lines();
    let told: Value = serde_json::from_str(&answers.next().context("an answer")??)?;
    ensure!(told["result"]["metricSpecs"] == spec, "{told}");
    pushed.kill()?;
    pushed.wait()?;
    cluster.end()
}

#[test]
fn where_there_is_no_value_keda_is_told_why_and_the_log_has_it_once() -> Result<()> {
    if !require_root_bpf() || !require(&[Tool::Prometheus, Tool::Python]) {
        return Ok(());
    }
    let cluster = Cluster::start("keda-refused")?;
    let keda = &cluster.keda;
    let query = |text: &str| json!({ "query": text, "target": "1" });
    let figures = "there is 1 pod, but no autoscaler_host_cgroup_cpu_seconds_total";
    let named = "has no pod of nonesuch in the namespace shop";
    let measures = "busy, cpu, runqueue_wait or waiting";
    let namespace = json!({ "namespace": "a\",pod=\"b" });
    for (metadata, code, part) in [
        (cpu("nonesuch"), "NOT_FOUND", named),
        (cpu("shop"), "NOT_FOUND", figures),
        (pods("web", "waiting", &json!({})), "NOT_FOUND", "--requests"),
        (query("up{job=\"none\"}"), "NOT_FOUND", "no series"),
        (query("kube_pod_info"), "FAILED_PRECONDITION", "3 series"),
        (query("up[1m]"), "FAILED_PRECONDITION", "matrix"),
        (query("0 * sum(up) / 0"), "OUT_OF_RANGE", "NaN"),
        (query("sum(up) / 0"), "OUT_OF_RANGE", "+Inf"),
        (query("-1 * sum(up)"), "OUT_OF_RANGE", "-2"),
        (query("sum("), "INVALID_ARGUMENT", "400"),
        (cpu("web\"} or vector(9) #"), "INVALID_ARGUMENT", "workload"),
        (pods("web", "cpu", &namespace), "INVALID_ARGUMENT", "namespace"),
        (pods("web", "cpus", &json!({})), "INVALID_ARGUMENT", measures),
        (
            pods("web", "cpu", &json!({ "targt": "1" })),
            "INVALID_ARGUMENT",
            "did you mean",
        ),
    ] {
        let (told, words) = keda.refused(&metadata)?;
        ensure!(
            told == code && words.contains(part),
            "{metadata}: {told}: {words}"
        );
    }
    // However often KEDA asks.
    for _ in 0..2 {
        keda.refused(&cpu("nonesuch"))?;
    }
    let printed = cluster.scaler.printed();
    ensure!(said(&cluster.scaler, named) == 1, "{printed:?}");
    cluster.end()
}

#[test]
fn without_prometheus_there_is_no_value_until_it_is_back() -> Result<()> {
    if !require_root_bpf() || !require(&[Tool::Prometheus, Tool::Python]) {
        return Ok(());
    }
    let mut cluster = Cluster::start("keda-away")?;
    let asked = object(&cpu("web")).to_string();
    let mut stream = cluster.keda.start("StreamIsActive", &asked)?;
    let mut answers = BufReader::new(stream.stdout.take().context("a pipe")?).lines();
    let mut next = || -> Result<Value> { Ok(serde_json::from_str(&answers.next().context("an answer")??)?) };
    let active = next()?;
    ensure!(active["result"]["result"] == true, "{active}");

    cluster.prometheus.take().context("it runs")?.end()?;
    // The stream ends with the reason, every question is told it, and the log has it once.
    let ended = next()?;
    ensure!(ended["code"] == "UNAVAILABLE", "{ended}");
    stream.wait()?;
    for workload in ["web", "web-cache", "web"] {
        let (code, words) = cluster.keda.refused(&cpu(workload))?;
        ensure!(
            code == "UNAVAILABLE" && words.contains("refused"),
            "{code}: {words}"
        );
    }
    let active = cluster.keda.ask("IsActive", &asked)?;
    ensure!(active["code"] == "UNAVAILABLE", "{active}");
    let printed = cluster.scaler.printed();
    ensure!(
        said(&cluster.scaler, "Prometheus does not answer") == 1,
        "{printed:?}"
    );

    cluster.start_prometheus()?;
    let back = || cluster.keda.value(&cpu("web")).ok()?.ok();
    until("a value", LIMIT, back)?;
    let printed = cluster.scaler.printed();
    ensure!(
        said(&cluster.scaler, "Prometheus answers again") == 1,
        "{printed:?}"
    );
    cluster.end()
}

#[test]
fn the_busy_share_of_the_slots_of_a_pod_is_the_time_that_its_requests_are_served() -> Result<()> {
    if !require_root_bpf() || !require(&[Tool::Prometheus, Tool::Python]) {
        return Ok(());
    }
    let venv = Venv::grpc()?;
    let scratch = ScratchCgroup::new("keda-busy")?;
    let server = Server::gunicorn(&Venv::gunicorn("23.0.0")?, &scratch, &Options::workers(2))?;
    // Whoever it starts later is born where it is.
    let container = container(&scratch, PODS[0].1)?;
    for pid in scratch.pids() {
        fs::write(container.join("cgroup.procs"), pid.to_string())?;
    }
    let (exporter, figures) = exporter(&scratch, &["--requests"])?;
    let state = StateMetrics::start()?;
    let at = Address::free_port()?;
    let prometheus = Prometheus::start(&at, &[(&figures, "/metrics"), (&state.at, STATE)])?;
    let (scaler, address) = scaler(&prometheus.url(), &[])?;
    let keda = Keda {
        venv,
        at: address,
        files: Vec::new(),
    };
    let of = |slots: &str| pods("web", "busy", &json!({ "slots": slots }));
    // Two of two workers sleep in a request, but for the moments between two.
    let load = Load::start(server.address(), 2, "/sleep/0.2");
    let share = until("both slots to be busy", LIMIT, || {
        keda.value(&of("2")).ok()?.ok().filter(|share| *share > 0.6)
    })?;
    ensure!(share < 1.2, "of two slots {share} are busy");
    let of_four = keda.value(&of("4"))?;
    ensure!(of_four.as_ref().is_ok_and(|half| *half < 0.7), "{of_four:?}");
    let waiting = keda.value(&pods("web", "waiting", &json!({})))?;
    ensure!(
        waiting.as_ref().is_ok_and(|waiting| *waiting < 3.0),
        "{waiting:?}"
    );
    let totals = load.stop();
    ensure!(totals.failed.is_empty(), "{:?}", totals.failed);
    scaler.end()?;
    exporter.end()
}

#[test]
fn what_cannot_be_is_wrong_usage_and_says_what_to_write() -> Result<()> {
    let prometheus = ["--prometheus", "http://127.0.0.1:9"];
    for (arguments, part) in [
        (vec![], "--prometheus"),
        (vec!["--prometheus", "https://prometheus"], "without TLS"),
        (vec!["--prometheus", "a prometheus"], "write http://HOST:9090"),
        (
            [&prometheus[..], &["--listen", "0.0.0.0:9921"]].concat(),
            "--allow-remote",
        ),
        ([&prometheus[..], &["--tls-cert", "x"]].concat(), "--tls-key"),
    ] {
        let output = Command::new(program())
            .args(["keda", "--language", "en"])
            .args(&arguments)
            .output()?;
        let said = String::from_utf8(output.stderr)?;
        ensure!(output.status.code() == Some(2), "{arguments:?}: {said}");
        ensure!(said.contains(part), "{arguments:?}: {said}");
    }
    Ok(())
}
