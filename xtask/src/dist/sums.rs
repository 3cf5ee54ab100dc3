//! The checksums of what is released, as `sha256sum --check` reads them.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::sha256::sha256;

/// Writes `SHA256SUMS` of every file in the folder.
pub(super) fn write(folder: &Path) -> Result<PathBuf> {
    let sums = folder.join("SHA256SUMS");
    let mut text = String::new();
    for (name, path) in files(folder)? {
        if path != sums {
            writeln!(text, "{}  {name}", of(&path)?)?;
        }
    }
    fs::write(&sums, text).with_context(|| format!("{}", sums.display()))?;
    Ok(sums)
}

/// The files of a folder, not those of folders in it, by their names.
pub(super) fn files(folder: &Path) -> Result<Vec<(String, PathBuf)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("{}", folder.display()))? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            files.push((entry.file_name().to_string_lossy().into_owned(), entry.path()));
        }
    }
    files.sort();
    Ok(files)
}

/// A file's checksum.
pub(super) fn of(path: &Path) -> Result<String> {
    let bytes = fs::read(path).with_context(|| format!("{}", path.display()))?;
    Ok(sha256(&bytes))
}

#[cfg(test)]
mod tests {
    use std::fs;

    #[test]
    fn every_file_but_the_sums_themselves_has_a_sum() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("b"), "").expect("written");
        fs::write(folder.path().join("a"), "abc").expect("written");
        fs::create_dir(folder.path().join("apt")).expect("made");
        let sums = super::write(folder.path()).expect("written");
        super::write(folder.path()).expect("written again");
        let text = fs::read_to_string(sums).expect("it is there");
        assert_eq!(
            text,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  a\n\
             e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  b\n"
        );
    }
}
