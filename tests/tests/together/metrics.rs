//! Metrics as a real Prometheus and promtool take them.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use autoscaler_tests::tools::{Tool, require};
use autoscaler_tests::{Address, Burner, Daemon, Home, ScratchCgroup, require_root, until};
use serde_json::Value;

const LIMIT: Duration = Duration::from_mins(1);

/// Figures that are there only with a worker server, a queue, a quota or a memory controller.
const DEPENDS_ON_THE_SCENE: [&str; 13] = [
    "autoscaler_cpu_utilization_ratio{",
    "autoscaler_cpu_threshold_ratio{",
    "autoscaler_workers{",
    "autoscaler_workers_wanted{",
    "autoscaler_cgroup_throttled_seconds_total{",
    "autoscaler_cgroup_memory_bytes{",
    "autoscaler_cgroup_memory_limit_bytes{",
    "autoscaler_queue_waiting_tasks{",
    "autoscaler_requests_busy_seconds_total{",
    "autoscaler_requests_answered_total{",
    "autoscaler_requests_waiting{",
    "autoscaler_request_slots{",
    "autoscaler_request_wait_seconds_bucket{",
];

fn config(cgroup: &Path, listen: &str) -> String {
    format!(
        r#"{{ "global": {{ "check_interval_seconds": 0.5, "language": "en", "metrics": {{ "listen": "{listen}" }} }},
             "projects": {{
                "site": {{ "enabled": false, "cgroup": "/{}", "max_workers": 3, "cpu_thresholds": {{ "scale_up_2": 60 }} }},
                "gone": {{ "enabled": true, "cgroup": "/no-such-cgroup", "max_workers": 3,
                           "cpu_thresholds": {{ "scale_up_2": 60 }} }},
                "promising": {{ "enabled": false, "cgroup": "/nor-such-a-one", "max_workers": 3, "policy": "target" }} }} }}"#,
        cgroup.display()
    )
}

/// Fetches the figures.
fn fetch(at: &Address) -> Result<String> {
    let (status, text) = at.get("/metrics", LIMIT)?;
    ensure!(status == 200, "status {status}: {text}");
    Ok(text)
}

/// Where the daemon says that it serves.
fn address(daemon: &Daemon) -> Result<Address> {
    let line = daemon.wait_line("metrics are served at ", LIMIT)?;
    let (_, at) = line.split_once("served at ").context("an address")?;
    if let Some(path) = at.strip_prefix("unix:") {
        return Ok(Address::Unix(path.into()));
    }
    let port = at
        .strip_prefix("http://127.0.0.1:")
        .and_then(|rest| rest.strip_suffix("/metrics"));
    Ok(Address::Loopback(port.context("a port of 127.0.0.1")?.parse()?))
}

