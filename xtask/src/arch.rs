//! The machines that the program is released for.

use anyhow::{Result, bail};
use clap::ValueEnum;

/// A machine's architecture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Arch {
    /// 64-bit x86: amd64 in Debian's words.
    #[value(name = "x86_64")]
    X86_64,
    /// 64-bit ARM: arm64 in Debian's words.
    #[value(name = "aarch64")]
    Aarch64,
}

impl Arch {
    /// This machine's.
    pub(crate) fn host() -> Result<Self> {
        match std::env::consts::ARCH {
            "x86_64" => Ok(Self::X86_64),
            "aarch64" => Ok(Self::Aarch64),
            other => bail!(
                "{other} is no machine that the program is released for: give --arch x86_64 or --arch aarch64"
            ),
        }
    }

    /// The kernel's and rpm's word for it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Aarch64 => "aarch64",
        }
    }

    /// Debian's word for it.
    pub(crate) fn debian(self) -> &'static str {
        match self {
            Self::X86_64 => "amd64",
            Self::Aarch64 => "arm64",
        }
    }

    /// rustc's name of the target.
    pub(crate) fn target(self) -> String {
        format!("{}-unknown-linux-gnu", self.name())
    }

    /// The folder of its libraries on Debian, and what its compiler's name begins with.
    pub(crate) fn gnu(self) -> String {
        format!("{}-linux-gnu", self.name())
    }
}
