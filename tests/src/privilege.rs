//! What a test needs of the machine: it runs, is skipped with the reason printed, or fails in CI.

use aya::maps::MapType;

use crate::cgroup;

/// Whether a test that makes cgroups may run: root, and a cgroup v2 mount.
///
/// Prints the reason and returns false where not: the test then returns.
///
/// # Panics
/// When something is missing and `CI=true`: there, a skipped test would pass for a green one.
#[must_use]
pub fn require_root() -> bool {
    allow(root())
}

/// Whether a test that loads kernel programs may run: [`require_root`], and the kernel takes BPF maps from us.
///
/// # Panics
/// As [`require_root`].
#[must_use]
pub fn require_root_bpf() -> bool {
    allow(root().and_then(|()| bpf()))
}

pub(crate) fn allow(able: Result<(), String>) -> bool {
    match able {
        Ok(()) => true,
        Err(missing) if in_ci() => {
            panic!("this test must run in CI, but {missing}")
        }
        Err(missing) => {
            eprintln!("skipped: {missing}");
            false
        }
    }
}

fn root() -> Result<(), String> {
    if !nix::unistd::geteuid().is_root() {
        return Err("it needs root".to_owned());
    }
    cgroup::mount()
        .map(drop)
        .map_err(|error| format!("it needs cgroup v2: {error:#}"))
}

fn bpf() -> Result<(), String> {
    match aya::sys::is_map_supported(MapType::Array) {
        Ok(true) => Ok(()),
        Ok(false) => Err("this kernel has no BPF array maps".to_owned()),
        Err(error) => Err(format!("bpf() is refused: {error}")),
    }
}

/// Whether nothing may be skipped for want of root, BPF or a program: `CI=true`.
#[must_use]
pub fn in_ci() -> bool {
    std::env::var_os("CI").is_some_and(|ci| ci == "true")
}
