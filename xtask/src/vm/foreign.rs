//! Programs of another architecture on this machine: what the guest's packages run while they are installed.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::arch::Arch;

/// Where the kernel is told of programs that it cannot run by itself (Documentation/admin-guide/binfmt-misc.rst).
const BINFMT: &str = "/proc/sys/fs/binfmt_misc";

/// The beginning of a program for 64-bit ARM, and which bits of it count: an ELF file of 64 bits, least significant byte
/// first, of a program or a library (2 or 3), for machine 183 (`EM_AARCH64`; include/uapi/linux/elf-em.h).
const MAGIC: &str = r"\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00";
const MASK: &str = r"\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff";

/// Sees to it that this machine's kernel gives programs of `arch` to QEMU. Debian's qemu-user-static has systemd do so; where
/// systemd does not run, it is done here, until the machine is started anew.
///
/// # Errors
/// When it cannot be done: it takes root, and a kernel with `CONFIG_BINFMT_MISC`.
pub(super) fn can_run(arch: Arch) -> Result<()> {
    let entry = Path::new(BINFMT).join(format!("qemu-{}", arch.name()));
    if entry.exists() {
        return Ok(());
    }
    let register = Path::new(BINFMT).join("register");
    if !register.exists() {
        let status = Command::new("mount")
            .args(["-t", "binfmt_misc", "binfmt_misc", BINFMT])
            .status()
            .context("mount cannot be run")?;
        if !status.success() {
            bail!("{BINFMT} cannot be mounted: mount ended with {status}");
        }
    }
    if entry.exists() {
        return Ok(());
    }
    if arch != Arch::Aarch64 {
        bail!(
            "this machine runs no programs of {}: there is no {}",
            arch.name(),
            entry.display()
        );
    }
    // F: the interpreter is opened now, so that it is found from within the guest's tree as well.
    let line = format!(
        ":qemu-{0}:M::{MAGIC}:{MASK}:/usr/bin/qemu-{0}-static:F",
        arch.name()
    );
    fs::write(&register, line).with_context(|| format!("{} cannot be written", register.display()))
}
