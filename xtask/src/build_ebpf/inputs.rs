//! What the committed objects were built from. It stands beside them; where nothing of it has changed, neither have
//! they, and the library and linker that a build needs are not even fetched.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::toolchain::Toolchain;
use super::{OBJECTS, PACKAGE, linker};
use crate::cargo::cargo;
use crate::command::output;
use crate::sha256::sha256;
use crate::workspace;

/// Where the list is kept.
pub(super) const LIST: &str = "autoscaler/bpf/autoscaler.bpf.inputs";

/// Sources, and the code that says how they are compiled.
const FOLDERS: [&str; 3] = ["autoscaler-ebpf", "autoscaler-common", "xtask/src/build_ebpf"];

/// The sections of the workspace's Cargo.toml that a build of the kernel programs reads.
const SECTIONS: [&str; 4] = [
    "profile.bpf",
    "profile.release",
    "workspace.lints",
    "workspace.package",
];

const HEADING: &str = "\
# What the objects were built from: written by `cargo xtask build-ebpf`, after clippy had let the sources pass. Where all of
# it is as it was, so are they, and nothing is built to check them.
";

/// The list of what is here now, the objects themselves among it.
pub(super) fn now(toolchain: &Toolchain) -> Result<String> {
    let mut list = HEADING.to_owned();
    writeln!(list, "{} LLVM {}", toolchain.version, toolchain.llvm)?;
    writeln!(list, "bpf-linker {}", linker::VERSION)?;
    let mut files: BTreeSet<String> = OBJECTS.iter().map(|(object, _)| (*object).to_owned()).collect();
    for folder in FOLDERS {
        collect(Path::new(folder), &mut files)?;
    }
    for file in files {
        let bytes = fs::read(workspace().join(&file)).with_context(|| format!("cannot read {file}"))?;
        writeln!(list, "{}  {file}", sha256(&bytes))?;
    }
    let manifest = fs::read_to_string(workspace().join("Cargo.toml")).context("cannot read Cargo.toml")?;
    for section in SECTIONS {
        let text = sections(&manifest, section);
        writeln!(list, "{}  Cargo.toml [{section}]", sha256(text.as_bytes()))?;
    }
    for package in packages()? {
        writeln!(list, "{package}")?;
    }
    Ok(list)
}

/// The lines that one of the two lists has and the other has not; none when nothing has changed.
pub(super) fn changes(committed: &str, now: &str) -> Vec<String> {
    let lines = |text: &str| -> BTreeSet<String> { text.lines().map(str::to_owned).collect() };
    let (committed, now) = (lines(committed), lines(now));
    let gone = committed.difference(&now).map(|line| format!("was {line}"));
    let new = now.difference(&committed).map(|line| format!("now {line}"));
    gone.chain(new).collect()
}

/// The packages that the kernel programs are built with, by name and version: a registry gives one source for each.
fn packages() -> Result<BTreeSet<String>> {
    let mut tree = cargo();
    tree.args(["tree", "--locked", "--package", PACKAGE, "--target", "all"])
        .args(["--edges", "normal,build", "--prefix", "none", "--format", "{p}"]);
    Ok(output(tree.current_dir(workspace()))?
        .lines()
        // `NAME vVERSION`, and for members of the workspace their path, for others perhaps `(*)`.
        .map(|line| line.split(" (").next().unwrap_or(line).to_owned())
        .filter(|line| !line.is_empty())
        .collect())
}

/// All of a manifest's sections that are called `name` or `name.…`, with their headings.
fn sections(manifest: &str, name: &str) -> String {
    let mut inside = false;
    let mut text = String::new();
    for line in manifest.lines() {
        if let Some(heading) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            inside = heading
                .strip_prefix(name)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        }
        if inside {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

fn collect(folder: &Path, files: &mut BTreeSet<String>) -> Result<()> {
    let entries = fs::read_dir(workspace().join(folder));
    for entry in entries.with_context(|| format!("cannot list {}", folder.display()))? {
        let entry = entry?;
        let path = folder.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            collect(&path, files)?;
        } else if path
            .extension()
            .is_some_and(|extension| extension == "rs" || extension == "toml")
        {
            files.insert(path.display().to_string());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{changes, sections};

    #[test]
    fn a_changed_input_is_named_with_what_it_was() {
        assert_eq!(changes("a\nb\n", "a\nb\n"), [""; 0]);
        assert_eq!(changes("a\nb\n", "a\nc\n"), ["was b", "now c"]);
    }

    #[test]
    fn a_section_comes_with_its_own_subsections_alone() {
        let manifest = "[profile.bpf]\nlto = 1\n\n[profile.bpf.build-override]\nx = 2\n[profile.bpfx]\ny = 3\n[a]\nz = 4\n";
        assert_eq!(
            sections(manifest, "profile.bpf"),
            "[profile.bpf]\nlto = 1\n\n[profile.bpf.build-override]\nx = 2\n"
        );
    }
}
