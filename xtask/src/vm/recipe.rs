//! What the guest's disk holds. Its hash names the cached image.

use std::hash::{DefaultHasher, Hash, Hasher};

/// The guest's release of Debian.
pub(super) const RELEASE: &str = "bookworm";

/// Debian packages of the guest. Its gunicorn is 20.1, the oldest version that is supported.
pub(super) const PACKAGES: &[&str] = &[
    "celery",
    "curl",
    "dbus",
    "gunicorn",
    "iproute2",
    "kmod",
    "libnss-systemd",
    "linux-image-6.12-cloud-amd64",
    "linux-image-cloud-amd64",
    "lz4",
    "procps",
    "python3",
    "python3-gevent",
    "python3-redis",
    "redis-server",
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

/// A kernel of another suite: the packages are unpacked into the guest's tree, not installed.
pub(super) struct ForeignKernel {
    /// The suite.
    pub(super) suite: &'static str,
    /// Prefix and suffix around the version in each package's name.
    pub(super) packages: &'static [(&'static str, &'static str)],
}

/// Kernels that the guest's own release does not have.
pub(super) const FOREIGN_KERNELS: &[ForeignKernel] = &[
    ForeignKernel {
        suite: "bullseye",
        packages: &[("linux-image-5.10", "-cloud-amd64")],
    },
    ForeignKernel {
        suite: "sid",
        packages: &[
            ("linux-base-7", "-cloud-amd64"),
            ("linux-binary-7", "-cloud-amd64"),
            ("linux-modules-7", "-cloud-amd64"),
        ],
    },
];

/// Size of the guest's disk in MiB; the file is sparse.
pub(super) const DISK_MIB: u32 = 3072;

/// Turns the installed packages into the guest: kernels, initial RAM disks, services.
pub(super) const SETUP: &str = include_str!("setup.sh");

/// A name for this recipe: it changes with everything above.
pub(super) fn hash() -> String {
    let mut hasher = DefaultHasher::new();
    (RELEASE, PACKAGES, NEWEST, PYTHON, DISK_MIB, SETUP).hash(&mut hasher);
    for kernel in FOREIGN_KERNELS {
        (kernel.suite, kernel.packages).hash(&mut hasher);
    }
    format!("{:016x}", hasher.finish())
}
