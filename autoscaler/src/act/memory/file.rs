//! The file `memory.max` itself.

use std::fs::OpenOptions;
use std::io::Write;

use crate::host::cgroup::Cgroup;
use crate::model::MemoryError;

/// Memory in use and its limit, bytes.
pub(super) struct InForce {
    pub(super) current: u64,
    pub(super) max: u64,
}

pub(super) fn read(cgroup: &Cgroup) -> Result<InForce, MemoryError> {
    let memory = cgroup.memory()?;
    match (memory.current, memory.max) {
        (Some(current), Some(max)) => Ok(InForce { current, max }),
        _ => Err(MemoryError::Unavailable {
            cgroup: cgroup.path().to_owned(),
        }),
    }
}

/// Writes the limit and reads it back.
pub(super) fn write(cgroup: &Cgroup, bytes: u64) -> Result<(), MemoryError> {
    let path = cgroup.path().join("memory.max");
    // In one write: the kernel takes each for a limit of its own.
    let text = bytes.to_string();
    // Never creates it: where it is missing, the cgroup was removed meanwhile. The write does not block: it
    // reclaims only when the limit goes below use.
    let written = OpenOptions::new()
        .write(true)
        .truncate(true)
        .open(&path)
        .and_then(|mut file| file.write_all(text.as_bytes()));
    if let Err(source) = written {
        return Err(MemoryError::Unwritable {
            path,
            source: source.into(),
        });
    }
    let seen = read(cgroup)?.max;
    if seen == bytes {
        Ok(())
    } else {
        Err(MemoryError::NotKept {
            path,
            wanted: bytes,
            seen,
        })
    }
}
