//! Readers of a text: the configuration, a broker's URL, a line to the control socket, a recorded load.

use autoscaler::control::{Request, Response};
use autoscaler::model::{BrokerAccess, BrokerUrl, ManagementUrl, Priorities, TaskQueue};
use autoscaler::observe::measure::queue;
use autoscaler::simulate::{Trace, trace_error};
use autoscaler::{config, words};

use super::{parts, told};

/// The text of a configuration.
pub(super) fn config(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    match config::parse("config.json", &text) {
        Ok(loaded) => {
            for notice in &loaded.notices {
                told(|language| words::notice(language, notice));
            }
        }
        Err(errors) => told(|language| words::config_errors(language, &errors)),
    }
}

/// A broker's URL, and the one of RabbitMQ's management API behind it.
pub(super) fn broker_url(input: &[u8]) {
    let [url, management] = parts(input).map(String::from_utf8_lossy);
    let access = BrokerAccess {
        task_queue: TaskQueue::Celery,
        url: BrokerUrl::Written(url.clone().into_owned()),
        key_prefix: String::new(),
        priorities: Priorities::default(),
        management: Some(ManagementUrl(management.into_owned())),
    };
    if let Err(fault) = queue::open(&url, &access) {
        told(|language| words::queue_fault(language, &fault));
    }
}

/// A line to the control socket. What is understood is written again as it was understood.
pub(super) fn control(input: &[u8]) {
    match Request::parse(input) {
        Ok(request) => {
            let line = serde_json::to_vec(&request).expect("a request can be written");
            assert_eq!(Request::parse(&line), Ok(request));
        }
        Err(refused) => {
            serde_json::to_vec(&Response::new(refused)).expect("a refusal can be written");
        }
    }
}

/// The CSV of a recorded load.
pub(super) fn trace(input: &[u8]) {
    match Trace::read(input) {
        Ok(trace) => {
            assert!(trace.samples().len() >= 2);
            assert!(
                trace
                    .samples()
                    .iter()
                    .all(|(_, value)| value.is_finite() && *value >= 0.0)
            );
            assert!(trace.samples().windows(2).all(|pair| pair[0].0 < pair[1].0));
            std::hint::black_box((trace.mean(), trace.step()));
        }
        Err(error) => told(|language| trace_error(language, &error)),
    }
}
