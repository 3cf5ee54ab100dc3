//! The two books as HTML, side by side in one folder with their pictures.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::{BOOKS, html, named, sources};
use crate::cargo::tool;

/// What is at the top of the folder: the way to either book.
const FRONT: &str = r#"<!DOCTYPE html>
<meta charset="utf-8">
<title>autoscaler</title>
<meta http-equiv="refresh" content="0; url=en/index.html">
<p><a href="en/index.html">English</a> · <a href="es/index.html">Español</a></p>
"#;

/// Builds both books into the folder `into`, emptied first, and returns it.
///
/// # Errors
/// When mdBook cannot be made or fails, or a link of the books leads nowhere.
pub(crate) fn build(into: &Path) -> Result<PathBuf> {
    if into.exists() {
        fs::remove_dir_all(into).with_context(|| format!("cannot empty {}", into.display()))?;
    }
    let mdbook = tool::MDBOOK.program()?;
    for (_, folder) in BOOKS {
        let book = into.join(folder);
        let status = Command::new(&mdbook)
            .arg("build")
            .arg("--dest-dir")
            .arg(&book)
            .arg(sources().join(folder))
            .env("MDBOOK_LOG", "warn")
            .status()
            .context("mdbook cannot be run")?;
        if !status.success() {
            bail!("mdbook ended with {status}");
        }
        // The sources are the book's own folder, so it goes along.
        fs::remove_file(book.join("book.toml"))
            .context("mdbook has left out a file that it always copied")?;
    }
    let images = into.join("images");
    fs::create_dir_all(&images).with_context(|| format!("cannot make {}", images.display()))?;
    for picture in named(&sources().join("images"), "svg")? {
        let name = picture.file_name().context("a picture without a name")?;
        fs::copy(&picture, images.join(name))
            .with_context(|| format!("cannot copy {}", picture.display()))?;
    }
    fs::write(into.join("index.html"), FRONT)
        .with_context(|| format!("cannot write in {}", into.display()))?;
    let dead = html::dead_links(into)?;
    if !dead.is_empty() {
        bail!("the book has dead links:\n{}", dead.join("\n"));
    }
    Ok(into.to_owned())
}
