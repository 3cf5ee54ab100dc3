//! What is wrong with the host, in Spanish.

use crate::host::cgroup::CgroupError;
use crate::host::machine::HostError;
use crate::host::service::ServiceError;
use crate::host::usage::WhyNotEbpf;

/// Why the kernel program is not in use.
pub(in crate::report) fn without_ebpf(why: &WhyNotEbpf) -> String {
    match why {
        WhyNotEbpf::NoCgroup2 => {
            "no hay montada ninguna jerarquía cgroup v2: monte una, por ejemplo `mount -t cgroup2 none /sys/fs/cgroup/unified`".into()
        }
        WhyNotEbpf::NoBtf { path } => format!(
            "el kernel no tiene información de tipos en {}: le hace falta CONFIG_DEBUG_INFO_BTF=y",
            path.display()
        ),
        WhyNotEbpf::BadBtf { why } => format!("no se puede leer la información de tipos del kernel: {why}"),
        WhyNotEbpf::NoField { field, needs } => {
            let needs = needs.as_ref().map(|option| format!(": le hace falta {option}"));
            format!("este kernel no tiene `{field}`{}", needs.unwrap_or_default())
        }
        WhyNotEbpf::NoHelper { helper, since } => {
            format!("este kernel no tiene `{helper}` para programas BPF: le hace falta Linux {since}")
        }
        WhyNotEbpf::NotPermitted { missing } => {
            format!("sin permiso: al demonio le hace falta {}", missing.join(" y "))
        }
        WhyNotEbpf::Lockdown { refusal } => format!(
            "{refusal}; el kernel está bloqueado en modo de confidencialidad, que limita lo que BPF puede leer"
        ),
        WhyNotEbpf::Refused { program, log } => {
            format!("el verificador del kernel ha rechazado `{program}`: {log}")
        }
        WhyNotEbpf::Failed { why } => format!("no se puede cargar el programa del kernel: {why}"),
    }
}

pub(super) fn host(error: &HostError) -> String {
    match error {
        HostError::Unreadable { path, source } => format!("no se puede leer {}: {source}", path.display()),
        HostError::Malformed { path, what } => format!("a {} le falta {what}", path.display()),
    }
}

pub(super) fn cgroup(error: &CgroupError) -> String {
    match error {
        CgroupError::NotMounted { mountinfo } => format!(
            "{} no lista ningún sistema de ficheros cgroup2: monte uno (mount -t cgroup2 none /sys/fs/cgroup), o arranque con systemd.unified_cgroup_hierarchy=1",
            mountinfo.display()
        ),
        CgroupError::Outside { path, mount } => {
            format!(
                "{} no es un cgroup por debajo de {}",
                path.display(),
                mount.display()
            )
        }
        CgroupError::NotFound { path } => format!("no existe el cgroup {}", path.display()),
        CgroupError::Unreadable { path, source } => format!("no se puede leer {}: {source}", path.display()),
        CgroupError::Malformed { path, what, text } => {
            format!("a {} le falta {what}: {text:?}", path.display())
        }
    }
}

pub(super) fn service(error: &ServiceError) -> String {
    match error {
        ServiceError::NotFound { unit } => format!("systemd no conoce la unidad {unit}"),
        ServiceError::NotBooted { path } => {
            format!("esta máquina no corre systemd (no existe {path}): dé un `cgroup` al proyecto")
        }
        ServiceError::Refused { why } => format!("systemd no lo dice: {why}"),
        ServiceError::Unreachable { why } => format!("no se puede preguntar a systemd por D-Bus: {why}"),
    }
}
