//! The answers to KEDA.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{Stream, unfold};
use tokio::time::sleep;
use tonic::{Code, Request, Response, Status};

use crate::http::Endpoint;
use crate::keda::prometheus::value;
use crate::keda::proto::external_scaler_server::ExternalScaler;
use crate::keda::proto::{
    GetMetricSpecResponse, GetMetricsRequest, GetMetricsResponse, IsActiveResponse, MetricSpec, MetricValue,
    ScaledObjectRef,
};
use crate::keda::told::Told;
use crate::keda::trigger::Trigger;
use crate::model::{Language, ScalerFault};
use crate::words::scaler_fault;

/// The scaler. A clone is the same one.
#[derive(Clone)]
pub(super) struct Scaler(Arc<Shared>);

struct Shared {
    prometheus: Endpoint,
    every: Duration,
    language: Language,
    told: Told,
}

/// Answers that go on until the asker has gone.
type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

impl Scaler {
    /// A scaler that asks this Prometheus, and looks `every` so often for what it streams.
    pub(super) fn new(prometheus: Endpoint, every: Duration, language: Language, told: Told) -> Self {
        Self(Arc::new(Shared {
            prometheus,
            every,
            language,
            told,
        }))
    }

    fn status(&self, fault: &ScalerFault) -> Status {
        Status::new(code(fault), scaler_fault(self.0.language, fault))
    }

    /// What the trigger asks for.
    fn trigger(&self, object: &ScaledObjectRef) -> Result<Trigger, Status> {
        Trigger::read(&object.namespace, &object.scaler_metadata).map_err(|fault| {
            self.0.told.refused(object, &fault);
            self.status(&fault)
        })
    }

    async fn value(&self, object: &ScaledObjectRef, trigger: &Trigger) -> Result<f64, Status> {
        let found = value(trigger, &self.0.prometheus).await;
        self.0.told.asked(object, found.as_ref().map(drop));
        found.map_err(|fault| self.status(&fault))
    }

    async fn active(&self, object: &ScaledObjectRef, trigger: &Trigger) -> Result<bool, Status> {
        Ok(self.value(object, trigger).await? > trigger.activation)
    }
}

/// What gRPC calls it. What will do when it is tried again is `Unavailable`.
fn code(fault: &ScalerFault) -> Code {
    match fault {
        ScalerFault::Prometheus(why) if why.is_away() => Code::Unavailable,
        ScalerFault::NoObject
        | ScalerFault::Missing { .. }
        | ScalerFault::Unknown { .. }
        | ScalerFault::Beside { .. }
        | ScalerFault::Bad { .. }
        | ScalerFault::Prometheus(_) => Code::InvalidArgument,
        ScalerFault::OtherMetric { .. }
        | ScalerFault::NoPods { .. }
        | ScalerFault::NoFigures { .. }
        | ScalerFault::NoSeries => Code::NotFound,
        ScalerFault::Several { .. } | ScalerFault::NoVector { .. } => Code::FailedPrecondition,
        ScalerFault::NoNumber { .. } | ScalerFault::Negative { .. } => Code::OutOfRange,
    }
}

/// Only the numbers with a fraction are set: a KEDA that knows the whole ones alone would round them, and says so by refusing a
/// target of 0.
fn spec(trigger: &Trigger) -> GetMetricSpecResponse {
    GetMetricSpecResponse {
        metric_specs: vec![MetricSpec {
            metric_name: trigger.metric().to_owned(),
            target_size: 0,
            target_size_float: trigger.target,
        }],
    }
}

#[tonic::async_trait]
impl ExternalScaler for Scaler {
    async fn is_active(
        &self,
        request: Request<ScaledObjectRef>,
    ) -> Result<Response<IsActiveResponse>, Status> {
        let object = request.into_inner();
        let trigger = self.trigger(&object)?;
        let result = self.active(&object, &trigger).await?;
        Ok(Response::new(IsActiveResponse { result }))
    }

    type StreamIsActiveStream = Answers<IsActiveResponse>;

    async fn stream_is_active(
        &self,
        request: Request<ScaledObjectRef>,
    ) -> Result<Response<Self::StreamIsActiveStream>, Status> {
        let object = request.into_inner();
        let trigger = self.trigger(&object)?;
        let watch = Watch {
            scaler: self.clone(),
            object,
            trigger,
            last: None,
        };
        // An error ends it: KEDA asks again by itself.
        let answers = unfold(Some(watch), |watch| async move {
            let mut watch = watch?;
            match watch.changed().await {
                Ok(result) => Some((Ok(IsActiveResponse { result }), Some(watch))),
                Err(status) => Some((Err(status), None)),
            }
        });
        Ok(Response::new(Box::pin(answers)))
    }

    async fn get_metric_spec(
        &self,
        request: Request<ScaledObjectRef>,
    ) -> Result<Response<GetMetricSpecResponse>, Status> {
        let trigger = self.trigger(&request.into_inner())?;
        Ok(Response::new(spec(&trigger)))
    }

    async fn get_metrics(
        &self,
        request: Request<GetMetricsRequest>,
    ) -> Result<Response<GetMetricsResponse>, Status> {
        let asked = request.into_inner();
        let object = asked.scaled_object_ref;
        let object = object.ok_or_else(|| self.status(&ScalerFault::NoObject))?;
        let trigger = self.trigger(&object)?;
        if asked.metric_name != trigger.metric() {
            return Err(self.status(&ScalerFault::OtherMetric {
                asked: crate::http::few(&asked.metric_name),
                has: trigger.metric(),
            }));
        }
        let metric_value_float = self.value(&object, &trigger).await?;
        Ok(Response::new(GetMetricsResponse {
            metric_values: vec![MetricValue {
                metric_name: asked.metric_name,
                metric_value: 0,
                metric_value_float,
            }],
        }))
    }

    type StreamMetricSpecStream = Answers<GetMetricSpecResponse>;

    async fn stream_metric_spec(
        &self,
        request: Request<ScaledObjectRef>,
    ) -> Result<Response<Self::StreamMetricSpecStream>, Status> {
        let spec = spec(&self.trigger(&request.into_inner())?);
        // The target stands in the trigger: it never changes while this trigger is there.
        let answers = unfold(Some(spec), |spec| async move {
            match spec {
                Some(spec) => Some((Ok(spec), None)),
                None => std::future::pending().await,
            }
        });
        Ok(Response::new(Box::pin(answers)))
    }
}

/// Looks at a trigger until somebody goes away.
struct Watch {
    scaler: Scaler,
    object: ScaledObjectRef,
    trigger: Trigger,
    last: Option<bool>,
}

impl Watch {
    /// Waits until it is another than the last, or is known at all.
    async fn changed(&mut self) -> Result<bool, Status> {
        loop {
            if self.last.is_some() {
                sleep(self.scaler.0.every).await;
            }
            let active = self.scaler.active(&self.object, &self.trigger).await?;
            if self.last.replace(active) != Some(active) {
                return Ok(active);
            }
        }
    }
}