fn promtool(args: &[&str], input: &str) -> Result<()> {
    let directory = tempfile::tempdir()?;
    let file = directory.path().join("input");
    fs::write(&file, input)?;
    let output = Command::new("promtool")
        .args(args)
        .stdin(fs::File::open(&file)?)
        .current_dir(packaging().join("prometheus"))
        .output()?;
    ensure!(
        output.status.success() && output.stderr.is_empty(),
        "promtool {args:?}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

fn packaging() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging")
}

/// A real Prometheus. Dropping it kills it by pid.
pub(crate) struct Prometheus {
    process: Child,
    address: Address,
    _directory: tempfile::TempDir,
}

impl Prometheus {
    pub(crate) fn start(targets: &[String]) -> Result<Self> {
        let directory = tempfile::tempdir()?;
        let file = directory.path().join("prometheus.yml");
        let rules = packaging()
            .join("prometheus/autoscaler.rules.yml")
            .canonicalize()?;
        fs::write(
            &file,
            format!(
                "global: {{ scrape_interval: 1s, evaluation_interval: 1s }}\n\
                 rule_files: [{}]\n\
                 scrape_configs:\n  - job_name: autoscaler\n    static_configs: [{{ targets: {targets:?} }}]\n",
                rules.display()
            ),
        )?;
        let address = Address::free_port()?;
        let Address::Loopback(port) = address else {
            unreachable!("a free port is one of the loopback's")
        };
        let process = Command::new("prometheus")
            .arg(format!("--config.file={}", file.display()))
            .arg(format!(
                "--storage.tsdb.path={}",
                directory.path().join("data").display()
            ))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .stdout(Stdio::null())
            .stderr(fs::File::create(directory.path().join("log"))?)
            .spawn()?;
        Ok(Self {
            process,
            address,
            _directory: directory,
        })
    }

    /// The value of a query that gives one.
    pub(crate) fn value(&self, query: &str) -> Option<f64> {
        let rows = self.rows(query).ok()?;
        rows.first()?["value"][1].as_str()?.parse().ok()
    }

    /// What a query gives, one row a series.
    pub(crate) fn rows(&self, query: &str) -> Result<Vec<Value>> {
        let encoded: String = query
            .bytes()
            .map(|byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' => char::from(byte).to_string(),
                _ => format!("%{byte:02x}"),
            })
            .collect();
        let (status, answer) = self
            .address
            .get(&format!("/api/v1/query?query={encoded}"), LIMIT)?;
        ensure!(status == 200, "{query}: {answer}");
        let answer: Value = serde_json::from_str(&answer)?;
        let rows = answer["data"]["result"].as_array();
        Ok(rows.with_context(|| format!("{query}: {answer}"))?.clone())
    }

    pub(crate) fn wait(&self, query: &str, wanted: impl Fn(f64) -> bool) -> Result<f64> {
        until(query, LIMIT, || self.value(query).filter(|value| wanted(*value)))
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn a_real_prometheus_scrapes_it_and_the_counters_follow_the_kernels() -> Result<()> {
    if !require(&[Tool::Prometheus]) {
        return Ok(());
    }
    if !require_root() {
        return Ok(());
    }
    let cgroup = ScratchCgroup::new("metrics")?;
    let home = Home::new(&config(&cgroup.relative(), "127.0.0.1:0"))?;
    let daemon = Daemon::start(home.command())?;
    let at = address(&daemon)?;
    let Address::Loopback(port) = at else {
        unreachable!("the configuration names the loopback")
    };
    let _burner = Burner::busy(cgroup.path())?;
    let prometheus = Prometheus::start(&[format!("127.0.0.1:{port}")])?;

    prometheus.wait("up{job=\"autoscaler\"}", |up| up > 0.5)?;
    prometheus.wait("autoscaler_checks_total", |checks| checks > 2.0)?;
    prometheus.wait("autoscaler_project_observed{project=\"gone\"}", |seen| {
        seen == 0.0
    })?;
    prometheus.wait(
        "autoscaler_decisions_total{project=\"site\",action=\"blocked\",reason=\"disabled\"}",
        |count| count > 1.0,
    )?;
    prometheus.wait("process_resident_memory_bytes", |bytes| bytes > 1e6)?;
    // The rules are loaded and evaluated: this one waits for its quarter of an hour.
    prometheus.wait(
        "ALERTS{alertname=\"AutoscalerProjectNotSeen\",project=\"gone\",alertstate=\"pending\"}",
        |pending| pending > 0.5,
    )?;
    // One busy loop, read at each scrape.
    let cpu = "autoscaler_cgroup_cpu_seconds_total{project=\"site\"}";
    let first = prometheus.wait(cpu, |seconds| seconds > 0.0)?;
    prometheus.wait(cpu, |seconds| seconds > first + 0.5)?;

    // Prometheus takes each query of the dashboard as Grafana asks it, and has something to draw.
    for query in dashboard()? {
        let asked = query
            .replace("$instance", ".*")
            .replace("$project", "site|gone|promising")
            .replace("$__rate_interval", "1m");
        let rows = until(&asked, LIMIT, || match prometheus.rows(&asked) {
            Ok(rows) if rows.is_empty() && !DEPENDS_ON_THE_SCENE.iter().any(|name| query.contains(name)) => {
                None
            }
            answered => Some(answered),
        });
        rows??;
    }
    // And its variables have something to choose from.
    for (figure, label) in variables()? {
        let asked = format!("group by ({label}) ({})", figure.replace("$instance", ".*"));
        let named = until(&asked, LIMIT, || {
            let rows = prometheus.rows(&asked).ok()?;
            rows.iter()
                .any(|row| row["metric"][&label].is_string())
                .then_some(())
        });
        named?;
    }

    let text = fetch(&at)?;
    promtool(&["check", "metrics"], &text)?;
    daemon.end()
}

#[test]
fn the_rules_and_the_dashboard_name_figures_that_are_served() -> Result<()> {
    if !require(&[Tool::Prometheus]) {
        return Ok(());
    }
    if !require_root() {
        return Ok(());
    }
    promtool(&["check", "rules", "autoscaler.rules.yml"], "")?;
    promtool(&["test", "rules", "autoscaler.rules.test.yml"], "")?;

    let rules = fs::read_to_string(packaging().join("prometheus/autoscaler.rules.yml"))?;

    let source = concat!(
        include_str!("../../../autoscaler/src/metrics/text.rs"),
        include_str!("../../../autoscaler/src/metrics/text/own.rs"),
        include_str!("../../../autoscaler/src/metrics/text/promise.rs"),
        include_str!("../../../autoscaler/src/metrics/text/requests.rs"),
        include_str!("../../../autoscaler/src/metrics/text/tests.rs")
    );
    let recorded = |name: &str| {
        rules
            .lines()
            .any(|line| line.trim_start() == format!("- record: {name}"))
    };
    for text in dashboard()?.into_iter().chain([rules.clone()]) {
        for name in words(&text).filter(|word| word.contains(":autoscaler_")) {
            ensure!(recorded(name), "{name} is recorded by no rule: {text}");
        }
        for name in names(&text) {
            let stem = ["_total", "_bucket"]
                .iter()
                .find_map(|end| name.strip_suffix(end));
            let stem = stem.unwrap_or(name);
            ensure!(
                source.contains(&format!("\"{stem}\"")),
                "{name} is served by nobody: {text}"
            );
        }
    }
    Ok(())
}

fn dashboard_json() -> Result<Value> {
    let text = fs::read_to_string(packaging().join("grafana/autoscaler.json"))?;
    Ok(serde_json::from_str(&text)?)
}

/// The figure and the label that each variable of the dashboard takes its values from.
fn variables() -> Result<Vec<(String, String)>> {
    let dashboard = dashboard_json()?;
    let list = dashboard["templating"]["list"].as_array().context("variables")?;
    let queries = list
        .iter()
        .filter_map(|variable| variable["query"]["query"].as_str());
    let variables = queries
        .map(|query| {
            let inner = query
                .strip_prefix("label_values(")
                .and_then(|rest| rest.strip_suffix(')'));
            let (figure, label) = inner
                .and_then(|inner| inner.rsplit_once(", "))
                .with_context(|| format!("label_values(figure, label), not {query}"))?;
            Ok((figure.to_owned(), label.to_owned()))
        })
        .collect::<Result<Vec<_>>>()?;
    ensure!(!variables.is_empty(), "the dashboard has no variable");
    Ok(variables)
}

/// The queries of the dashboard: of its panels and of its annotations.
fn dashboard() -> Result<Vec<String>> {
    let dashboard = dashboard_json()?;
    let panels = dashboard["panels"].as_array().context("panels")?;
    let mut queries = Vec::new();
    for panel in panels {
        let targets = panel["targets"].as_array().into_iter().flatten();
        let asked: Vec<String> = targets
            .filter_map(|target| target["expr"].as_str().map(str::to_owned))
            .collect();
        ensure!(!asked.is_empty(), "a panel without a query: {}", panel["title"]);
        queries.extend(asked);
    }
    for annotation in dashboard["annotations"]["list"]
        .as_array()
        .context("annotations")?
    {
        queries.push(annotation["expr"].as_str().context("a query")?.to_owned());
    }
    Ok(queries)
}

/// The figures that a query names.
fn names(text: &str) -> impl Iterator<Item = &str> {
    words(text).filter(|word| word.starts_with("autoscaler_") || word.starts_with("process_"))
}

/// What could be the name of a figure, or of one that a rule records.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != ':')
}

#[test]
fn a_unix_socket_serves_too_and_is_gone_with_the_daemon() -> Result<()> {
    if !require_root() || !require(&[Tool::Prometheus]) {
        return Ok(());
    }
    let directory = tempfile::tempdir()?;
    let socket = directory.path().join("metrics.sock");
    let cgroup = ScratchCgroup::new("metrics-unix")?;
    let home = Home::new(&config(&cgroup.relative(), &format!("unix:{}", socket.display())))?;
    let daemon = Daemon::start(home.command())?;
    let text = fetch(&address(&daemon)?)?;
    assert!(text.contains("autoscaler_build_info{"), "{text}");
    assert!(fs::symlink_metadata(&socket)?.file_type().is_socket());
    daemon.end()?;
    assert!(!socket.exists());
    Ok(())
}

#[test]
fn a_taken_port_is_told_once_and_scaling_goes_on() -> Result<()> {
    if !require_root() || !require(&[Tool::Prometheus]) {
        return Ok(());
    }
    let taken = TcpListener::bind("127.0.0.1:0")?;
    let cgroup = ScratchCgroup::new("metrics-taken")?;
    let home = Home::new(&config(&cgroup.relative(), &taken.local_addr()?.to_string()))?;
    let daemon = Daemon::start(home.command())?;
    daemon.wait_line("metrics are not served", LIMIT)?;
    daemon.wait_line("gone.service: blocked", LIMIT)?;
    drop(taken);
    let at = address(&daemon)?;
    let text = fetch(&at)?;
    assert!(text.contains("autoscaler_checks_total "), "{text}");
    let told = daemon.printed();
    let told = told.iter().filter(|line| line.contains("metrics are not served"));
    assert_eq!(told.count(), 1);

    // A reload that takes the key away takes the address away.
    home.configure(&config(&cgroup.relative(), "x").replace(r#", "metrics": { "listen": "x" }"#, ""))?;
    daemon.wait_line("configuration reloaded", LIMIT)?;
    until("the address to be let go", LIMIT, || fetch(&at).err())?;
    daemon.end()
}
