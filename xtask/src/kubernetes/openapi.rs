//! The part of the API server that its sources lack: what it publishes of its own kinds, written by the generator beside it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::command::output;

/// A file that has it on a line of its own wants its package published. As Kubernetes' own Makefile has it.
const TAG: &str = "// +k8s:openapi-gen=";

/// Where the packages of the repositories that Kubernetes is put together from are.
const STAGING: &str = "staging/src/";

/// Packages of other programs, below [`STAGING`].
const OTHERS: [&str; 2] = ["k8s.io/code-generator", "k8s.io/sample-apiserver"];

/// Writes the file into the sources `tree`, the package `k8s.io/kubernetes` below `gopath`; `go` is a go command for them.
pub(super) fn write(tree: &Path, gopath: &Path, go: impl Fn() -> Command) -> Result<()> {
    let generator = gopath.join("bin/openapi-gen");
    output(
        go().args(["build", "-o"])
            .arg(&generator)
            .arg("./vendor/k8s.io/kube-openapi/cmd/openapi-gen"),
    )?;
    let mut packages = BTreeSet::new();
    for part in ["pkg", STAGING] {
        find(tree, &tree.join(part), &mut packages)?;
    }
    let packages: Vec<_> = packages.into_iter().collect();
    // The generator asks `go` where packages are: it has the environment of one.
    let environment = go();
    let mut generate = Command::new(&generator);
    for (key, value) in environment.get_envs() {
        match value {
            Some(value) => generate.env(key, value),
            None => generate.env_remove(key),
        };
    }
    generate
        .current_dir(tree)
        .args(["--output-file-base", "zz_generated.openapi"])
        .args(["--output-package", "k8s.io/kubernetes/pkg/generated/openapi"])
        .args(["--go-header-file", "hack/boilerplate/boilerplate.generatego.txt"])
        .arg("--output-base")
        .arg(gopath.join("src"))
        .arg("--report-filename")
        .arg(gopath.join("violations"))
        .args(["--input-dirs", &packages.join(",")]);
    output(&mut generate)?;
    Ok(())
}

/// The packages in a folder of `tree` that want to be published.
fn find(tree: &Path, folder: &Path, packages: &mut BTreeSet<String>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let (entry, path) = entry.map(|entry| (entry.file_type(), entry.path()))?;
        let kind = entry?;
        if kind.is_dir() {
            find(tree, &path, packages)?;
        } else if kind.is_file() && path.extension().is_some_and(|end| end == "go") {
            let inside: PathBuf = folder.strip_prefix(tree)?.into();
            if let Some(package) = package(&inside.to_string_lossy())
                && is_tagged(&fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?)
            {
                packages.insert(package);
            }
        }
    }
    Ok(())
}

fn is_tagged(text: &[u8]) -> bool {
    text.split(|byte| *byte == b'\n')
        .any(|line| line.starts_with(TAG.as_bytes()))
}

/// The name of the package in a folder of the sources; none where it is another program's.
fn package(folder: &str) -> Option<String> {
    let inside = match folder.strip_prefix(STAGING) {
        Some(staged) if OTHERS.iter().any(|other| staged.starts_with(other)) => return None,
        Some(staged) => format!("vendor/{staged}"),
        None => folder.to_owned(),
    };
    Some(format!("k8s.io/kubernetes/{inside}"))
}

#[cfg(test)]
mod tests {
    use super::{is_tagged, package};

    #[test]
    fn a_staged_package_is_called_as_it_is_vendored() {
        for (folder, name) in [
            ("pkg/apis/abac/v0", Some("k8s.io/kubernetes/pkg/apis/abac/v0")),
            (
                "staging/src/k8s.io/api/apps/v1",
                Some("k8s.io/kubernetes/vendor/k8s.io/api/apps/v1"),
            ),
            (
                "staging/src/k8s.io/sample-apiserver/pkg/apis/wardle/v1beta1",
                None,
            ),
        ] {
            assert_eq!(package(folder).as_deref(), name, "{folder}");
        }
    }

    #[test]
    fn a_tag_stands_at_the_beginning_of_its_line() {
        assert!(is_tagged(
            b"/*\n*/\n\n// +k8s:deepcopy-gen=package\n// +k8s:openapi-gen=true\n\npackage v1\n"
        ));
        assert!(!is_tagged(b"var tag = \"// +k8s:openapi-gen=true\"\n"));
    }
}
