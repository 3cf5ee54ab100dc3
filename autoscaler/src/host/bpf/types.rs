//! The running kernel's description of its types, and what it tells beside them: which functions and tracepoints it has.

use std::path::{Path, PathBuf};

use btfparse::{Readable, TypeInformation, TypeVariant};

use crate::model::{BtfFault, WhyNotEbpf};

/// Type information that has been read.
pub(in crate::host) struct KernelTypes(TypeInformation);

impl KernelTypes {
    /// Reads the type information at `path`.
    pub(in crate::host) fn read(path: &Path) -> Result<Self, WhyNotEbpf> {
        let bytes = std::fs::read(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => WhyNotEbpf::NoBtf {
                path: PathBuf::from(path),
            },
            _ => WhyNotEbpf::BadBtf {
                why: BtfFault::System {
                    path: PathBuf::from(path),
                    error: error.into(),
                },
            },
        })?;
        let types = TypeInformation::new(&Bytes(bytes)).map_err(|error| WhyNotEbpf::BadBtf {
            why: BtfFault::Malformed {
                path: PathBuf::from(path),
                words: error.message().to_owned(),
            },
        })?;
        Ok(Self(types))
    }

    pub(super) fn all(&self) -> &TypeInformation {
        &self.0
    }

    /// Whether the kernel has this tracepoint: each has a type of its own, `btf_trace_…` (include/linux/tracepoint.h).
    pub(in crate::host) fn has_event(&self, tracepoint: &str) -> bool {
        self.0.get().values().any(|variant| match variant {
            TypeVariant::Typedef(typedef) => {
                let name = typedef.name().as_deref();
                name.and_then(|name| name.strip_prefix("btf_trace_")) == Some(tracepoint)
            }
            _ => false,
        })
    }

    /// Whether programs may call this helper: `enum bpf_func_id` (include/uapi/linux/bpf.h) has a number for each.
    pub(in crate::host) fn lends(&self, helper: &str) -> bool {
        let Some(name) = helper.strip_prefix("bpf_") else {
            return false;
        };
        self.0.get().values().any(|variant| match variant {
            TypeVariant::Enum(numbers) if numbers.name().as_deref() == Some("bpf_func_id") => {
                let mut names = numbers.named_value_list().iter();
                names.any(|number| number.name.strip_prefix("BPF_FUNC_") == Some(name))
            }
            _ => false,
        })
    }

    /// Whether programs may be called at this function's entry and end. Those of modules are not among them.
    pub(in crate::host) fn has_function(&self, function: &str) -> bool {
        self.0.get().values().any(|variant| match variant {
            TypeVariant::Func(known) => known.name().as_deref() == Some(function),
            _ => false,
        })
    }
}

/// Type information in memory.
struct Bytes(Vec<u8>);

impl Readable for Bytes {
    fn read(&self, offset: u64, buffer: &mut [u8]) -> btfparse::Result<()> {
        let rest = usize::try_from(offset)
            .ok()
            .and_then(|offset| self.0.get(offset..));
        let part = rest.and_then(|rest| rest.get(..buffer.len())).ok_or_else(|| {
            btfparse::Error::new(btfparse::ErrorKind::IOError, "the type information ends early")
        })?;
        buffer.copy_from_slice(part);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::bpf::KERNEL_TYPES;

    #[test]
    fn what_a_kernel_has_is_known_by_its_name() {
        let Ok(types) = KernelTypes::read(Path::new(KERNEL_TYPES)) else {
            eprintln!("skipped: this kernel has no type information");
            return;
        };
        assert!(types.has_event("inet_sock_set_state") && !types.has_event("no_such_event"));
        assert!(types.lends("bpf_skc_to_unix_sock") && !types.lends("bpf_no_such_helper"));
        assert!(types.has_function("unix_stream_recvmsg") && !types.has_function("no_such_function"));
    }
}
