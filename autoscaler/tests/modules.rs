//! The modules import each other only as ARCHITECTURE.md says, and never in a ring.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

type Imports = BTreeMap<String, BTreeSet<String>>;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The table: by module, what it may import.
fn allowed() -> Result<Imports> {
    let text = fs::read_to_string(root().join("../ARCHITECTURE.md"))?;
    let table = text.split("| module | may import |").nth(1).context("no table")?;
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let names = |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    rows.map(|row| {
        let cells: Vec<&str> = row.split('|').collect();
        let module: BTreeSet<String> = names(cells[1]);
        let module = module.into_iter().next().context("a row without a module")?;
        Ok((module, names(cells[2])))
    })
    .collect()
}

/// What the sources import, their tests left out.
fn imported() -> Result<Imports> {
    let source = root().join("src");
    let mut imports = Imports::new();
    for entry in fs::read_dir(&source)? {
        let path = entry?.path();
        let module = path
            .file_stem()
            .context("no name")?
            .to_string_lossy()
            .into_owned();
        if !matches!(module.as_str(), "lib" | "main") {
            collect(&path, imports.entry(module).or_default())?;
        }
    }
    let modules: BTreeSet<String> = imports.keys().cloned().collect();
    for (module, names) in &mut imports {
        names.retain(|name| name != module && modules.contains(name));
    }
    Ok(imports)
}

fn collect(path: &Path, names: &mut BTreeSet<String>) -> Result<()> {
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            collect(&entry?.path(), names)?;
        }
        return Ok(());
    }
    if path.extension().is_none_or(|extension| extension != "rs") {
        return Ok(());
    }
    let text = fs::read_to_string(path)?;
    let is_test = path.components().any(|part| part.as_os_str() == "tests")
        || path.ends_with("tests.rs")
        || path.ends_with("fake.rs");
    if is_test {
        return Ok(());
    }
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or(&text);
    for line in code.lines().filter(|line| !line.trim_start().starts_with("//")) {
        for rest in line.split("crate::").skip(1) {
            let name: String = rest
                .chars()
                .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                .collect();
            names.insert(name);
        }
    }
    Ok(())
}

#[test]
fn modules_import_what_the_table_allows_and_the_table_allows_no_more() -> Result<()> {
    let (allowed, imported) = (allowed()?, imported()?);
    for (module, names) in &imported {
        assert_eq!(Some(names), allowed.get(module), "imports of `{module}`");
    }
    assert_eq!(allowed.len(), imported.len(), "a module that is no more");
    Ok(())
}

#[test]
fn there_is_no_ring() -> Result<()> {
    let mut left = allowed()?;
    while !left.is_empty() {
        let free: Vec<String> = left
            .iter()
            .filter(|(_, names)| names.iter().all(|name| !left.contains_key(name)))
            .map(|(module, _)| module.clone())
            .collect();
        assert!(!free.is_empty(), "these import each other in a ring: {left:#?}");
        for module in free {
            left.remove(&module);
        }
    }
    Ok(())
}
