//! The scenarios: the files of `tests/guest/scenarios`, in the order of their names.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use super::goods::Need;

/// One scenario.
#[derive(Debug, Clone)]
pub(super) struct Scenario {
    /// The file's name without `.py`.
    pub(super) name: String,
    /// The first sentence of the file.
    pub(super) summary: String,
    /// CPUs that it asks for by its line `CPUS = N`; it then runs in a guest of that size.
    pub(super) cpus: Option<u32>,
    /// Whether its line `QUICK = True` puts it among the few that show most in the shortest time.
    pub(super) quick: bool,
    /// What it needs of this checkout beside the package, by its line `NEEDS = "…"`.
    pub(super) needs: Option<Need>,
}

/// The guest's side: runner, stage and scenarios.
pub(super) fn folder() -> PathBuf {
    crate::workspace().join("tests/guest")
}

/// Every scenario.
pub(super) fn all() -> Result<Vec<Scenario>> {
    let folder = folder().join("scenarios");
    let entries = fs::read_dir(&folder).with_context(|| format!("{}", folder.display()))?;
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "py") {
            continue;
        }
        let text = fs::read_to_string(&path).with_context(|| format!("{}", path.display()))?;
        found.push(Scenario {
            name: path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
            summary: summary(&text).with_context(|| {
                format!(
                    "{}: no docstring that says what the scenario shows",
                    path.display()
                )
            })?,
            cpus: text
                .lines()
                .find_map(|line| line.strip_prefix("CPUS = ")?.trim().parse().ok()),
            quick: text.lines().any(|line| line == "QUICK = True"),
            needs: text
                .lines()
                .find_map(|line| line.strip_prefix("NEEDS = "))
                .map(|need| need.parse().with_context(|| format!("{}", path.display())))
                .transpose()?,
        });
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// The scenarios of these names; when no name is given, every one but those whose need is dear ([`Need::is_dear`]).
pub(super) fn choose(names: &[String]) -> Result<Vec<Scenario>> {
    let mut all = all()?;
    if names.is_empty() {
        all.retain(|scenario| !scenario.needs.is_some_and(Need::is_dear));
        return Ok(all);
    }
    names
        .iter()
        .map(|name| match all.iter().find(|scenario| scenario.name == *name) {
            Some(scenario) => Ok(scenario.clone()),
            None => bail!("no scenario is called {name}: `cargo xtask vm list` names them"),
        })
        .collect()
}

/// The few that show most in the shortest time.
pub(super) fn quick() -> Result<Vec<Scenario>> {
    let mut scenarios = all()?;
    scenarios.retain(|scenario| scenario.quick);
    Ok(scenarios)
}

fn summary(text: &str) -> Option<String> {
    let docstring = text.strip_prefix("\"\"\"")?;
    let first = docstring.lines().next()?;
    Some(first.trim_end_matches("\"\"\"").trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::{all, choose, quick};

    #[test]
    fn every_scenario_says_what_it_shows() {
        let scenarios = all().expect("every file has a docstring");
        assert!(!scenarios.is_empty());
        for scenario in scenarios {
            assert!(!scenario.summary.is_empty(), "{}", scenario.name);
        }
    }

    #[test]
    fn the_quick_ones_are_some_of_all() {
        let quick = quick().expect("every file has a docstring").len();
        assert!(0 < quick && quick < all().expect("every file has a docstring").len());
    }

    #[test]
    fn what_is_dear_is_run_only_by_its_name() {
        let unnamed = choose(&[]).expect("every file has a docstring");
        assert!(unnamed.iter().all(|scenario| scenario.name != "kubernetes"));
        let named = choose(&["kubernetes".to_owned()]).expect("it is there");
        assert_eq!(named.len(), 1);
    }

    #[test]
    fn an_unknown_name_is_refused() {
        let error = choose(&["nonesuch".to_owned()]).expect_err("no such scenario");
        assert!(error.to_string().contains("nonesuch"));
    }
}
