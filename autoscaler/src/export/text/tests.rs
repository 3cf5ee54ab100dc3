//! A look in both formats.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use autoscaler_common::{Live, Requests, bucket_of};

use super::*;
use crate::export::Name;
use crate::host::usage::Health;
use crate::metrics::{Format, Process, text};
use crate::model::{RequestsWay, SourceKind};

const ID: &str = "022c4ffba65e5031285fd427553e56c3fd6cc85a3a49f3fa2825d0a258d8a5d6";

/// A host with a service that has a name to be escaped, and a container that serves requests.
pub(in crate::export) fn scrape() -> Scrape {
    let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    let cgroup = |path: String, since| CgroupScrape {
        name: Arc::new(Name::new(path, since)),
        cpu_ns: Some(1_500_000_000),
        wait_ns: Some(250_000_000),
        quota: None,
        memory: None,
        requests: None,
    };
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
        served_since: 1,
        ..Live::default()
    };
    let container = format!(
        "/kubepods.slice/kubepods-pod1858680e_b044_4fd5_9dd4_f137e30e2180.slice/cri-containerd-{ID}.scope"
    );
    Scrape {
        taken_at: at(1000),
        booted_at: at(100),
        opened_at: at(500),
        source: SourceKind::Ebpf,
        health: Health::default(),
        requests_way: Some(RequestsWay::Tracepoints),
        left_out: 7,
        process: Process {
            cpu: Duration::from_millis(30),
            resident: Some(1 << 24),
            started_at: at(400),
        },
        cgroups: vec![
            CgroupScrape {
                quota: Some(QuotaStat {
                    periods: 90,
                    throttled: 7,
                    throttled_us: 2500,
                }),
                memory: Some(1 << 20),
                ..cgroup(r"/system.slice/a\x2db.service".to_owned(), None)
            },
            CgroupScrape {
                requests: Some(Box::new(RequestLook {
                    at: Duration::from_secs(1),
                    counted,
                    live: vec![live],
                })),
                ..cgroup(container, Some(at(900)))
            },
        ],
    }
}

/// The labels of the container.
fn labels() -> String {
    let uid = "1858680e-b044-4fd5-9dd4-f137e30e2180";
    let scope = format!("cri-containerd-{ID}.scope");
    let slice = format!("/kubepods.slice/kubepods-pod{}.slice", uid.replace('-', "_"));
    format!(
        "cgroup=\"{slice}/{scope}\",unit=\"{scope}\",container_id=\"{ID}\",runtime=\"containerd\",pod_uid=\"{uid}\""
    )
}

#[test]
fn prometheus_older_format_has_every_figure() {
    let text = text(scrape(), Format::Prometheus).unwrap();
    let unit = r#"cgroup="/system.slice/a\\x2db.service",unit="a\\x2db.service""#;
    let container = labels();
    for line in [
        "# TYPE autoscaler_host_cgroup_cpu_seconds_total counter".to_owned(),
        format!("autoscaler_host_cgroup_cpu_seconds_total{{{unit}}} 1.5"),
        format!("autoscaler_host_cgroup_cpu_seconds_total{{{container}}} 1.5"),
        format!("autoscaler_host_cgroup_runqueue_wait_seconds_total{{{unit}}} 0.25"),
        format!("autoscaler_host_cgroup_throttled_seconds_total{{{unit}}} 0.0025"),
        format!("autoscaler_host_cgroup_throttled_periods_total{{{unit}}} 7.0"),
        format!("autoscaler_host_cgroup_periods_total{{{unit}}} 90.0"),
        format!("autoscaler_host_cgroup_memory_bytes{{{unit}}} 1048576.0"),
        format!("autoscaler_host_cgroup_requests_begun_total{{{container}}} 3.0"),
        format!("autoscaler_host_cgroup_requests_answered_total{{{container}}} 2.0"),
        format!("autoscaler_host_cgroup_requests_abandoned_total{{{container}}} 0.0"),
        format!("autoscaler_host_cgroup_requests_busy_seconds_total{{{container}}} 0.5"),
        "# TYPE autoscaler_host_cgroup_request_wait_seconds histogram".to_owned(),
        format!("autoscaler_host_cgroup_request_wait_seconds_bucket{{le=\"0.002097152\",{container}}} 2"),
        format!("autoscaler_host_cgroup_request_wait_seconds_count{{{container}}} 3"),
        format!("autoscaler_host_cgroup_requests_waiting{{{container}}} 0.0"),
        format!("autoscaler_host_cgroup_requests_serving{{{container}}} 1.0"),
        "autoscaler_cgroups 2.0".to_owned(),
        "autoscaler_cgroups_left_out 7.0".to_owned(),
        "autoscaler_requests_seen{by=\"tracepoints\"} 1.0".to_owned(),
    ] {
        assert!(
            text.lines().any(|found| found == line),
            "{line} is not in\n{text}"
        );
    }
    let is_there = |name: &str, labels: &str| text.contains(&format!("{name}{{{labels}}}"));
    assert!(!is_there("autoscaler_host_cgroup_memory_bytes", &container));
    assert!(!is_there("autoscaler_host_cgroup_requests_begun_total", unit));
}

#[test]
fn openmetrics_names_counters_without_their_end() {
    let text = text(scrape(), Format::OpenMetrics).unwrap();
    assert!(
        text.contains("# TYPE autoscaler_host_cgroup_cpu_seconds counter\n"),
        "{text}"
    );
    assert!(
        text.contains("autoscaler_host_cgroup_cpu_seconds_total{"),
        "{text}"
    );
    assert!(text.ends_with("# EOF\n"), "{text}");
}

#[test]
fn no_figure_has_the_name_of_one_of_a_project() {
    let text = text(scrape(), Format::OpenMetrics).unwrap();
    assert!(!text.contains("\nautoscaler_cgroup_"), "{text}");
}
