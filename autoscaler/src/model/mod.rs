//! What the rooms of the program hand to each other: plain data, which imports nothing of ours.
//!
//! A [`Project`] is what the operator asked for, a [`Snapshot`] what one check saw, a [`Decision`] what came of the two, and
//! a [`Look`] is what is told of all three.

mod cgroup_error;
mod changes;
mod config_errors;
mod container_fault;
mod control_fault;
mod decision;
mod demand;
mod event;
mod export_news;
mod finding;
mod histogram;
mod history_fault;
mod host_error;
mod kept;
mod lack;
mod lateness;
mod listen;
mod load_error;
mod look;
mod memory_fault;
mod metrics_news;
mod nearest;
mod notice;
mod oddity;
mod order;
mod outlook;
mod peer;
mod pool_fault;
mod process_error;
mod project;
mod promise;
mod pulse;
mod queue_fault;
mod read_fault;
mod refusal;
mod request_figures;
mod request_sample;
mod requests_way;
mod scale_fault;
mod schedule;
mod service_error;
mod settings;
mod silence;
mod snapshot;
mod socket_url;
mod system_fault;
mod target;
mod threshold;
mod uncounted;
mod url_fault;
mod usage_fault;
mod without_ebpf;
mod wrong;

pub use cgroup_error::CgroupError;
pub use changes::Changes;
pub use config_errors::{ConfigErrors, Fault};
pub use container_fault::ContainerFault;
pub use control_fault::{ClientError, ProtocolFault, Refused, RefusedCode, SocketError};
pub use decision::{Action, Decision, Figures, Measure, Reason};
pub use demand::{Basis, Demand};
pub use event::EventKind;
pub use export_news::{ExportNews, SendFault};
pub use finding::{Fact, Finding, Grade, SourceFault, Taken};
pub use histogram::Histogram;
pub use history_fault::{HistoryNews, ReadError, StoreError};
pub use host_error::HostError;
pub use lack::Lack;
pub use lateness::{Kept, Lately, Lateness, Stretch};
pub use listen::{ListenFault, ListenLook, ListenQueue};
pub use load_error::{DEFAULT_PATH, Distrust, LoadError};
pub use look::{Decided, Look};
pub use memory_fault::{ManagerError, MemoryError};
pub use metrics_news::MetricsNews;
pub use nearest::meant;
pub use notice::Notice;
pub use oddity::Oddity;
pub use order::Order;
pub use outlook::{Next, Outlook};
pub use peer::Peer;
pub use pool_fault::PoolFault;
pub use process_error::ProcessError;
pub use project::{
    Bounds, BrokerAccess, BrokerUrl, CeleryActuator, Config, CpuBasis, Global, Ladder, Language,
    ManagementUrl, MemoryRules, Priorities, Project, QueueRule, QueueSizing, RequestRules, Rungs, Workload,
};
pub use promise::{Policy, Promise};
pub use pulse::Pulse;
pub(crate) use queue_fault::quoted;
pub use queue_fault::{QueueFault, TlsProblem};
pub use read_fault::ReadFault;
pub use refusal::{Refusal, StopFault};
pub use request_figures::{RequestFigures, RequestLook};
pub use request_sample::{Concurrency, RequestFault, RequestSample, RequestSummary, busy_percent};
pub use requests_way::RequestsWay;
pub use scale_fault::{AfterBoot, Cause, ScaleError, Step};
pub use schedule::{Asked, BadCron, Cron, CronField, InForce, Schedule, Schedules, Zone};
pub use service_error::{BusFault, ServiceError};
pub use settings::{Budget, Listen, Metrics, Storage};
pub use silence::Silence;
pub use snapshot::{
    CgroupMemory, CpuSample, Host, ProcessId, ProjectSample, QueueSample, Snapshot, Throttle, Unobservable,
};
pub(crate) use socket_url::{NO_HOST, with_host};
pub use system_fault::SystemFault;
pub use target::{Container, ContainerName, ProcessFilter, Runtime, Target};
pub use threshold::Thresholds;
pub(crate) use uncounted::queues_line;
pub use uncounted::{Place, Remedy, Uncounted};
pub use url_fault::{FileFault, UrlFault};
pub use usage_fault::{Behind, KernelFault, KernelStep, SourceKind, SourceNews, UsageFault};
pub use without_ebpf::{BtfFault, WhyNotEbpf};
pub use wrong::{BadBroker, BadName, BadSchedule, BadUrl, Json, Of, Syntax, Unit, Wanted, Wrong};
