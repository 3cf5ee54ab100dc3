//! Where the running kernel keeps the fields that the programs read.

use std::collections::HashSet;
use std::path::Path;

use autoscaler_common::Field;
use btfparse::{Member, Offset, TypeInformation, TypeVariant};

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
        let mut sound = HashSet::new();
        let offset = |named: &Named| Ok((named.field, find(types.all(), named, &mut sound)?));
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
fn find(types: &TypeInformation, named: &Named, sound: &mut HashSet<u32>) -> Result<u32, WhyNotEbpf> {
    let structures = types.get().iter().filter_map(|(id, variant)| match variant {
        TypeVariant::Struct(structure) if structure.name().as_deref() == Some(named.structure) => Some(*id),
        _ => None,
    });
    let structures: Vec<u32> = structures.collect();
    if structures.iter().any(|id| is_part_of_itself(types, *id, sound)) {
        return Err(WhyNotEbpf::BadBtf {
            why: BtfFault::PartOfItself {
                structure: named.structure,
            },
        });
    }
    let mut found: Vec<u32> = structures
        .into_iter()
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

/// Whether the type `id`, or one in it, has itself among its parts. The library that looks for a field goes down into a type's
/// parts, and would never come back from such a one. `sound`: types that are known to have none, and those found here.
fn is_part_of_itself(types: &TypeInformation, id: u32, sound: &mut HashSet<u32>) -> bool {
    if sound.contains(&id) {
        return false;
    }
    let mut within = vec![(id, parts(types, id))];
    while let Some((_, rest)) = within.last_mut() {
        let Some(part) = rest.pop() else {
            sound.extend(within.pop().map(|(whole, _)| whole));
            continue;
        };
        if within.iter().any(|(around, _)| *around == part) {
            return true;
        }
        if !sound.contains(&part) {
            within.push((part, parts(types, part)));
        }
    }
    false
}

/// The types that a value of the type `id` is made of: those of its members, or the one that it is another name for.
fn parts(types: &TypeInformation, id: u32) -> Vec<u32> {
    match types.get().get(&id) {
        Some(TypeVariant::Struct(structure)) => structure.member_list().iter().map(Member::tid).collect(),
        Some(TypeVariant::Union(union)) => union.member_list().iter().map(Member::tid).collect(),
        Some(TypeVariant::Array(array)) => vec![*array.element_tid()],
        Some(TypeVariant::Fwd(other)) => vec![*other.tid()],
        Some(TypeVariant::Typedef(other)) => vec![*other.tid()],
        Some(TypeVariant::Const(other)) => vec![*other.tid()],
        Some(TypeVariant::Volatile(other)) => vec![*other.tid()],
        Some(TypeVariant::Restrict(other)) => vec![*other.tid()],
        Some(TypeVariant::TypeTag(other)) => vec![*other.tid()],
        _ => Vec::new(),
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

    /// Type information (Documentation/bpf/btf.rst) of these types, and the names that they have.
    fn described(types: &[u32], names: &str) -> tempfile::NamedTempFile {
        let length = |bytes: usize| u32::try_from(bytes).unwrap();
        let types: Vec<u8> = types.iter().flat_map(|word| word.to_le_bytes()).collect();
        let header = [
            24,
            0,
            length(types.len()),
            length(types.len()),
            length(names.len()),
        ];
        let mut bytes = vec![0x9f, 0xeb, 1, 0];
        bytes.extend(header.iter().flat_map(|word: &u32| word.to_le_bytes()));
        bytes.extend(types);
        bytes.extend(names.as_bytes());
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        file
    }

    #[test]
    fn a_structure_that_is_part_of_itself_is_refused() {
        let (structure, typedef) = (4 << 24, 8 << 24);
        // struct task_struct { struct task_struct; }
        let direct = [1, structure | 1, 8, 0, 1, 0];
        // struct task_struct { b; }, typedef c b, typedef b c
        let roundabout = [1, structure | 1, 8, 0, 2, 0, 13, typedef, 3, 15, typedef, 2];
        for types in [&direct[..], &roundabout] {
            let file = described(types, "\0task_struct\0b\0c\0");
            let why = BtfFault::PartOfItself {
                structure: "task_struct",
            };
            assert_eq!(
                Offsets::read(file.path(), ACCOUNTING),
                Err(WhyNotEbpf::BadBtf { why })
            );
        }
    }
}
