//! Whether two builds of the same sources, in two folders, give the same bytes.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::{Release, sums};
use crate::command::output;

/// Builds the release in this checkout and in a copy of it elsewhere, and compares.
///
/// # Errors
/// When a file differs; the copy's files are kept then, for `diffoscope`.
pub(super) fn run(release: &Release<'_>) -> Result<()> {
    let first = release.make()?;
    let elsewhere = tempfile::Builder::new()
        .prefix("autoscaler-built-again-in-another-folder-")
        .tempdir()?;
    let root = elsewhere.path().join("checkout");
    copy(release.root, &root)?;
    let second = Release {
        root: &root,
        ..*release
    };
    let second = second.make()?;
    let mut differ = 0;
    for (one, other) in first.iter().zip(&second) {
        let (sum, same) = (sums::of(one)?, fs::read(one)? == fs::read(other)?);
        let name = one.file_name().unwrap_or_default().display();
        println!("{}  {sum}  {name}", if same { "same  " } else { "DIFFER" });
        differ += usize::from(!same);
    }
    if differ > 0 {
        let kept = elsewhere.keep();
        bail!(
            "{differ} file(s) differ: diffoscope {} {}",
            release.folder().display(),
            kept.display()
        );
    }
    println!(
        "two builds, in {} and {}, gave the same bytes",
        release.root.display(),
        root.display()
    );
    Ok(())
}

/// Copies what git has or would take of a checkout: nothing that was built.
fn copy(from: &Path, to: &Path) -> Result<()> {
    let listed = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    for file in output(Command::new("git").args(listed).current_dir(from))?
        .split('\0')
        .filter(|file| !file.is_empty())
    {
        let place = to.join(file);
        if let Some(folder) = place.parent() {
            fs::create_dir_all(folder).with_context(|| format!("{}", folder.display()))?;
        }
        // One that was removed and not committed yet is listed as well.
        if from.join(file).exists() {
            fs::copy(from.join(file), &place).with_context(|| format!("{}", place.display()))?;
        }
    }
    Ok(())
}
