//! Puts the running kernel's offsets into the object, over the numbers that stand for them.
//!
//! Rust emits no CO-RE relocations. An offset that is read from a constant map instead is checked as well by the
//! verifier, but stays a load of its own at every access.

use object::{Object, ObjectSection, SectionKind};

use crate::host::bpf::offsets::Offsets;
use crate::model::{Behind, KernelFault, KernelStep, WhyNotEbpf};

/// Bytes of an instruction: opcode, registers, offset (16 bits), immediate (32 bits). Documentation/bpf/standardization.
const INSTRUCTION: usize = 8;

/// The class of the instructions that load from memory through a register, and the bits of the opcode that tell it.
const BPF_LDX: u8 = 0x01;
const CLASS: u8 = 0x07;

/// The object with this kernel's offsets.
///
/// # Errors
/// When it is no object, or an offset is beyond what an instruction can hold.
pub(in crate::host) fn relocated(bytes: &[u8], offsets: &Offsets) -> Result<Vec<u8>, WhyNotEbpf> {
    let failed = |step: KernelStep| WhyNotEbpf::Failed { why: step.into() };
    let parsed = object::File::parse(bytes).map_err(|error| WhyNotEbpf::Failed {
        why: KernelFault {
            step: None,
            behind: Behind::Words(error.to_string()),
        },
    })?;
    let mut out = bytes.to_vec();
    for section in parsed
        .sections()
        .filter(|section| section.kind() == SectionKind::Text)
    {
        let Some((start, length)) = section.file_range() else {
            continue;
        };
        let range = usize::try_from(start).ok().zip(usize::try_from(length).ok());
        let code = range.and_then(|(start, length)| out.get_mut(start..start.checked_add(length)?));
        let code = code.ok_or_else(|| failed(KernelStep::Section))?;
        for instruction in code.chunks_exact_mut(INSTRUCTION) {
            let number = u16::from_le_bytes([instruction[2], instruction[3]]);
            let Some(offset) = offsets.of(number).filter(|_| instruction[0] & CLASS == BPF_LDX) else {
                continue;
            };
            let offset = i16::try_from(offset).map_err(|_| failed(KernelStep::Offset(offset)))?;
            instruction[2..4].copy_from_slice(&offset.to_le_bytes());
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::path::Path;

    use super::*;
    use crate::host::bpf::offsets::{ACCOUNTING, Named, REQUESTS, VMLINUX};

    /// The offsets of all instructions that load, by how often each occurs.
    fn loads(object: &[u8]) -> HashMap<u16, usize> {
        let parsed = object::File::parse(object).unwrap();
        let mut found = HashMap::new();
        for section in parsed
            .sections()
            .filter(|section| section.kind() == SectionKind::Text)
        {
            for instruction in section.data().unwrap().chunks_exact(INSTRUCTION) {
                if instruction[0] & CLASS == BPF_LDX {
                    *found
                        .entry(u16::from_le_bytes([instruction[2], instruction[3]]))
                        .or_default() += 1;
                }
            }
        }
        found
    }

    /// Numbers that may stand for a field. What is above them is an offset below a register, which is negative.
    const NUMBERS: std::ops::Range<u16> = 0x7000..0x8000;

    fn check(object: &[u8], fields: &[Named]) {
        let Ok(offsets) = Offsets::read(Path::new(VMLINUX), fields) else {
            eprintln!("skipped: this kernel has no type information");
            return;
        };
        let before = loads(object);
        for (field, _) in offsets.all() {
            assert!(
                before.contains_key(&(field as u16)),
                "{field:?} is loaded nowhere"
            );
        }
        let after = loads(&relocated(object, &offsets).unwrap());
        let left = after.keys().find(|number| NUMBERS.contains(number));
        assert_eq!(left, None, "a field that nobody looked up");
        for (field, offset) in offsets.all() {
            assert!(
                after.contains_key(&u16::try_from(offset).unwrap()),
                "{field:?} is at {offset}"
            );
        }
        assert_eq!(before.values().sum::<usize>(), after.values().sum::<usize>());
    }

    #[test]
    fn every_field_is_loaded_somewhere_and_no_number_is_left() {
        check(
            aya::include_bytes_aligned!("../../../bpf/autoscaler.bpf.o"),
            ACCOUNTING,
        );
        check(
            aya::include_bytes_aligned!("../../../bpf/requests.bpf.o"),
            REQUESTS,
        );
    }

    #[test]
    fn what_is_no_object_is_refused() {
        let offsets = Offsets::default();
        assert!(matches!(
            relocated(b"no object", &offsets),
            Err(WhyNotEbpf::Failed { .. })
        ));
    }
}
