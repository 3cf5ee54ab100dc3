//! Messages as a receiver reads them.

use std::sync::Arc;
use std::time::Duration;

use prost::Message as _;

use super::*;
use crate::export::text::tests::scrape;

fn metrics(scrape: &Scrape) -> Vec<Metric> {
    let sender = Sender::on("host");
    let all = requests(scrape, &sender).flat_map(|message| {
        let bytes = message.encode_to_vec();
        let read = ExportMetricsServiceRequest::decode(bytes.as_slice()).unwrap();
        assert_eq!(read, message);
        read.resource_metrics
    });
    all.flat_map(|resource| resource.scope_metrics)
        .flat_map(|scope| scope.metrics)
        .collect()
}

fn named<'a>(metrics: &'a [Metric], name: &str) -> &'a Data {
    let found = metrics.iter().find(|metric| metric.name == name);
    found.and_then(|metric| metric.data.as_ref()).unwrap()
}

fn value(attributes: &[KeyValue], key: &str) -> Option<String> {
    let found = attributes.iter().find(|pair| pair.key == key)?;
    match found.value.clone()?.value? {
        Value::StringValue(text) => Some(text),
        _ => None,
    }
}

fn seconds_of(nanos: u64) -> u64 {
    nanos / 1_000_000_000
}

#[test]
fn counters_are_cumulative_and_begin_when_they_were_nothing() {
    let metrics = metrics(&scrape());
    let Data::Sum(cpu) = named(&metrics, "autoscaler.cgroup.cpu.time") else {
        panic!("a sum");
    };
    assert_eq!(cpu.aggregation_temporality(), AggregationTemporality::Cumulative);
    assert!(cpu.is_monotonic);
    let starts: Vec<u64> = cpu
        .data_points
        .iter()
        .map(|point| seconds_of(point.start_time_unix_nano))
        .collect();
    assert_eq!(
        starts,
        [100, 900],
        "one may be as old as the host, the other came later"
    );
    assert_eq!(seconds_of(cpu.data_points[0].time_unix_nano), 1000);
    assert_eq!(cpu.data_points[0].value, Some(Number::AsDouble(1.5)));
    let Data::Sum(wait) = named(&metrics, "autoscaler.cgroup.cpu.runqueue_wait") else {
        panic!("a sum");
    };
    let starts: Vec<u64> = wait
        .data_points
        .iter()
        .map(|point| seconds_of(point.start_time_unix_nano))
        .collect();
    assert_eq!(starts, [500, 900], "nobody saw it before the kernel program");
}

#[test]
fn attributes_have_the_names_of_the_conventions() {
    let metrics = metrics(&scrape());
    let Data::Sum(cpu) = named(&metrics, "autoscaler.cgroup.cpu.time") else {
        panic!("a sum");
    };
    let [unit, container] = &cpu.data_points[..] else {
        panic!("two cgroups")
    };
    let of_unit = |key| value(&unit.attributes, key);
    assert_eq!(
        of_unit("process.linux.cgroup").unwrap(),
        r"/system.slice/a\x2db.service"
    );
    assert_eq!(of_unit("systemd.unit.name").unwrap(), r"a\x2db.service");
    assert_eq!(of_unit("container.id"), None);
    let of_container = |key| value(&container.attributes, key);
    assert_eq!(of_container("container.id").unwrap().len(), 64);
    assert_eq!(of_container("container.runtime.name").unwrap(), "containerd");
    assert_eq!(
        of_container("k8s.pod.uid").unwrap(),
        "1858680e-b044-4fd5-9dd4-f137e30e2180"
    );
}

#[test]
fn waits_are_a_histogram_with_one_count_more_than_bounds() {
    let metrics = metrics(&scrape());
    let Data::Histogram(waits) = named(&metrics, "autoscaler.cgroup.requests.wait") else {
        panic!("a histogram");
    };
    let [point] = &waits.data_points[..] else {
        panic!("one cgroup serves")
    };
    assert_eq!(point.bucket_counts.len(), point.explicit_bounds.len() + 1);
    assert_eq!(point.bucket_counts.iter().sum::<u64>(), point.count);
    assert_eq!((point.count, point.sum), (3, Some(0.084)));
}

#[test]
fn many_cgroups_come_in_several_messages_none_too_long_for_a_receiver() {
    let mut scrape = scrape();
    let container = scrape.cgroups.remove(1);
    for index in 0..2500 {
        let path = format!("{}/{index}", container.name.path);
        scrape.cgroups.push(CgroupScrape {
            name: Arc::new(Name::new(path, Some(scrape.taken_at - Duration::from_secs(1)))),
            ..container.clone()
        });
    }
    let sender = Sender::on("host");
    let lengths: Vec<usize> = requests(&scrape, &sender)
        .map(|message| message.encoded_len())
        .collect();
    assert_eq!(lengths.len(), 6);
    assert!(lengths.iter().all(|length| *length < 4 << 20), "{lengths:?}");
}
