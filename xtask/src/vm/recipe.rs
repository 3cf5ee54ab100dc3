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

/// Newest releases from the Python index, installed beside Debian's own in `/opt/newest`.
pub(super) const NEWEST: &[&str] = &["gunicorn==27.0.1", "gevent==26.9.0", "uvicorn==0.54.0"];

/// The guest's Python, which the wheels must fit.
pub(super) const PYTHON: &str = "3.11";

/// Size of the guest's disk in MiB; the file is sparse.
pub(super) const DISK_MIB: u32 = 3072;

/// Turns the installed packages into the guest: kernels, initial RAM disks, services.
pub(super) const SETUP: &str = include_str!("setup.sh");

/// Which kernels an image holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kernels {
    /// The guest's own alone: the smallest image.
    Own,
    /// Every line's.
    All,
}

impl Kernels {
    /// The fewest that hold these lines.
    pub(super) fn for_lines(lines: &[KernelLine]) -> Self {
        if lines.iter().all(|line| *line == KernelLine::V6_1) {
            Self::Own
        } else {
            Self::All
        }
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
        (RELEASE, PACKAGES, NEWEST, PYTHON, DISK_MIB, SETUP).hash(&mut hasher);
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
        assert_eq!(Kernels::for_lines(&[KernelLine::V6_1]), Kernels::Own);
        assert_eq!(
            Kernels::for_lines(&[KernelLine::V6_1, KernelLine::V6_12]),
            Kernels::All
        );
        assert_eq!(Kernels::for_lines(&KernelLine::ALL), Kernels::All);
        assert_ne!(Kernels::Own.hash(Arch::X86_64), Kernels::All.hash(Arch::X86_64));
        assert_ne!(Kernels::Own.hash(Arch::X86_64), Kernels::Own.hash(Arch::Aarch64));
    }
}
