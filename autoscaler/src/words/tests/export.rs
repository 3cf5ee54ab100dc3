//! What `autoscaler export` has to tell.

use crate::model::{CgroupError, ExportNews, MetricsNews, SendFault, SourceNews, UsageFault, WhyNotEbpf};
use crate::words::export_news;
use crate::words::tests::{both, denied_fault};

#[test]
fn all_that_an_exporter_has_to_tell() {
    let why = || WhyNotEbpf::NotPermitted {
        missing: vec!["CAP_BPF"],
    };
    let to = || "http://collector:4318/v1/metrics".to_owned();
    let not_sent = |why| ExportNews::NotSent { to: to(), why };
    let all = [
        ExportNews::WithoutProgram { why: why() },
        ExportNews::WithoutRequests { why: why() },
        ExportNews::Source(SourceNews::NoRoom { why: why() }),
        ExportNews::LeftOut {
            count: 7,
            limit: 10_000,
        },
        ExportNews::RequestsLeftOut { count: 7, room: 256 },
        ExportNews::Unread {
            why: UsageFault::Cgroup(CgroupError::NotFound { path: "/x".into() }),
        },
        ExportNews::Metrics(MetricsNews::Serving { at: to() }),
        ExportNews::Sent { to: to() },
        not_sent(SendFault::Unreachable(denied_fault())),
        not_sent(SendFault::Silent(10)),
        not_sent(SendFault::Refused {
            status: 404,
            text: "Not Found".into(),
        }),
        not_sent(SendFault::Rejected {
            points: 3,
            text: "out-of-order".into(),
        }),
    ];
    for news in &all {
        both(|language| export_news(language, news));
    }
}
