//! What can be read of the host without knowing any project: cgroups, processes, units, containers, the use of CPU, requests.

pub mod bpf;
pub mod cgroup;
pub mod container;
pub mod cpu_list;
#[cfg(test)]
pub(crate) mod fixture;
mod kernel_file;
pub mod listen;
pub mod machine;
pub mod process;
pub mod requests;
pub mod service;
pub(crate) mod strangers_file;
pub mod usage;
pub mod user;
