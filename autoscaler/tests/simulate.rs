//! `autoscaler simulate` as a user types it.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn trace(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("testdata/traces")
        .join(name)
}

fn simulate(arguments: &[&str]) -> Output {
    let taxi = trace("nyc_taxi.csv");
    Command::new(env!("CARGO_BIN_EXE_autoscaler"))
        .arg("simulate")
        .arg(if arguments.first() == Some(&"-") {
            Path::new("-")
        } else {
            &taxi
        })
        .args(arguments.iter().filter(|argument| **argument != "-"))
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn told(output: &Output, code: i32) -> String {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{said}");
    said
}

const WEEK: [&str; 6] = [
    "--mean-demand",
    "2",
    "--from",
    "2014-10-27",
    "--until",
    "2014-11-03",
];

fn week(more: &[&str]) -> Output {
    simulate(&[&WEEK, more].concat())
}

fn json(output: &Output) -> serde_json::Value {
    told(output, 0);
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn the_table_names_every_policy() {
    let output = week(&[]);
    told(&output, 0);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("backdipro: 1 to 6 workers on 6 CPUs"), "{text}");
    for policy in [
        "autoscaler",
        "Kubernetes HPA rule",
        "Celery --autoscale",
        "fixed, 1",
        "fixed, 6",
    ] {
        assert!(
            text.lines().any(|line| line.starts_with(policy)),
            "{policy}: {text}"
        );
    }
}

#[test]
fn json_has_the_figures_with_their_units_in_the_names() {
    let answer = json(&week(&["--json"]));
    assert_eq!(answer["demand"]["checks"], 5040);
    assert_eq!(answer["policies"].as_array().unwrap().len(), 5);
    assert_eq!(answer["policies"][4]["policy"], "fixed_max");
    assert_eq!(answer["policies"][4]["worker_hours"], 1008.0);
    assert_eq!(answer["suggestion"], serde_json::Value::Null);
}

#[test]
fn a_change_is_tried_and_a_wrong_one_is_told_like_the_configuration_s_own() {
    let hours = |more: &[&str]| {
        json(&week(&[&["--json"], more].concat()))["policies"][0]["worker_hours"]
            .as_f64()
            .unwrap()
    };
    assert!(hours(&["--set", "backdipro.cpu_duration_minutes.scale_down=240"]) > hours(&[]));
    let said = told(&week(&["--set", "backdipro.cpu_thresholds.scale_up3=70"]), 2);
    assert!(said.contains("did you mean \"scale_up_3\"?"), "{said}");
    let said = told(&week(&["--set", "backdipro.cpu_thresholds.scale_up_3=99"]), 2);
    assert!(said.contains("rungs must not fall"), "{said}");
    let said = told(&week(&["--set", "backdiplo.max_workers=7"]), 2);
    assert!(said.contains("did you mean \"backdipro\"?"), "{said}");
}

#[test]
fn a_project_of_a_configuration_is_simulated_and_a_wrong_one_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("config.json");
    let path = path.to_str().unwrap();
    let project = r#"{ "max_workers": 3, "cpu_thresholds": { "scale_up_2": 60, "scale_up_3": 70, "scale_down_1": 30 } }"#;
    fs::write(path, format!("{{ \"shop\": {project} }}")).unwrap();
    let output = week(&["--config", path]);
    told(&output, 0);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("shop: 1 to 3 workers"), "{text}");
    assert!(
        text.contains("not enabled: the figures show what the daemon would do"),
        "{text}"
    );
    let said = told(&week(&["--config", path, "--project", "shap"]), 2);
    assert!(
        said.contains("no project \"shap\": did you mean \"shop\"?"),
        "{said}"
    );
    fs::write(path, format!("{{ \"shop\": {project}, \"web\": {project} }}")).unwrap();
    assert!(told(&week(&["--config", path]), 2).contains("choose one with --project, of shop, web"));
    assert!(told(&week(&["--config", "/nonexistent/config.json"]), 2).contains("no such file"));
    let queue =
        r#"{ "enabled": true, "max_workers": 3, "tasks_per_worker": 5, "redis_url": "redis://localhost" }"#;
    fs::write(path, format!("{{ \"tasks\": {queue} }}")).unwrap();
    assert!(told(&week(&["--config", path]), 2).contains("has no cpu_thresholds"));
}

#[test]
fn pictures_are_written_in_both_forms() {
    let dir = tempfile::tempdir().unwrap();
    let (svg, png) = (dir.path().join("a.svg"), dir.path().join("a.png"));
    told(
        &week(&["--svg", svg.to_str().unwrap(), "--png", png.to_str().unwrap()]),
        0,
    );
    let text = fs::read_to_string(&svg).unwrap();
    assert!(text.starts_with("<svg") && text.trim_end().ends_with("</svg>"));
    for words in [
        "backdipro over nyc_taxi.csv",
        "Kubernetes HPA rule",
        "threshold of the next step up",
    ] {
        assert!(text.contains(words), "{words}");
    }
    assert!(text.len() < 1 << 20, "{} bytes", text.len());
    assert!(fs::read(&png).unwrap().starts_with(b"\x89PNG\r\n\x1a\n"));
    let said = told(&week(&["--svg", "/nonexistent/a.svg"]), 1);
    assert!(said.contains("cannot write /nonexistent/a.svg"), "{said}");
}

