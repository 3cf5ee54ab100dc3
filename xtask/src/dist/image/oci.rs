//! An image as the OCI has it: layers, a configuration and a manifest by their checksums, in one archive (Image Format Specification
//! 1.1: "Image Layout", "Image Configuration", "Image Manifest").

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::super::Release;
use super::super::tarball::tar;
use crate::command::output;
use crate::sha256::sha256;

/// One layer.
pub(super) struct Layer {
    /// What is in it, in a word.
    what: &'static str,
    /// The checksum of its files, which the configuration has.
    plain: String,
    /// The archive as it goes into the image.
    packed: Vec<u8>,
}

impl Layer {
    /// Everything below `tree`. Order, owners and times say nothing of the machine; modes are those of the files.
    pub(super) fn of(release: &Release<'_>, tree: &Path, work: &Path, what: &'static str) -> Result<Self> {
        let plain = work.join(format!("{what}.tar"));
        pack(release, tree, &plain)?;
        let bytes = fs::read(&plain).with_context(|| format!("{}", plain.display()))?;
        // gzip's own header would hold the name and the time as well.
        output(release.command("gzip").args(["-9n"]).arg(&plain))?;
        let packed = work.join(format!("{what}.tar.gz"));
        Ok(Self {
            what,
            plain: sha256(&bytes),
            packed: fs::read(&packed).with_context(|| format!("{}", packed.display()))?,
        })
    }
}

/// An image.
pub(super) struct Image {
    /// Its name and tag.
    pub(super) name: String,
    /// Its architecture, in the words of Go, which are Debian's.
    pub(super) architecture: &'static str,
    /// When it was made.
    pub(super) created: String,
    /// How it is run.
    pub(super) config: Value,
    /// From the lowest.
    pub(super) layers: Vec<Layer>,
}

impl Image {
    /// Writes it as one archive, by way of the folder `layout`.
    pub(super) fn write(&self, release: &Release<'_>, layout: &Path, archive: &Path) -> Result<()> {
        let blobs = layout.join("blobs/sha256");
        fs::create_dir_all(&blobs).with_context(|| format!("{}", blobs.display()))?;
        let blob = |kind: &str, content: &[u8]| -> Result<Value> {
            let sum = sha256(content);
            fs::write(blobs.join(&sum), content)?;
            Ok(json!({
                "mediaType": format!("application/vnd.oci.image.{kind}"),
                "digest": format!("sha256:{sum}"),
                "size": content.len(),
            }))
        };
        let layers = self
            .layers
            .iter()
            .map(|layer| blob("layer.v1.tar+gzip", &layer.packed))
            .collect::<Result<Vec<_>>>()?;
        let history = self.layers.iter().map(|layer| {
            json!({ "created": self.created, "created_by": "cargo xtask dist image", "comment": layer.what })
        });
        let sums = self.layers.iter().map(|layer| format!("sha256:{}", layer.plain));
        let config = json!({
            "created": self.created,
            "architecture": self.architecture,
            "os": "linux",
            "config": self.config,
            "rootfs": { "type": "layers", "diff_ids": sums.collect::<Vec<_>>() },
            "history": history.collect::<Vec<_>>(),
        });
        let config = blob("config.v1+json", &serde_json::to_vec(&config)?)?;
        let manifest = json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": config,
            "layers": layers,
        });
        let mut manifest = blob("manifest.v1+json", &serde_json::to_vec(&manifest)?)?;
        // Who loads the archive calls it so: containers/image by the first, Docker and containerd by the second.
        manifest["annotations"] = json!({
            "org.opencontainers.image.ref.name": self.name,
            "io.containerd.image.name": format!("docker.io/library/{}", self.name),
        });
        let index = json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.index.v1+json",
            "manifests": [manifest],
        });
        fs::write(layout.join("index.json"), serde_json::to_vec(&index)?)?;
        fs::write(
            layout.join("oci-layout"),
            serde_json::to_vec(&json!({ "imageLayoutVersion": "1.0.0" }))?,
        )?;
        pack(release, layout, archive)
    }
}

/// Packs everything below a folder.
fn pack(release: &Release<'_>, folder: &Path, into: &Path) -> Result<()> {
    let mut names = fs::read_dir(folder)
        .with_context(|| format!("{}", folder.display()))?
        .map(|entry| Ok(entry?.file_name()))
        .collect::<Result<Vec<_>>>()?;
    names.sort();
    output(
        tar(release)
            .arg("--file")
            .arg(into)
            .arg("--directory")
            .arg(folder)
            .args(names),
    )?;
    Ok(())
}
