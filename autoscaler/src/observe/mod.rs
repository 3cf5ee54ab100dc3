//! Looks at the host and at the projects of the configuration: a [`Snapshot`](crate::model::Snapshot) a check.

mod code;
mod instances;
pub mod measure;
pub mod observer;
mod serving;
pub mod workload;

pub use code::{CodeSource, NewerCode, boots_from, newer_code};
pub use instances::follow_instances;
pub use observer::{Observer, OpenRequests, Reading, Totals, workers_in};
pub use serving::{Serving, serving};
pub use workload::concurrency::told as concurrency_told;
pub use workload::server::server_in;
pub use workload::workers::{Children, children_of, takes_newest, workers_of};
