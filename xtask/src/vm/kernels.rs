//! The kernel lines that the guest can boot.

use std::fmt;
use std::str::FromStr;

use crate::arch::Arch;

/// Where a kernel's packages are, and how they are called.
#[derive(Debug, Clone, Hash)]
pub(super) enum Packages {
    /// A package of the guest's own release.
    OfGuest(String),
    /// Packages of another suite, by prefix and suffix around the version in their names: they are unpacked into the
    /// guest's tree, not installed.
    OfSuite {
        /// The suite.
        suite: &'static str,
        /// Prefix and suffix of each.
        around_version: Vec<(&'static str, String)>,
    },
}

/// A line of kernel releases; the newest release that Debian holds of it is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KernelLine {
    /// Debian 11's.
    V5_10,
    /// Debian 12's own.
    V6_1,
    /// Debian 12's backport of Debian 13's.
    V6_12,
    /// Debian unstable's.
    V7,
}

impl KernelLine {
    /// Every line, oldest first.
    pub(crate) const ALL: [Self; 4] = [Self::V5_10, Self::V6_1, Self::V6_12, Self::V7];

    /// Where the kernel comes from.
    pub(crate) fn origin(self) -> &'static str {
        match self {
            Self::V5_10 => "Debian 11",
            Self::V6_1 => "Debian 12 (default)",
            Self::V6_12 => "Debian 12, the newer kernel offered beside its own",
            Self::V7 => "Debian unstable",
        }
    }

    /// The packages that hold it for machines of `arch`.
    pub(super) fn packages(self, arch: Arch) -> Packages {
        let flavour = format!("-cloud-{}", arch.debian());
        let around_version =
            |prefixes: &[&'static str]| prefixes.iter().map(|prefix| (*prefix, flavour.clone())).collect();
        match self {
            Self::V5_10 => Packages::OfSuite {
                suite: "bullseye",
                around_version: around_version(&["linux-image-5.10"]),
            },
            Self::V6_1 => Packages::OfGuest(format!("linux-image{flavour}")),
            Self::V6_12 => Packages::OfGuest(format!("linux-image-6.12{flavour}")),
            Self::V7 => Packages::OfSuite {
                suite: "sid",
                around_version: around_version(&["linux-base-7", "linux-binary-7", "linux-modules-7"]),
            },
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::V5_10 => "5.10",
            Self::V6_1 => "6.1",
            Self::V6_12 => "6.12",
            Self::V7 => "7",
        }
    }

    /// Whether a release, as `uname -r` prints it, belongs to this line.
    pub(crate) fn holds(self, release: &str) -> bool {
        release
            .strip_prefix(self.name())
            .is_some_and(|rest| rest.starts_with('.'))
    }
}

impl fmt::Display for KernelLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for KernelLine {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|line| line.name() == text)
            .ok_or_else(|| {
                let known: Vec<_> = Self::ALL.iter().map(|line| line.name()).collect();
                format!("not one of the kernel lines {}", known.join(", "))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::KernelLine;

    #[test]
    fn a_release_belongs_to_its_own_line_only() {
        let lines = |release| {
            KernelLine::ALL
                .into_iter()
                .filter(|line| line.holds(release))
                .collect::<Vec<_>>()
        };
        assert_eq!(lines("6.1.0-56-cloud-amd64"), [KernelLine::V6_1]);
        assert_eq!(lines("6.12.117+deb12-cloud-amd64"), [KernelLine::V6_12]);
        assert_eq!(lines("7.2.13+deb14-cloud-amd64"), [KernelLine::V7]);
        assert_eq!(lines("5.10.0-32-cloud-amd64"), [KernelLine::V5_10]);
        assert_eq!(lines("6.18.1"), []);
    }

    #[test]
    fn an_unknown_line_names_the_known_ones() {
        let error = "4.19".parse::<KernelLine>().unwrap_err();
        assert!(error.contains("5.10, 6.1, 6.12, 7"), "{error}");
    }
}
