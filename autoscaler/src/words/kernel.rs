//! What does not work of the kernel program that accounts CPU, and of what stands in for it.

use super::host::cgroup_error;
use super::system::system_fault;
use crate::model::{
    Behind, BtfFault, KernelFault, KernelStep, Language, SourceKind, SourceNews, UsageFault, WhyNotEbpf,
};

/// Why the kernel program is not in use.
#[must_use]
pub fn without_ebpf(language: Language, why: &WhyNotEbpf) -> String {
    match why {
        WhyNotEbpf::NoCgroup2 => say!(
            language,
            "no cgroup v2 hierarchy is mounted: mount one, e.g. `mount -t cgroup2 none /sys/fs/cgroup/unified`",
            "no hay montada ninguna jerarquía cgroup v2: monte una, por ejemplo `mount -t cgroup2 none /sys/fs/cgroup/unified`"
        ),
        WhyNotEbpf::NoBtf { path } => {
            let path = path.display();
            say!(
                language,
                "the kernel has no type information at {path}: it needs CONFIG_DEBUG_INFO_BTF=y",
                "el kernel no tiene información de tipos en {path}: le hace falta CONFIG_DEBUG_INFO_BTF=y"
            )
        }
        WhyNotEbpf::BadBtf { why } => {
            let why = btf_fault(language, why);
            say!(
                language,
                "the kernel's type information cannot be read: {why}",
                "no se puede leer la información de tipos del kernel: {why}"
            )
        }
        WhyNotEbpf::NoField { field, needs } => {
            let needs = needs
                .as_ref()
                .map(|option| say!(language, ": it needs {option}", ": le hace falta {option}"));
            let needs = needs.unwrap_or_default();
            say!(
                language,
                "this kernel has no `{field}`{needs}",
                "este kernel no tiene `{field}`{needs}"
            )
        }
        WhyNotEbpf::NoEvent { event, since } => say!(
            language,
            "this kernel has no tracepoint `{event}`: it needs Linux {since}",
            "este kernel no tiene el tracepoint `{event}`: le hace falta Linux {since}"
        ),
        WhyNotEbpf::NoFunction { function } => say!(
            language,
            "this kernel has no function `{function}` that could be traced",
            "este kernel no tiene ninguna función `{function}` que se pueda trazar"
        ),
        WhyNotEbpf::NoHelper { helper, since } => say!(
            language,
            "this kernel has no `{helper}` for BPF programs: it needs Linux {since}",
            "este kernel no tiene `{helper}` para programas BPF: le hace falta Linux {since}"
        ),
        WhyNotEbpf::NotPermitted { missing } => {
            let missing = missing.join(&say!(language, " and ", " y "));
            say!(
                language,
                "not permitted: the daemon needs {missing}",
                "sin permiso: al demonio le hace falta {missing}"
            )
        }
        WhyNotEbpf::Lockdown { refusal } => {
            let refusal = without_ebpf(language, refusal);
            say!(
                language,
                "{refusal}; the kernel is locked down in confidentiality mode, which limits what BPF may read",
                "{refusal}; el kernel está bloqueado en modo de confidencialidad, que limita lo que BPF puede leer"
            )
        }
        WhyNotEbpf::Refused { program, error, log } => {
            let error = system_fault(language, error);
            say!(
                language,
                "the kernel's verifier refused `{program}`: {error}: {log}",
                "el verificador del kernel ha rechazado `{program}`: {error}: {log}"
            )
        }
        WhyNotEbpf::Failed { why } => {
            let why = kernel_fault(language, why);
            say!(
                language,
                "the kernel program cannot be loaded: {why}",
                "no se puede cargar el programa del kernel: {why}"
            )
        }
    }
}

