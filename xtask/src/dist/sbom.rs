//! What the program is made of, as CycloneDX: every crate with its version, licence and checksum.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use auditable_info::Limits;
use serde::Deserialize;

use super::program::Program;
use super::{Release, VERSION};
use crate::cargo;
use crate::command::output;

/// Version of CycloneDX.
const SPECIFICATION: &str = "1.5";

/// Makes the list, and holds it to what stands in the program itself.
pub(super) fn of(release: &Release<'_>, program: &Program) -> Result<PathBuf> {
    let name = format!("autoscaler-{VERSION}-{}.cdx", release.arch.name());
    let mut cyclonedx = release.command(cargo::tool::CYCLONEDX.program()?);
    cyclonedx
        .args([
            "cyclonedx",
            "--quiet",
            "--format",
            "json",
            "--spec-version",
            SPECIFICATION,
        ])
        .args([
            "--manifest-path",
            "autoscaler/Cargo.toml",
            "--target",
            &release.arch.target(),
        ])
        .args(["--override-filename", &name]);
    output(&mut cyclonedx)?;
    let file = format!("{name}.json");
    let list = collect(release.root, &file)?;
    let missing = missing(&list, &inside(&program.path)?)?;
    if !missing.is_empty() {
        bail!(
            "{file} names less than the program has in it: {}",
            missing.join(", ")
        );
    }
    let into = release.folder().join(&file);
    fs::write(&into, list).with_context(|| format!("{}", into.display()))?;
    Ok(into)
}

/// The program's own list. One is written beside the manifest of each package of the workspace, and all are removed.
fn collect(root: &Path, file: &str) -> Result<String> {
    let mut own = None;
    for entry in fs::read_dir(root)? {
        let package = entry?.path();
        let made = package.join(file);
        if let Ok(text) = fs::read_to_string(&made) {
            if package.ends_with("autoscaler") {
                own = Some(text);
            }
            fs::remove_file(&made).with_context(|| format!("{}", made.display()))?;
        }
    }
    let own = own.with_context(|| format!("cargo-cyclonedx wrote no {file}"))?;
    // The workspace's own packages are called by where they are.
    Ok(own.replace(&format!("file://{}/", root.display()), "file:///"))
}

#[derive(Deserialize)]
struct Bom {
    components: Vec<Crate>,
}

/// A crate by name and version.
#[derive(Deserialize, PartialEq, Eq, PartialOrd, Ord)]
struct Crate {
    name: String,
    version: String,
}

/// The crates that the program says were compiled into it, itself apart.
fn inside(program: &Path) -> Result<BTreeSet<Crate>> {
    let info = auditable_info::audit_info_from_file(program, Limits::default())
        .with_context(|| format!("{} does not say what it is made of", program.display()))?;
    Ok(info
        .packages
        .into_iter()
        .filter(|package| !package.root)
        .map(|package| Crate {
            name: package.name,
            version: package.version.to_string(),
        })
        .collect())
}

/// Those that the list does not name.
fn missing(list: &str, inside: &BTreeSet<Crate>) -> Result<Vec<String>> {
    let bom: Bom = serde_json::from_str(list).context("the list is no CycloneDX")?;
    let listed: BTreeSet<Crate> = bom.components.into_iter().collect();
    Ok(inside
        .difference(&listed)
        .map(|absent| format!("{} {}", absent.name, absent.version))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::{Crate, missing};

    #[test]
    fn a_crate_that_the_list_lacks_is_named_with_its_version() {
        let list =
            r#"{"components": [{"name": "tokio", "version": "1.2.3"}, {"name": "cc", "version": "1.0.0"}]}"#;
        let inside = |version: &str| {
            let (name, version) = ("tokio".to_owned(), version.to_owned());
            [Crate { name, version }].into()
        };
        assert_eq!(missing(list, &inside("1.2.3")).expect("a list"), [""; 0]);
        assert_eq!(missing(list, &inside("1.2.4")).expect("a list"), ["tokio 1.2.4"]);
        assert!(missing("{}", &inside("1.2.3")).is_err());
    }
}
