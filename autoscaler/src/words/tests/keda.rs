//! What `autoscaler keda` has to tell.

use crate::model::{
    CertificateFault, KedaFault, KedaNews, Language, PemFault, PrometheusFault, ScalerFault, WantedValue,
};
use crate::words::tests::{both, denied_fault};
use crate::words::{keda_fault, keda_news, scaler_fault};

fn certificates(why: PemFault) -> CertificateFault {
    CertificateFault {
        path: "/etc/tls/tls.crt".into(),
        why,
    }
}

#[test]
fn all_that_a_scaler_has_to_tell() {
    let at = || "http://prometheus:9090/api/v1/query".to_owned();
    let object = || "shop/web".to_owned();
    let all = [
        KedaNews::Serving { at: at(), tls: true },
        KedaNews::Serving { at: at(), tls: false },
        KedaNews::PrometheusAway {
            at: at(),
            why: PrometheusFault::Silent(10),
        },
        KedaNews::PrometheusBack { at: at() },
        KedaNews::NoValue {
            object: object(),
            why: ScalerFault::NoSeries,
        },
        KedaNews::ValueAgain { object: object() },
        KedaNews::NewCertificates,
        KedaNews::CertificatesKept(certificates(PemFault::NoKey)),
    ];
    for news in &all {
        both(|language| keda_news(language, news));
    }
}

#[test]
fn why_it_does_not_serve() {
    let files = [
        PemFault::System(denied_fault()),
        PemFault::NoCertificate,
        PemFault::NoKey,
        PemFault::Unusable {
            text: "KeyMismatch".into(),
        },
    ];
    let files = files.map(|why| KedaFault::Certificate(certificates(why)));
    let others = [
        KedaFault::Address {
            at: "0.0.0.0:9921".into(),
            why: denied_fault(),
        },
        KedaFault::Signals(denied_fault()),
    ];
    for fault in files.iter().chain(&others) {
        both(|language| keda_fault(language, fault));
    }
}

#[test]
fn why_there_is_no_value() {
    let figures = |of_requests| ScalerFault::NoFigures {
        pods: 3,
        metric: "autoscaler_host_cgroup_cpu_seconds_total",
        of_requests,
    };
    let all = [
        ScalerFault::NoObject,
        ScalerFault::Missing { key: "workload" },
        ScalerFault::Unknown {
            key: "mesure".into(),
            known: vec!["measure".into(), "target".into()],
        },
        ScalerFault::Beside {
            key: "workload",
            other: "query",
        },
        ScalerFault::Beside {
            key: "slots",
            other: "measure",
        },
        ScalerFault::OtherMetric {
            asked: "x".into(),
            has: "autoscaler-cpu",
        },
        ScalerFault::NoPods {
            namespace: "shop".into(),
            workload: "web".into(),
        },
        figures(true),
        figures(false),
        ScalerFault::NoSeries,
        ScalerFault::Several { count: 2 },
        ScalerFault::NoVector {
            kind: "matrix".into(),
        },
        ScalerFault::NoNumber { value: "NaN".into() },
        ScalerFault::Negative { value: -1.0 },
    ];
    for fault in &all {
        both(|language| scaler_fault(language, fault));
    }
    let one = ScalerFault::NoFigures {
        pods: 1,
        metric: "m",
        of_requests: false,
    };
    assert!(scaler_fault(Language::En, &one).starts_with("there is 1 pod, but no m "));
    for why in [
        PrometheusFault::Unreachable(denied_fault()),
        PrometheusFault::Silent(10),
        PrometheusFault::Refused {
            status: 503,
            text: "Service Unavailable".into(),
        },
        PrometheusFault::Unreadable {
            text: "expected value".into(),
        },
    ] {
        let fault = ScalerFault::Prometheus(why);
        let told = scaler_fault(Language::En, &fault);
        assert!(told.starts_with("Prometheus: "), "{told}");
    }
}

#[test]
fn what_a_value_can_be() {
    for want in [
        WantedValue::Namespace,
        WantedValue::Workload,
        WantedValue::Measure,
        WantedValue::Target,
        WantedValue::Activation,
        WantedValue::Slots,
        WantedValue::Window,
        WantedValue::Query,
    ] {
        let bad = ScalerFault::Bad {
            key: "target",
            value: "x".into(),
            want,
        };
        both(|language| scaler_fault(language, &bad));
    }
}
