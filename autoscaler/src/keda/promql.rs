//! The queries to Prometheus.
//!
//! The exporters know the uid of a pod, as it stands in the path of its cgroup; kube-state-metrics knows which pod has it
//! (`kube_pod_info`). What comes from a trigger stands in a query only after [`super::trigger`] has seen that nothing of it means
//! anything there.

use std::time::Duration;

use crate::keda::trigger::{PodMeasure, Source};

/// The pods of a workload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pods {
    namespace: String,
    workload: String,
}

/// The time over which a rate or a mean is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window(Duration);

/// The letters that Kubernetes makes up names of: `alphanums` in apimachinery's `pkg/util/rand`.
const MADE_UP: &str = "[bcdfghjklmnpqrstvwxz2456789]";

/// A letter of a pod's name.
const LETTER: &str = "[a-z0-9.-]";

impl Pods {
    /// `namespace` and `workload` have been looked at.
    pub(super) fn new(namespace: &str, workload: &str) -> Self {
        Self {
            namespace: namespace.to_owned(),
            workload: workload.to_owned(),
        }
    }

    pub(super) fn namespace(&self) -> &str {
        &self.namespace
    }

    pub(super) fn workload(&self) -> &str {
        &self.workload
    }

    /// The regular expression of their names, whole. A plain name stands for what Kubernetes makes of it: of a Deployment
    /// `shop-6d4cf56db6-x7x9z`, of a `DaemonSet` or a Job `shop-x7x9z`, of a `StatefulSet` `shop-0`.
    fn names(&self) -> String {
        let text = self.workload.replace('.', "[.]");
        if text.contains('*') {
            return text.replace('*', &format!("{LETTER}*"));
        }
        format!("{text}-(({MADE_UP}{{1,10}}-)?{MADE_UP}{{5}}|[0-9]+)")
    }

    fn info(&self) -> String {
        let (namespace, names) = (&self.namespace, self.names());
        format!(r#"kube_pod_info{{namespace="{namespace}",pod=~"{names}"}}"#)
    }

    /// How many there are. No series where there are none.
    pub(super) fn count(&self) -> String {
        format!("count(count by (uid) ({}))", self.info())
    }
}

impl Default for Window {
    fn default() -> Self {
        Self(Duration::from_mins(2))
    }
}

impl Window {
    /// Reads `90s`, `5m` or `1h`: 10 s to an hour.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let number = text.trim_end_matches(['s', 'm', 'h']);
        let unit = match text.strip_prefix(number)? {
            "s" => 1,
            "m" => 60,
            "h" => 3600,
            _ => return None,
        };
        let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        let seconds = number
            .parse::<u64>()
            .ok()
            .filter(|_| is_number)?
            .checked_mul(unit)?;
        (10..=3600)
            .contains(&seconds)
            .then_some(Self(Duration::from_secs(seconds)))
    }
}

impl PodMeasure {
    /// The exporter's metric.
    pub(super) fn metric(self) -> &'static str {
        match self {
            Self::Busy => "autoscaler_host_cgroup_requests_busy_seconds_total",
            Self::Cpu => "autoscaler_host_cgroup_cpu_seconds_total",
            Self::RunqueueWait => "autoscaler_host_cgroup_runqueue_wait_seconds_total",
            Self::Waiting => "autoscaler_host_cgroup_requests_waiting",
        }
    }

    /// Whether only an exporter that sees requests has it.
    pub(super) fn is_of_requests(self) -> bool {
        matches!(self, Self::Busy | Self::Waiting)
    }

    /// One figure for each pod, by its uid.
    fn by_pod(self, window: Window) -> String {
        let (metric, seconds) = (self.metric(), window.0.as_secs());
        let over = match self {
            Self::Waiting => "avg_over_time",
            _ => "rate",
        };
        // A cgroup's CPU and wait have those of all below it in them: the pod's own is the largest of those with its uid. Requests
        // are told of the cgroups that serve, which are not within each other.
        let all = if self.is_of_requests() { "sum" } else { "max" };
        format!(r#"{all} by (pod_uid) ({over}({metric}{{pod_uid!=""}}[{seconds}s]))"#)
    }
}

impl Source {
    /// The query of its value.
    pub(super) fn query(&self) -> String {
        match self {
            Self::Query(query) => query.clone(),
            Self::Pods {
                pods,
                measure,
                window,
                slots,
            } => {
                let (figures, info) = (measure.by_pod(*window), pods.info());
                let known = format!(r#"label_replace({info}, "pod_uid", "$1", "uid", "(.+)")"#);
                let sum = format!("sum({figures} and on (pod_uid) {known})");
                if *slots == 1 {
                    sum
                } else {
                    format!("{sum} / {slots}")
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_figures_of_pods_are_joined_by_their_uid() {
        let source = |measure, slots| Source::Pods {
            pods: Pods::new("shop", "web-*"),
            measure,
            window: Window::parse("90s").unwrap(),
            slots,
        };
        let known = r#"label_replace(kube_pod_info{namespace="shop",pod=~"web-[a-z0-9.-]*"}, "pod_uid", "$1", "uid", "(.+)")"#;
        assert_eq!(
            source(PodMeasure::Cpu, 1).query(),
            format!(
                r#"sum(max by (pod_uid) (rate(autoscaler_host_cgroup_cpu_seconds_total{{pod_uid!=""}}[90s])) and on (pod_uid) {known})"#
            )
        );
        assert_eq!(
            source(PodMeasure::Busy, 8).query(),
            format!(
                r#"sum(sum by (pod_uid) (rate(autoscaler_host_cgroup_requests_busy_seconds_total{{pod_uid!=""}}[90s])) and on (pod_uid) {known}) / 8"#
            )
        );
        let waiting = source(PodMeasure::Waiting, 1).query();
        assert!(
            waiting.contains("avg_over_time(autoscaler_host_cgroup_requests_waiting"),
            "{waiting}"
        );
    }

    #[test]
    fn a_dot_in_a_name_is_a_dot() {
        assert_eq!(Pods::new("a", "v1.web-*").names(), "v1[.]web-[a-z0-9.-]*");
    }

    #[test]
    fn a_plain_name_stands_for_the_names_that_kubernetes_makes_of_it() {
        assert_eq!(
            Pods::new("a", "web").names(),
            "web-(([bcdfghjklmnpqrstvwxz2456789]{1,10}-)?[bcdfghjklmnpqrstvwxz2456789]{5}|[0-9]+)"
        );
    }

    #[test]
    fn a_window_is_a_number_and_a_unit_between_ten_seconds_and_an_hour() {
        let seconds = |text| Window::parse(text).map(|window| window.0.as_secs());
        assert_eq!(seconds("90s"), Some(90));
        assert_eq!(seconds("1h"), Some(3600));
        for text in [
            "",
            "s",
            "5",
            "5ms",
            "1.5m",
            "+5m",
            "5mm",
            "9s",
            "61m",
            "99999999999999999999h",
        ] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