fn btf_fault(language: Language, fault: &BtfFault) -> String {
    match fault {
        BtfFault::System { path, error } => {
            format!("{}: {}", path.display(), system_fault(language, error))
        }
        // The words of the library that reads it.
        BtfFault::Malformed { path, words } => format!("{}: {words}", path.display()),
        BtfFault::SeveralPlaces { field, count } => say!(
            language,
            "`{field}` is at {count} places",
            "`{field}` está en {count} sitios"
        ),
        BtfFault::PartOfItself { structure } => say!(
            language,
            "`{structure}` is part of itself",
            "`{structure}` es parte de sí misma"
        ),
        BtfFault::Words(words) => words.clone(),
    }
}

fn kernel_fault(language: Language, fault: &KernelFault) -> String {
    let step = fault.step.as_ref().map(|step| kernel_step(language, step));
    let behind = match &fault.behind {
        Behind::Nothing => None,
        Behind::System(error) => Some(system_fault(language, error)),
        Behind::Words(words) => Some(words.clone()),
    };
    let parts: Vec<String> = step.into_iter().chain(behind).collect();
    parts.join(": ")
}

fn kernel_step(language: Language, step: &KernelStep) -> String {
    match step {
        KernelStep::Map(name) => say!(
            language,
            "the object has no map {name}",
            "el objeto no tiene el mapa {name}"
        ),
        KernelStep::Program(name) => say!(
            language,
            "the object has no program `{name}`",
            "el objeto no tiene el programa `{name}`"
        ),
        KernelStep::Section => say!(
            language,
            "a section of the object is not in it",
            "al objeto le falta una de sus secciones"
        ),
        KernelStep::Offset(offset) => say!(
            language,
            "a field at offset {offset} is out of an instruction's reach",
            "un campo en la posición {offset} queda fuera del alcance de una instrucción"
        ),
        KernelStep::Room => say!(
            language,
            "too many cgroups for one map",
            "demasiados cgroups para un solo mapa"
        ),
        KernelStep::MapArray => say!(
            language,
            "cannot map a kernel array into memory",
            "no se puede ver en memoria una tabla del kernel"
        ),
        KernelStep::Flush(cpu) => say!(
            language,
            "cannot run `flush` on CPU {cpu}",
            "no se puede ejecutar `flush` en la CPU {cpu}"
        ),
        KernelStep::Remove => say!(
            language,
            "cannot remove a cgroup from INDEX",
            "no se puede quitar un cgroup de INDEX"
        ),
        KernelStep::GiveBack => say!(
            language,
            "cannot give an index back to FREE",
            "no se puede devolver un índice a FREE"
        ),
        KernelStep::Read(path) => {
            let path = path.display();
            say!(language, "cannot read {path}", "no se puede leer {path}")
        }
        KernelStep::CpuList(path) => {
            let path = path.display();
            say!(
                language,
                "{path} is not a list of CPUs such as `0-3,8`",
                "{path} no es una lista de CPU como `0-3,8`"
            )
        }
    }
}

/// What the source of CPU figures has to tell.
pub(super) fn source_news(language: Language, news: &SourceNews) -> String {
    match news {
        SourceNews::Room { capacity } => say!(
            language,
            "room for {capacity} cgroups",
            "sitio para {capacity} cgroups"
        ),
        SourceNews::NoRoom { why } => {
            let why = without_ebpf(language, why);
            say!(
                language,
                "no room for more cgroups, it is tried again: {why}",
                "no hay sitio para más cgroups, se intentará de nuevo: {why}"
            )
        }
    }
}

/// Why the source of CPU figures cannot be read.
#[must_use]
pub fn usage_fault(language: Language, fault: &UsageFault) -> String {
    match fault {
        UsageFault::Cgroup(error) => cgroup_error(language, error),
        UsageFault::Kernel(fault) => kernel_fault(language, fault),
    }
}

/// The source of CPU figures: the same in both languages.
pub(super) fn source(source: SourceKind) -> &'static str {
    match source {
        SourceKind::Ebpf => "eBPF",
        SourceKind::CpuStat => "cpu.stat",
    }
}
