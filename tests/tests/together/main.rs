//! Tests that wait for most of their time, for servers, brokers and the daemon: `cargo xtask test` runs several at a time.
//! None may fill the CPUs, or mind that another takes some of them.

mod act;
mod celery_broker;
mod celery_daemon;
mod celery_pool;
mod celery_uncounted;
mod check;
mod control;
mod daemon;
mod dashboard;
mod export;
mod fleet;
mod fuzz;
mod history;
mod init;
mod keda;
mod kubernetes;
mod listen;
mod metrics;
mod observe;
mod requests;
mod schema;
mod security;
mod servers;
mod task_queues;
mod verifier;
mod without_ebpf;
