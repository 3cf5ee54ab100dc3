//! What a guest is given that is to be a cluster's node: the kubelet, kubectl, Prometheus, our image, and our manifests.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use autoscaler_tests::{Venv, tools};
use serde_json::json;

use super::{IMPOSSIBLE, build, objects};
use crate::setup;

/// Our manifests, as the server is sent them: `NAME.json` for each.
const MANIFESTS: [&str; 3] = ["namespace", "exporter", "keda"];

/// The image of the program, as the guest finds it.
const IMAGE: &str = "autoscaler.oci.tar";

/// Makes the folder `kubernetes` in the folder `into`, with `image` in it, and returns it.
///
/// # Errors
/// When there can be no cluster, which begins with [`IMPOSSIBLE`].
pub(crate) fn goods(image: &Path, into: &Path) -> Result<PathBuf> {
    let missing = setup::bring(setup::CLUSTER)?;
    if !missing.is_empty() {
        bail!("{IMPOSSIBLE}: it needs {}", tools::remedy(&missing));
    }
    let folder = into.join("kubernetes");
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let cluster = build::cluster()?;
    let kubectl = Venv::kubectl()?.bin("kubectl");
    let prometheus = tools::path_of("prometheus").context("there is no prometheus")?;
    for program in [cluster.kubelet, cluster.pause, kubectl, prometheus] {
        put(&program, &folder.join(program.file_name().unwrap_or_default()))?;
    }
    put(image, &folder.join(IMAGE))?;
    write_manifests(&folder)?;
    Ok(folder)
}

/// A file in another place, without another copy where the file system can do so.
fn put(file: &Path, place: &Path) -> Result<()> {
    if fs::hard_link(file, place).is_err() {
        fs::copy(file, place).with_context(|| format!("cannot copy {}", file.display()))?;
    }
    Ok(())
}

fn write_manifests(folder: &Path) -> Result<()> {
    let objects = objects::all(&Venv::kubernetes()?)?;
    for name in MANIFESTS {
        let of = format!("kubernetes/{name}.yaml");
        let items: Vec<_> = objects
            .iter()
            .filter(|object| object.of == of)
            .map(|object| &object.sent)
            .collect();
        ensure!(!items.is_empty(), "there is nothing in {of}");
        let list = json!({ "apiVersion": "v1", "kind": "List", "items": items });
        let path = folder.join(format!("{name}.json"));
        fs::write(&path, list.to_string()).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}
