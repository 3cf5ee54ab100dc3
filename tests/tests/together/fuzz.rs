//! The inputs in `tests/fuzz/corpus`, each handed to the reader that it was made for: what once broke one stays mended.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use autoscaler_tests::fuzz::TARGETS;

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus")
}

#[test]
fn no_committed_input_breaks_its_reader_down() -> Result<()> {
    for target in TARGETS {
        let folder = corpus().join(target.name);
        let entries = fs::read_dir(&folder).with_context(|| folder.display().to_string())?;
        let mut seen = 0;
        for entry in entries {
            let path = entry?.path();
            let input = fs::read(&path)?;
            let run = std::panic::catch_unwind(|| (target.run)(&input));
            ensure!(run.is_ok(), "{} broke {} down", path.display(), target.name);
            seen += 1;
        }
        ensure!(seen > 0, "{} has no input", folder.display());
    }
    Ok(())
}

#[test]
fn every_folder_of_inputs_has_a_reader() -> Result<()> {
    for entry in fs::read_dir(corpus())? {
        let name = entry?.file_name();
        ensure!(
            TARGETS.iter().any(|target| *target.name == *name),
            "{} is no target",
            name.display()
        );
    }
    Ok(())
}
