//! What the guest's disk holds. Its hash names the cached image.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::kernels::{KernelLine, Packages};
use crate::arch::Arch;

/// The guest's release of Debian.
pub(super) const RELEASE: &str = "bookworm";

/// What the wheels of [`NEWEST`] are built for, by Python's names.
pub(super) fn platforms(arch: Arch) -> [String; 2] {
    ["manylinux2014", "manylinux_2_28"].map(|libc| format!("{libc}_{}", arch.name()))
}

/// Debian packages of the guest. Its gunicorn is 20.1, the oldest version that is supported.
pub(super) const PACKAGES: &[&str] = &[
    "celery",
    "curl",
    "dbus",
    "gunicorn",
    "iproute2",
    "kmod",
    "libnss-systemd",
    "lz4",
    "procps",
    "python3",
    "python3-gevent",
    "python3-redis",
    "redis-server",
    "rpm",
    "strace",
    "sudo",
    "systemd",
    "systemd-sysv",
    "udev",
];

/// What runs containers, and several servers in one unit, in the image that holds every kernel.
pub(super) const RUNTIMES: &[&str] = &[
    "apparmor",
    "catatonit",
    "containernetworking-plugins",
    "crun",
    "dbus-user-session",
    "docker.io",
    "fuse-overlayfs",
    "iptables",
    "podman",
    "supervisor",
    "uidmap",
];

/// Newest releases from the Python index, installed beside Debian's own in `/opt/newest`.
pub(super) const NEWEST: &[&str] = &[
    "dramatiq==2.2.1",
    "gevent==26.9.0",
    "gunicorn==27.0.1",
    "redis==5.3.1",
    "rq==3.0.0",
    "uvicorn==0.54.0",
];

/// The guest's Python, which the wheels must fit.
pub(super) const PYTHON: &str = "3.11";

/// Size of the guest's disk in MiB; the file is sparse.
pub(super) const DISK_MIB: u32 = 4096;

/// Turns the installed packages into the guest: kernels, initial RAM disks, services.
pub(super) const SETUP: &str = include_str!("setup.sh");

/// Which kernels an image holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kernels {
    /// The guest's own alone: the smallest image.
    Own,
    /// Every line's, and what runs containers.
    All,
}

impl Kernels {
    /// The fewest that hold these lines, and what runs containers where some scenario needs it.
    pub(super) fn for_run(lines: &[KernelLine], runtimes: bool) -> Self {
        if !runtimes && lines.iter().all(|line| *line == KernelLine::V6_1) {
            Self::Own
        } else {
            Self::All
        }
    }

    /// The packages of the guest's release that stand beside theirs.
    pub(super) fn others(self) -> Vec<String> {
        let runtimes = match self {
            Self::Own => &[],
            Self::All => RUNTIMES,
        };
        PACKAGES
            .iter()
            .chain(runtimes)
            .map(|package| (*package).to_owned())
            .collect()
    }

    /// Their packages for machines of `arch`.
    pub(super) fn packages(self, arch: Arch) -> Vec<Packages> {
        let lines: &[KernelLine] = match self {
            Self::Own => &[KernelLine::V6_1],
            Self::All => &KernelLine::ALL,
        };
        lines.iter().map(|line| line.packages(arch)).collect()
    }

    /// A name for the recipe with these kernels: it changes with everything above.
    pub(super) fn hash(self, arch: Arch) -> String {
        let mut hasher = DefaultHasher::new();
        (RELEASE, self.others(), NEWEST, PYTHON, DISK_MIB, SETUP).hash(&mut hasher);
        self.packages(arch).hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::{Arch, Kernels};
    use crate::vm::kernels::KernelLine;

    #[test]
    fn the_small_image_serves_only_the_guests_own_kernel() {
        assert_eq!(Kernels::for_run(&[KernelLine::V6_1], false), Kernels::Own);
        assert_eq!(Kernels::for_run(&[KernelLine::V6_1], true), Kernels::All);
        assert_eq!(
            Kernels::for_run(&[KernelLine::V6_1, KernelLine::V6_12], false),
            Kernels::All
        );
        assert_eq!(Kernels::for_run(&KernelLine::ALL, false), Kernels::All);
        assert_ne!(Kernels::Own.hash(Arch::X86_64), Kernels::All.hash(Arch::X86_64));
        assert_ne!(Kernels::Own.hash(Arch::X86_64), Kernels::Own.hash(Arch::Aarch64));
    }
}
