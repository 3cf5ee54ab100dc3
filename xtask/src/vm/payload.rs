//! The second disk: the program and the scenarios go in on it, journals and figures come out on it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::scenarios::{self, Scenario};

/// Size of the disk in MiB; the file is sparse.
const SIZE_MIB: u32 = 512;

/// What a guest is given.
pub(super) struct Payload {
    /// Scenarios to run, in order.
    pub(super) scenarios: Vec<Scenario>,
    /// Files and folders for the guest's `/payload/in`: the program, the package.
    pub(super) files: Vec<PathBuf>,
}

impl Payload {
    /// Writes the disk to `disk`.
    pub(super) fn write(&self, disk: &Path) -> Result<()> {
        let tree = disk.with_extension("tree");
        let inside = tree.join("in");
        if tree.exists() {
            fs::remove_dir_all(&tree)?;
        }
        fs::create_dir_all(tree.join("out"))?;
        let copied = Command::new("cp")
            .arg("-a")
            .arg(scenarios::folder())
            .arg(&inside)
            .status()?;
        if !copied.success() {
            bail!("{} cannot be copied", scenarios::folder().display());
        }
        for file in &self.files {
            let copied = Command::new("cp")
                .args(["-r", "--"])
                .arg(file)
                .arg(&inside)
                .status()?;
            if !copied.success() {
                bail!("{} cannot be copied", file.display());
            }
        }
        let names: Vec<_> = self.scenarios.iter().map(|s| s.name.as_str()).collect();
        fs::write(inside.join("plan.json"), serde_json::to_vec(&names)?)?;
        let made = Command::new("/sbin/mke2fs")
            .args(["-q", "-F", "-t", "ext4", "-m", "0", "-E", "root_owner=0:0", "-d"])
            .arg(&tree)
            .arg(disk)
            .arg(format!("{SIZE_MIB}M"))
            .stdout(Stdio::null())
            .status()?;
        if !made.success() {
            bail!("mke2fs ended with {made}");
        }
        fs::remove_dir_all(&tree)?;
        Ok(())
    }
}

/// Copies what the guest left in `/payload/out` into the folder `into`, which is made.
pub(super) fn collect(disk: &Path, into: &Path) -> Result<()> {
    fs::create_dir_all(into).with_context(|| format!("{}", into.display()))?;
    // A guest that was killed leaves a journal of the file system to replay, which debugfs does not do by itself.
    let _ = Command::new("/sbin/e2fsck").args(["-p", "-f"]).arg(disk).output();
    let done = Command::new("/sbin/debugfs")
        .arg("-R")
        .arg(format!("rdump /out {}", into.display()))
        .arg(disk)
        .output()
        .context("debugfs cannot be run")?;
    if !done.status.success() {
        bail!("debugfs: {}", String::from_utf8_lossy(&done.stderr).trim());
    }
    Ok(())
}
