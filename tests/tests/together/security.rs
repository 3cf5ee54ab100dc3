//! SECURITY.md says by which test each of its claims is shown: each of them is there.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every source of a test: ours in Rust, and the guest's in Python.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() && !path.is_symlink() {
            sources(&path, found)?;
        } else if path
            .extension()
            .is_some_and(|ending| ending == "rs" || ending == "py")
        {
            found.push(path);
        }
    }
    Ok(())
}

/// What stands between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

#[test]
fn every_test_that_is_named_is_there() -> Result<()> {
    let text = fs::read_to_string(workspace().join("SECURITY.md"))?;
    let mut files = Vec::new();
    for folder in ["autoscaler/src", "tests/tests", "tests/guest"] {
        sources(&workspace().join(folder), &mut files)?;
    }
    let code: Vec<String> = files.iter().map(fs::read_to_string).collect::<Result<_, _>>()?;
    let mut named = BTreeSet::new();
    for words in quoted(&text) {
        let (file, named_test) = words.split_once(": ").unwrap_or((words, words));
        let rust_or_python = Path::new(file)
            .extension()
            .is_some_and(|ending| ending == "rs" || ending == "py");
        if rust_or_python && file.contains('/') {
            let file = file.replace("guest/", "guest/scenarios/");
            ensure!(files.iter().any(|found| found.ends_with(&file)), "no file {file}");
        }
        if named_test.split('_').count() > 3 && named_test.chars().all(|c| c.is_ascii_lowercase() || c == '_')
        {
            let line = format!("fn {named_test}(");
            ensure!(
                code.iter().any(|code| code.contains(&line)),
                "no test {named_test}"
            );
            named.insert(named_test);
        }
    }
    ensure!(named.len() > 20, "only {named:?} are named");
    Ok(())
}
