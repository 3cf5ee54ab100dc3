//! Both formats of one scrape.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use autoscaler_common::{Live, Requests, bucket_of};

use super::*;
use crate::host::usage::Health;
use crate::metrics::{Counts, Process};
use crate::model::{
    Bounds, CgroupMemory, Figures, Host, Lateness, ListenQueue, Look, Measure, Promise, RequestLook,
    RequestsWay, SourceKind,
};
use crate::observe::Totals;

/// Two requests of 2 ms and of 80 ms, and one that waits.
fn requests() -> RequestLook {
    let mut counted = Requests {
        begun: 3,
        answered: 2,
        wait_ns: 84_000_000,
        busy_ns: 500_000_000,
        ..Requests::default()
    };
    for millis in [2, 2, 80] {
        counted.waits[bucket_of(millis * 1_000_000)] += 1;
    }
    let live = Live {
        waiting_since: 1,
        ..Live::default()
    };
    RequestLook {
        at: Duration::from_secs(1),
        counted,
        live: vec![live],
    }
}

#[test]
fn waits_are_a_histogram_of_prometheus_own_type() {
    let text = text(scrape(), Format::Prometheus).unwrap();
    for line in [
        "# TYPE autoscaler_request_wait_seconds histogram",
        "autoscaler_request_wait_seconds_sum{project=\"back\\\"dipro\"} 0.084",
        "autoscaler_request_wait_seconds_count{project=\"back\\\"dipro\"} 3",
        "autoscaler_request_wait_seconds_bucket{le=\"0.001048576\",project=\"back\\\"dipro\"} 0",
        "autoscaler_request_wait_seconds_bucket{le=\"0.002097152\",project=\"back\\\"dipro\"} 2",
        "autoscaler_request_wait_seconds_bucket{le=\"+Inf\",project=\"back\\\"dipro\"} 3",
        "autoscaler_requests_answered_total{project=\"back\\\"dipro\"} 2.0",
        "autoscaler_requests_busy_seconds_total{project=\"back\\\"dipro\"} 0.5",
        "autoscaler_requests_waiting{project=\"back\\\"dipro\"} 1.0",
        "autoscaler_requests_seen{by=\"tracepoints\"} 1.0",
        "autoscaler_listen_queue_waiting{project=\"back\\\"dipro\",address=\"/run/shop.sock\"} 3.0",
    ] {
        assert!(
            text.lines().any(|found| found == line),
            "{line} is not in\n{text}"
        );
    }
}

fn scrape() -> Scrape {
    let look = Look {
        project: "backdipro".into(),
        at: UNIX_EPOCH,
        figures: Figures {
            workers: Some(3),
            cpu_percent: Some(75.5),
            ..Figures::default()
        },
        cpu: None,
        memory: CgroupMemory {
            current: Some(1 << 20),
            max: Some(3 << 20),
        },
        cgroup: None,
        queue: None,
        requests: None,
        promise: None,
        late: None,
        thresholds: [(Measure::Cpu, Some(80.0), None)].into_iter().collect(),
        decided: None,
    };
    let project = ProjectScrape {
        enabled: true,
        bounds: Bounds { min: 1, max: 6 },
        wanted: Some(9),
        promise: Some(Promise {
            wait: Duration::from_millis(100),
            percent: 0.5,
        }),
        look: Some(Arc::new(look)),
        totals: Some(Totals {
            on_cpu: Duration::from_millis(1500),
            wait: Some(Duration::from_millis(250)),
            throttled: None,
        }),
        requests: Some(requests()),
        listening: vec![ListenQueue {
            inode: 7,
            address: "/run/shop.sock".into(),
            waiting: 3,
            limit: 2048,
            dropped: None,
        }],
        counts: Counts {
            decisions: BTreeMap::from([
                (("scale_up", "above_rung"), 2),
                (("hold", "within_thresholds"), 40),
            ]),
            steps_done: 2,
            steps_failed: 0,
            promised: Lateness {
                begun: 200,
                late: 1.25,
            },
        },
    };
    Scrape {
        source: SourceKind::Ebpf,
        health: Health {
            lost_switches: 5,
            map_full: 0,
            discarded: 3,
        },
        requests_way: Some(RequestsWay::Tracepoints),
        host: Some(Host {
            cpus: 4,
            memory_total_mib: 2,
            memory_available_mib: 1,
            busy_percent: Some(50.0),
        }),
        checked_at: Some(UNIX_EPOCH + Duration::from_millis(1500)),
        check_interval: Duration::from_mins(2),
        checks: 42,
        failed_checks: 1,
        check_time: Duration::from_millis(84),
        history_lost: Some(0),
        config_in_force: true,
        process: Process {
            cpu: Duration::from_secs(1),
            resident: Some(9 << 20),
            started_at: UNIX_EPOCH,
        },
        projects: BTreeMap::from([("back\"dipro".to_owned(), project)]),
    }
}

