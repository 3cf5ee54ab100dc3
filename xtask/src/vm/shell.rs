//! A guest for a person to look around in.

use anyhow::{Result, bail};

use super::guest::Network;
use super::kernels::KernelLine;
use super::payload::Payload;
use super::{Machine, guest, image, scenarios};
use std::path::PathBuf;

/// Boots a guest with a root shell on this terminal. The program and the scenarios are under `/payload/in`.
pub(super) fn run(line: KernelLine, files: Vec<PathBuf>, machine: Machine) -> Result<()> {
    let image = image::ensure(&[line], false, machine.arch()?)?;
    let kernel = image.kernel(line)?;
    let disk = image::vm_folder().join("shell.ext4");
    let payload = Payload {
        scenarios: scenarios::all()?,
        files,
    };
    payload.write(&disk)?;
    println!("Ctrl-A x ends the guest; a scenario: /payload/in/run NAME");
    let status = guest::qemu(&image, &kernel, &disk, machine, Network::None, "guest.shell")
        .args(["-serial", "mon:stdio", "-serial", "null"])
        .status()?;
    if !status.success() {
        bail!("QEMU ended with {status}");
    }
    Ok(())
}
