//! `autoscaler keda`: what KEDA asks of an external scaler, answered from Prometheus.
//!
//! One serves a cluster. It knows nothing of the node that it runs on: each node has an exporter, Prometheus has the figures of all,
//! and a trigger says which of them a `ScaledObject` is to be scaled by. Where there is no value it says why, and never makes one up.

mod certificates;
mod prometheus;
mod promql;
#[allow(
    missing_docs,
    unreachable_pub,
    unused_qualifications,
    clippy::allow_attributes_without_reason,
    clippy::pedantic,
    reason = "it is generated: `cargo xtask proto`"
)]
mod proto;
mod scaler;
mod serve;
mod told;
mod trigger;

pub use certificates::TlsFiles;
pub use prometheus::prometheus;
pub use serve::{Setup, serve};

#[cfg(test)]
mod tests {
    use prost::Message as _;
    use tonic::server::NamedService as _;

    use super::proto::external_scaler_server::ExternalScalerServer;
    use super::proto::{GetMetricsRequest, MetricSpec, MetricValue, ScaledObjectRef};

    /// KEDA's numbers of the fields, by the bytes that a message of them has (Protocol Buffers, "Encoding": the number times 8,
    /// and 0 for whole numbers, 1 for doubles, 2 for what has a length).
    #[test]
    fn what_goes_over_the_wire_is_as_keda_has_it() {
        assert_eq!(ExternalScalerServer::<()>::NAME, "externalscaler.ExternalScaler");
        let object = ScaledObjectRef {
            name: "w".into(),
            namespace: "s".into(),
            scaler_metadata: [("k".to_owned(), "v".to_owned())].into(),
        };
        let bytes = b"\x0a\x01w\x12\x01s\x1a\x06\x0a\x01k\x12\x01v";
        assert_eq!(object.encode_to_vec(), bytes);
        let request = GetMetricsRequest {
            scaled_object_ref: Some(object),
            metric_name: "m".into(),
        };
        let whole = [b"\x0a\x0e".as_slice(), bytes, b"\x12\x01m"].concat();
        assert_eq!(request.encode_to_vec(), whole);
        let half = b"\x0a\x01m\x10\x07\x19\x00\x00\x00\x00\x00\x00\xe0\x3f";
        let spec = MetricSpec {
            metric_name: "m".into(),
            target_size: 7,
            target_size_float: 0.5,
        };
        let value = MetricValue {
            metric_name: "m".into(),
            metric_value: 7,
            metric_value_float: 0.5,
        };
        assert_eq!(spec.encode_to_vec(), half);
        assert_eq!(value.encode_to_vec(), half);
    }
}