#[test]
fn every_figure_stands_in_the_older_format() {
    let text = text(scrape(), Format::Prometheus).unwrap();
    for line in [
        "# TYPE autoscaler_cgroup_cpu_seconds_total counter",
        r#"autoscaler_cgroup_cpu_seconds_total{project="back\"dipro"} 1.5"#,
        r#"autoscaler_cgroup_runqueue_wait_seconds_total{project="back\"dipro"} 0.25"#,
        r#"autoscaler_cgroup_memory_limit_bytes{project="back\"dipro"} 3145728.0"#,
        r#"autoscaler_workers{project="back\"dipro"} 3.0"#,
        r#"autoscaler_cpu_utilization_ratio{project="back\"dipro"} 0.755"#,
        r#"autoscaler_cpu_threshold_ratio{project="back\"dipro",direction="up"} 0.8"#,
        r#"autoscaler_decisions_total{project="back\"dipro",action="scale_up",reason="above_rung"} 2.0"#,
        r#"autoscaler_steps_total{project="back\"dipro",result="done"} 2.0"#,
        "autoscaler_checks_total 42.0",
        "autoscaler_check_interval_seconds 120.0",
        "autoscaler_last_check_timestamp_seconds 1.5",
        "autoscaler_lost_switches_total 5.0",
        "autoscaler_discarded_slices_total 3.0",
        "# TYPE autoscaler_host_cpus gauge",
    ] {
        assert!(
            text.lines().any(|found| found == line),
            "{line} is not in\n{text}"
        );
    }
    assert!(!text.contains("# EOF"), "{text}");
    assert!(
        !text.contains("throttled"),
        "a figure that nobody has is left out:\n{text}"
    );
}

#[test]
fn a_promise_has_its_requests_counted_and_one_that_is_not_made_has_no_figure() {
    let promised = text(scrape(), Format::Prometheus).unwrap();
    for line in [
        "# TYPE autoscaler_requests_promised_total counter",
        r#"autoscaler_requests_promised_total{project="back\"dipro"} 200.0"#,
        r#"autoscaler_requests_late_total{project="back\"dipro"} 1.25"#,
        r#"autoscaler_request_wait_promised_seconds{project="back\"dipro"} 0.1"#,
        r#"autoscaler_requests_late_promised_ratio{project="back\"dipro"} 0.005"#,
    ] {
        assert!(
            promised.lines().any(|found| found == line),
            "{line} is not in\n{promised}"
        );
    }
    let mut scrape = scrape();
    for project in scrape.projects.values_mut() {
        project.promise = None;
    }
    let unpromised = text(scrape, Format::Prometheus).unwrap();
    assert!(!unpromised.contains("promised"), "{unpromised}");
}

#[test]
fn the_newer_format_differs_in_its_descriptions_alone() {
    let newer = text(scrape(), Format::OpenMetrics).unwrap();
    assert!(
        newer.contains("# TYPE autoscaler_checks counter\nautoscaler_checks_total 42.0\n"),
        "{newer}"
    );
    assert!(newer.ends_with("# EOF\n"), "{newer}");
    let samples = |text: &str| {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        lines.map(ToOwned::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(
        samples(&newer),
        samples(&text(scrape(), Format::Prometheus).unwrap())
    );
}

#[test]
fn the_format_is_the_one_that_is_asked_for() {
    let prometheus = "application/openmetrics-text;version=1.0.0;q=0.75,text/plain;version=0.0.4;q=0.5";
    assert_eq!(Format::accepted(prometheus), Format::OpenMetrics);
    assert_eq!(Format::accepted("*/*"), Format::Prometheus);
}