#[test]
fn a_suggestion_is_printed_as_lines_to_paste() {
    let day = [
        "--mean-demand",
        "2",
        "--from",
        "2014-10-28",
        "--until",
        "2014-10-29",
    ];
    let output = simulate(
        &[
            &day[..],
            &["--suggest", "--max-late", "10", "--service-ms", "1000"],
        ]
        .concat(),
    );
    told(&output, 0);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("\"cpu_thresholds\": { \"scale_up_2\": "), "{text}");
    assert!(
        text.lines().any(|line| line.starts_with("autoscaler, suggested")),
        "{text}"
    );
    assert!(told(&simulate(&[&day[..], &["--suggest"]].concat()), 2).contains("--max-late"));
}

#[test]
fn policies_are_replayed_to_the_request_the_same_for_a_seed() {
    let day = [
        "--mean-demand",
        "2",
        "--from",
        "2014-10-28",
        "--until",
        "2014-10-29",
        "--service-ms",
        "2000",
    ];
    let of = |more: &[&str]| simulate(&[&day[..], more].concat());
    let policies = ["--policy", "target,ladder", "--policy", "fixed:6"];
    let output = of(&policies);
    told(&output, 0);
    let text = String::from_utf8(output.stdout).unwrap();
    for expected in [
        "to the request",
        "over 100 ms",
        "\ntarget ",
        "\nladder ",
        "\nfixed:6 ",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    let spanish = of(&[&policies[..], &["--language", "es"]].concat());
    assert!(String::from_utf8_lossy(&spanish.stdout).contains("petición a petición"));
    let answer = json(&of(&[&policies[..], &["--json", "--seed", "7"]].concat()));
    assert_eq!(
        answer,
        json(&of(&[&policies[..], &["--json", "--seed", "7"]].concat()))
    );
    assert_eq!(answer["policies"][2]["policy"], "fixed:6");
    assert_eq!(answer["policies"][2]["worker_hours_a_day"], 144.0);
    assert_eq!(answer["hindsight"], serde_json::Value::Null);
    assert!(told(&of(&["--policy", "hpa"]), 2).contains("hpa:70"));
}

#[test]
fn services_share_one_pool_of_memory() {
    let file = trace("ec2_cpu_utilization.csv");
    let load = |more: &str| format!("{},demand=1.5,{more}", file.display());
    let (web, shop) = (load("mb=300"), load("mb=500,weight=2,shift-hours=9"));
    let output = Command::new(env!("CARGO_BIN_EXE_autoscaler"))
        .args([
            "simulate",
            "--pool-mb",
            "2400",
            "--load",
            &web,
            "--load",
            &shop,
            "--service-ms",
            "2000",
        ])
        .args(["--until", "2014-02-15 14:27:00", "--json"])
        .output()
        .unwrap();
    let answer = json(&output);
    assert_eq!(answer["partings"][0]["parting"], "pool");
    assert!(answer["partings"][0]["most_mib"].as_u64().unwrap() <= 2400);
    let bad = Command::new(env!("CARGO_BIN_EXE_autoscaler"))
        .args(["simulate", "--pool-mb", "2400", "--load", &load("mib=3")])
        .output()
        .unwrap();
    assert!(told(&bad, 2).contains("write KEY=VALUE"), "{bad:?}");
}

#[test]
fn bad_input_is_told_with_its_file_and_line() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("load.csv");
    let run = |text: &str| {
        fs::write(&path, text).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_autoscaler"))
            .args(["simulate", path.to_str().unwrap(), "--busy-workers"])
            .output()
            .unwrap();
        told(&output, 1)
    };
    let said = run("timestamp,value\n2014-07-01 00:00,1\n2014-07-01 00:05,NaN\n");
    assert!(said.contains("load.csv: line 3: the value is \"NaN\""), "{said}");
    assert!(run("").contains("load.csv: it holds 0 value(s)"));
    assert!(run("timestamp,value\n0,1\n10,1\n").contains("less than one check"));
}

#[test]
fn wrong_usage_is_told_with_what_to_write() {
    assert!(told(&simulate(&[]), 2).contains("--mean-demand <CPUS>|--busy-workers"));
    assert!(told(&simulate(&["--mean-demand", "0"]), 2).contains("write a number from 0.001"));
    assert!(
        told(&simulate(&["--mean-demand", "2", "--from", "soon"]), 2).contains("write it like 2014-07-01")
    );
    assert!(told(&simulate(&["-", "--mean-demand", "2"]), 1).contains("0 value(s)"));
}
