//! Where the running kernel keeps the fields that the programs read.

use std::path::Path;

use autoscaler_common::Field;
use btfparse::{Offset, TypeInformation, TypeVariant};

use crate::host::bpf::types::KernelTypes;
use crate::model::{BtfFault, WhyNotEbpf};

/// The running kernel's own description of its types.
pub const VMLINUX: &str = "/sys/kernel/btf/vmlinux";

/// A field that the programs read, and how it is called.
pub(in crate::host) struct Named {
    field: Field,
    structure: &'static str,
    /// The field, and the names it had in other kernels.
    names: &'static [&'static str],
    /// The kernel option without which it is missing.
    needs: Option<&'static str>,
}

impl Named {
    const fn new(field: Field, structure: &'static str, names: &'static [&'static str]) -> Self {
        Self {
            field,
            structure,
            names,
            needs: None,
        }
    }

    const fn needs(self, option: &'static str) -> Self {
        Self {
            needs: Some(option),
            ..self
        }
    }
}

/// What the accounting of CPU time reads.
pub(in crate::host) const ACCOUNTING: &[Named] = &[
    Named::new(Field::TaskPid, "task_struct", &["pid"]),
    Named::new(Field::TaskTgid, "task_struct", &["tgid"]),
    Named::new(Field::TaskExec, "task_struct", &["se.sum_exec_runtime"]),
    Named::new(Field::TaskPrevExec, "task_struct", &["se.prev_sum_exec_runtime"]),
    Named::new(Field::TaskDelay, "task_struct", &["sched_info.run_delay"]).needs("CONFIG_SCHED_INFO=y"),
    CGROUP_OF_TASK,
    CGROUP_OF_SET,
    NODE_OF_CGROUP,
    Named::new(Field::CgroupFlags, "cgroup", &["self.flags"]).needs("CONFIG_CGROUPS=y"),
    ID_OF_NODE,
    // Renamed in 6.15, when it came under RCU.
    Named::new(Field::NodeParent, "kernfs_node", &["__parent", "parent"]),
];

/// What the programs read that see requests.
pub(in crate::host) const REQUESTS: &[Named] = &[
    CGROUP_OF_TASK,
    CGROUP_OF_SET,
    NODE_OF_CGROUP,
    ID_OF_NODE,
    Named::new(Field::SockStorage, "sock", &["sk_bpf_storage"]).needs("CONFIG_BPF_SYSCALL=y"),
    Named::new(Field::SockFamily, "sock", &["__sk_common.skc_family"]),
    Named::new(Field::SockState, "sock", &["__sk_common.skc_state"]),
    Named::new(Field::SockType, "sock", &["sk_type"]),
    Named::new(Field::SockShutdown, "sock", &["sk_shutdown"]),
    Named::new(Field::SockPort, "sock", &["__sk_common.skc_num"]),
    Named::new(Field::SockNet, "sock", &["__sk_common.skc_net.net"]).needs("CONFIG_NET_NS=y"),
    Named::new(Field::SockCookie, "sock", &["__sk_common.skc_cookie"]),
    Named::new(Field::SocketSock, "socket", &["sk"]),
    Named::new(Field::UnixAddress, "unix_sock", &["addr"]).needs("CONFIG_UNIX=y"),
    Named::new(Field::TcpReceived, "tcp_sock", &["rcv_nxt"]).needs("CONFIG_INET=y"),
    Named::new(Field::TcpRead, "tcp_sock", &["copied_seq"]).needs("CONFIG_INET=y"),
];

const CGROUP_OF_TASK: Named =
    Named::new(Field::TaskCgroups, "task_struct", &["cgroups"]).needs("CONFIG_CGROUPS=y");
const CGROUP_OF_SET: Named =
    Named::new(Field::CssSetCgroup, "css_set", &["dfl_cgrp"]).needs("CONFIG_CGROUPS=y");
const NODE_OF_CGROUP: Named = Named::new(Field::CgroupNode, "cgroup", &["kn"]).needs("CONFIG_CGROUPS=y");
const ID_OF_NODE: Named = Named::new(Field::NodeId, "kernfs_node", &["id"]);

/// The offset of each field that the programs read, in bytes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::host) struct Offsets(Vec<(Field, u32)>);

impl Offsets {
    /// Looks `fields` up in the type information at `path`.
    pub(in crate::host) fn read(path: &Path, fields: &[Named]) -> Result<Self, WhyNotEbpf> {
        Self::of_kernel(&KernelTypes::read(path)?, fields)
    }

    /// The same in what has been read of it.
    pub(in crate::host) fn of_kernel(types: &KernelTypes, fields: &[Named]) -> Result<Self, WhyNotEbpf> {
        let offset = |named: &Named| Ok((named.field, find(types.all(), named)?));
        fields.iter().map(offset).collect::<Result<_, _>>().map(Self)
    }

    /// Every field with its offset.
    #[cfg(test)]
    pub(in crate::host) fn all(&self) -> impl Iterator<Item = (Field, u32)> + '_ {
        self.0.iter().copied()
    }

    /// The offset of the field that this number stands for; `None` where it stands for none.
    pub(in crate::host) fn of(&self, number: u16) -> Option<u32> {
        let (_, offset) = self.0.iter().find(|(field, _)| *field as u16 == number)?;
        Some(*offset)
    }
}

/// The field's offset in the one structure of that name that has it. Modules and odd compilers can leave
/// several structures of one name behind: that they disagree is an error, never a guess.
fn find(types: &TypeInformation, named: &Named) -> Result<u32, WhyNotEbpf> {
    let structures = types.get().iter().filter_map(|(id, variant)| match variant {
        TypeVariant::Struct(structure) if structure.name().as_deref() == Some(named.structure) => Some(*id),
        _ => None,
    });
    let mut found: Vec<u32> = structures
        .filter_map(|id| named.names.iter().find_map(|name| bytes(types, id, name)))
        .collect();
    found.sort_unstable();
    found.dedup();
    match found[..] {
        [offset] => Ok(offset),
        [] => Err(WhyNotEbpf::NoField {
            field: format!("{}.{}", named.structure, named.names[0]),
            needs: named.needs.map(str::to_owned),
        }),
        _ => Err(WhyNotEbpf::BadBtf {
            why: BtfFault::SeveralPlaces {
                field: format!("{}.{}", named.structure, named.names[0]),
                count: found.len(),
            },
        }),
    }
}

/// The offset of `path` in the type `id`; `None` where it is missing or no whole number of bytes.
fn bytes(types: &TypeInformation, id: u32, path: &str) -> Option<u32> {
    match types.offset_of(id, path) {
        Ok((_, Offset::ByteOffset(offset))) => Some(offset),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kernel_without_type_information_is_named_so() {
        let path = Path::new("/nonexistent/vmlinux");
        assert_eq!(
            Offsets::read(path, ACCOUNTING),
            Err(WhyNotEbpf::NoBtf {
                path: path.to_owned()
            })
        );
    }

    #[test]
    fn a_file_that_is_no_type_information_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), b"not BTF").unwrap();
        assert!(matches!(
            Offsets::read(file.path(), ACCOUNTING),
            Err(WhyNotEbpf::BadBtf { .. })
        ));
    }
}
