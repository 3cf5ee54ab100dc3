//! Whose a cgroup is: the systemd unit, the container and the pod that its path names.

/// What the path of a cgroup says of whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Owner {
    /// The innermost systemd unit on the path, as `systemctl` takes it.
    pub unit: Option<String>,
    /// The innermost container.
    pub container: Option<Container>,
    /// The Kubernetes pod: `metadata.uid`, or the hash of its file where the kubelet alone knows it (a static pod).
    pub pod_uid: Option<String>,
}

/// A container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container {
    /// Who keeps it; `None` where the path does not say.
    pub runtime: Option<Runtime>,
    /// Its whole id: 64 hexadecimal digits.
    pub id: String,
}

/// What keeps a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runtime {
    /// Docker.
    Docker,
    /// Podman.
    Podman,
    /// containerd, be it the kubelet or nerdctl that asked it.
    Containerd,
    /// CRI-O.
    CriO,
}

impl Runtime {
    /// Its name, as OpenTelemetry (`container.runtime.name`) and the kubelet's `containerRuntimeVersion` write it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Podman => "podman",
            Self::Containerd => "containerd",
            Self::CriO => "cri-o",
        }
    }
}

/// Whose the cgroup at `path` is: a path from the cgroup2 mount, as /proc/PID/cgroup writes it.
///
/// What is below a container, a pod or a unit is its own as well: CRI-O and Podman put the processes into `container`, and
/// systemd in a container makes units of its own.
#[must_use]
pub fn owner(path: &str) -> Owner {
    let mut owner = Owner::default();
    let mut parent = "";
    for part in path.split('/').filter(|part| !part.is_empty()) {
        if let Some(unit) = unit(part) {
            owner.unit = Some(unit.to_owned());
        }
        if let Some(uid) = pod_uid(part) {
            owner.pod_uid = Some(uid);
            // A node that is itself a container, as kind has it: that is not the pod's.
            owner.container = None;
        }
        if let Some((runtime, id)) = container(part, parent) {
            owner.container = Some(Container {
                runtime,
                id: id.to_owned(),
            });
        }
        parent = part;
    }
    owner
}

/// The units that have a cgroup (systemd.unit(5), `unit_vtable` with `cgroup_context_offset` in src/core).
const UNITS: [&str; 6] = [".service", ".scope", ".slice", ".socket", ".mount", ".swap"];

/// A directory's name as a unit's. systemd puts `_` before a name that the kernel could take for a file of its own
/// (`cg_escape` in src/basic/cgroup-util.c).
fn unit(part: &str) -> Option<&str> {
    let name = part.strip_prefix('_').unwrap_or(part);
    let is_unit = UNITS.iter().any(|kind| {
        name.strip_suffix(kind)
            .is_some_and(|stem| !stem.is_empty() && stem.bytes().all(of_unit))
    });
    is_unit.then_some(name)
}

/// `VALID_CHARS` of src/basic/unit-name.c.
fn of_unit(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b":-_.\\@".contains(&byte)
}

/// The pod of a directory: `kubepods-burstable-pod<uid>.slice`, with `_` for `-`, or `pod<uid>` with cgroupfs.
fn pod_uid(part: &str) -> Option<String> {
    let uid = match part.split_once(".slice") {
        Some((slice, _)) if slice.contains("kubepods") => slice.rsplit_once("-pod")?.1,
        Some(_) => return None,
        None => part.strip_prefix("pod")?,
    };
    is_uid(uid).then(|| uid.replace('_', "-"))
}

/// A UUID, or the hash that a static pod has in its place: 32 digits.
fn is_uid(uid: &str) -> bool {
    let hash = uid.len() == 32 && uid.bytes().all(|byte| byte.is_ascii_hexdigit());
    let dashed = || {
        uid.len() == 36
            && uid.bytes().enumerate().all(|(at, byte)| match at {
                8 | 13 | 18 | 23 => byte == b'-' || byte == b'_',
                _ => byte.is_ascii_hexdigit(),
            })
    };
    hash || dashed()
}

/// What stands before the id of a container, and whose it is. `libpod-payload-`: a unit that Podman runs in shares its cgroup.
const PREFIXES: [(&str, Runtime); 6] = [
    ("docker", Runtime::Docker),
    ("libpod-payload", Runtime::Podman),
    ("libpod", Runtime::Podman),
    ("cri-containerd", Runtime::Containerd),
    ("nerdctl", Runtime::Containerd),
    ("crio", Runtime::CriO),
];

/// The container of a directory, with the name of the one above it.
///
/// `libpod-conmon-<id>.scope` and `crio-conmon-<id>` are the process that watches a container: what follows their prefix is
/// no id.
fn container<'a>(part: &'a str, parent: &str) -> Option<(Option<Runtime>, &'a str)> {
    let name = part.strip_suffix(".scope").unwrap_or(part);
    if is_id(name) {
        return Some((above(parent), name));
    }
    // Where a runtime that was told to use systemd has an OCI runtime that was not: `<slice>:<prefix>:<id>` as it stands.
    let (mark, name) = match name.split_once(".slice:") {
        Some((_, name)) => (':', name),
        None => ('-', name),
    };
    let (prefix, id) = name.rsplit_once(mark)?;
    let (_, runtime) = PREFIXES.iter().find(|(known, _)| *known == prefix)?;
    is_id(id).then_some((Some(*runtime), id))
}

/// Whose a directory is that has the id alone: below `docker`, or below the namespace `default` of containerd. In a pod it may
/// be containerd's or Docker's.
fn above(parent: &str) -> Option<Runtime> {
    match parent {
        "docker" => Some(Runtime::Docker),
        "default" => Some(Runtime::Containerd),
        _ => None,
    }
}

/// Whether it is an id as all runtimes make them: 64 hexadecimal digits.
pub(in crate::host) fn is_id(id: &str) -> bool {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    id.len() == 64 && id.bytes().all(is_digit)
}

#[cfg(test)]
mod tests;
