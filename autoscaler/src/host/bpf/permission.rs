//! What this host lets kernel programs do, looked at before it is tried: each lack has a name.

use std::fs;

use aya::programs::ProgramType;
use aya::sys::{BpfHelper, is_helper_supported};

use crate::host::cgroup::CgroupMount;
use crate::host::process::Procfs;
use crate::model::{Behind, KernelFault, KernelStep, WhyNotEbpf};

/// Bits of `CapEff` (include/uapi/linux/capability.h).
const CAP_SYS_ADMIN: u64 = 1 << 21;
const CAP_PERFMON: u64 = 1 << 38;
const CAP_BPF: u64 = 1 << 39;

/// Checks everything that can be known beforehand.
pub(in crate::host) fn check() -> Result<(), WhyNotEbpf> {
    let procfs = Procfs::default();
    if CgroupMount::discover(&procfs).is_err() {
        return Err(WhyNotEbpf::NoCgroup2);
    }
    let status = procfs.root().join("self/status");
    let status = fs::read_to_string(&status).map_err(|error| WhyNotEbpf::Failed {
        why: KernelFault {
            step: Some(KernelStep::Read(status.clone())),
            behind: Behind::System(error.into()),
        },
    })?;
    let missing = missing_capabilities(&status);
    if !missing.is_empty() {
        return Err(WhyNotEbpf::NotPermitted { missing });
    }
    // `flush` calls it (include/uapi/linux/bpf.h). The verifier knows it by its number alone. Where it cannot be asked,
    // loading says why.
    match is_helper_supported(
        ProgramType::RawTracePoint,
        BpfHelper::BPF_FUNC_get_current_task_btf,
    ) {
        Ok(false) => Err(WhyNotEbpf::NoHelper {
            helper: "bpf_get_current_task_btf",
            since: "5.11",
        }),
        Ok(true) | Err(_) => Ok(()),
    }
}

/// Adds to a refusal that the kernel is locked down, where it is. By itself that is no reason: the programs call none of
/// the helpers that it forbids.
pub(in crate::host) fn explain(why: WhyNotEbpf) -> WhyNotEbpf {
    // The file is missing where the kernel has no lockdown, and unreadable where securityfs is not mounted.
    let lockdown = fs::read_to_string("/sys/kernel/security/lockdown").unwrap_or_default();
    match why {
        WhyNotEbpf::Refused { .. } | WhyNotEbpf::Failed { .. } if is_confidential(&lockdown) => {
            WhyNotEbpf::Lockdown {
                refusal: Box::new(why),
            }
        }
        why => why,
    }
}

/// The capabilities that loading tracing programs takes and /proc/self/status does not show: `CAP_BPF` and
/// `CAP_PERFMON`, or `CAP_SYS_ADMIN` in place of both (capabilities(7)).
pub(in crate::host) fn missing_capabilities(status: &str) -> Vec<&'static str> {
    let effective = status
        .lines()
        .find_map(|line| u64::from_str_radix(line.strip_prefix("CapEff:")?.trim(), 16).ok())
        .unwrap_or(0);
    if effective & CAP_SYS_ADMIN != 0 {
        return Vec::new();
    }
    [(CAP_BPF, "CAP_BPF"), (CAP_PERFMON, "CAP_PERFMON")]
        .into_iter()
        .filter_map(|(bit, name)| (effective & bit == 0).then_some(name))
        .collect()
}

/// Whether /sys/kernel/security/lockdown has `confidentiality` chosen: `none integrity [confidentiality]`.
fn is_confidential(lockdown: &str) -> bool {
    lockdown.contains("[confidentiality]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_misses_nothing() {
        assert!(missing_capabilities("Name:\tx\nCapEff:\t000001ffffffffff\n").is_empty());
    }

    #[test]
    fn an_ordinary_user_misses_both() {
        assert_eq!(
            missing_capabilities("CapEff:\t0000000000000000\n"),
            ["CAP_BPF", "CAP_PERFMON"]
        );
    }

    #[test]
    fn a_service_with_only_one_of_them_misses_the_other() {
        assert_eq!(
            missing_capabilities("CapEff:\t0000008000000000\n"),
            ["CAP_PERFMON"]
        );
        assert_eq!(missing_capabilities("CapEff:\t0000004000000000\n"), ["CAP_BPF"]);
        assert!(missing_capabilities("CapEff:\t000000c000000000\n").is_empty());
    }

    #[test]
    fn only_confidentiality_forbids() {
        assert!(is_confidential("none integrity [confidentiality]\n"));
        assert!(!is_confidential("none [integrity] confidentiality\n"));
        assert!(!is_confidential(""));
    }
}
