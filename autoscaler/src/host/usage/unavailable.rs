//! Why the kernel program is not in use: each reason names what is missing.

use std::path::PathBuf;

/// Why usage comes from `cpu.stat` and not from the kernel program. Said once; scaling goes on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WhyNotEbpf {
    /// No cgroup v2 hierarchy in /proc/self/mountinfo.
    #[error(
        "no cgroup v2 hierarchy is mounted: mount one, e.g. `mount -t cgroup2 none /sys/fs/cgroup/unified`"
    )]
    NoCgroup2,
    /// The kernel was built without `CONFIG_DEBUG_INFO_BTF`.
    #[error("the kernel has no type information at {path}: it needs CONFIG_DEBUG_INFO_BTF=y", path = path.display())]
    NoBtf {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The kernel's type information could not be read or understood.
    #[error("the kernel's type information cannot be read: {why}")]
    BadBtf {
        /// The error with its path.
        why: String,
    },
    /// A field that the program reads is not in this kernel.
    #[error("this kernel has no `{field}`{}", need(needs.as_deref()))]
    NoField {
        /// Structure and field, e.g. `task_struct.sched_info.run_delay`.
        field: String,
        /// The kernel option that brings it, where one does.
        needs: Option<String>,
    },
    /// A function that the program calls is not among those that this kernel lends to it (bpf-helpers(7)).
    #[error("this kernel has no `{helper}` for BPF programs: it needs Linux {since}")]
    NoHelper {
        /// The function's name.
        helper: &'static str,
        /// The first release that has it.
        since: &'static str,
    },
    /// Capabilities that the daemon lacks (capabilities(7)).
    #[error("not permitted: the daemon needs {}", missing.join(" and "))]
    NotPermitted {
        /// Their names, e.g. `CAP_BPF`.
        missing: Vec<&'static str>,
    },
    /// The kernel refused it while it is locked down (`kernel_lockdown(7)`).
    #[error("{refusal}; the kernel is locked down in confidentiality mode, which limits what BPF may read")]
    Lockdown {
        /// What was refused.
        refusal: String,
    },
    /// The verifier refused the program.
    #[error("the kernel's verifier refused `{program}`: {log}")]
    Refused {
        /// The program's name.
        program: String,
        /// The last lines of the verifier's log.
        log: String,
    },
    /// Anything else that went wrong while loading or attaching.
    #[error("the kernel program cannot be loaded: {why}")]
    Failed {
        /// The error with its causes.
        why: String,
    },
}

fn need(option: Option<&str>) -> String {
    option.map_or_else(String::new, |option| format!(": it needs {option}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_names_what_is_missing() {
        let field = WhyNotEbpf::NoField {
            field: "task_struct.sched_info.run_delay".into(),
            needs: Some("CONFIG_SCHED_INFO=y".into()),
        };
        assert_eq!(
            field.to_string(),
            "this kernel has no `task_struct.sched_info.run_delay`: it needs CONFIG_SCHED_INFO=y"
        );
        let helper = WhyNotEbpf::NoHelper {
            helper: "bpf_get_current_task_btf",
            since: "5.11",
        };
        assert_eq!(
            helper.to_string(),
            "this kernel has no `bpf_get_current_task_btf` for BPF programs: it needs Linux 5.11"
        );
        let permission = WhyNotEbpf::NotPermitted {
            missing: vec!["CAP_BPF", "CAP_PERFMON"],
        };
        assert_eq!(
            permission.to_string(),
            "not permitted: the daemon needs CAP_BPF and CAP_PERFMON"
        );
    }
}
