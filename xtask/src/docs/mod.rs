//! `cargo xtask docs`: the pages of the book that are made from the code, and the book as HTML.

mod book;
mod html;
#[cfg(test)]
mod links;
mod reference;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use autoscaler::model::Language;
use clap::Parser;

pub(crate) use book::build;

/// Both books, each with the folder it is in.
const BOOKS: [(Language, &str); 2] = [(Language::En, "en"), (Language::Es, "es")];

/// Arguments of `cargo xtask docs`.
#[derive(Parser)]
pub(crate) struct Args {
    /// Builds both books as HTML, too, into target/dist/book, and looks for dead links
    #[arg(long)]
    html: bool,
}

/// Writes the reference of the configuration's keys in both languages.
pub(crate) fn run(args: &Args) -> Result<()> {
    for (language, folder) in BOOKS {
        let path = sources().join(folder).join("keys.md");
        fs::write(&path, reference::page(language))
            .with_context(|| format!("cannot write {}", path.display()))?;
        println!("{}", path.display());
    }
    if args.html {
        println!(
            "{}",
            build(&crate::workspace().join("target/dist/book"))?.display()
        );
    }
    Ok(())
}

/// The folder of the sources.
fn sources() -> PathBuf {
    crate::workspace().join("docs")
}

/// The pages of a book, Markdown all of them, in the order of the alphabet.
#[cfg(test)]
fn pages(folder: &Path) -> Result<Vec<PathBuf>> {
    named(folder, "md")
}

/// The files of a folder whose names end so.
fn named(folder: &Path, ending: &str) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == ending) {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &Path) -> String {
        fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    #[test]
    fn the_reference_is_what_the_code_gives() {
        for (language, folder) in BOOKS {
            let path = sources().join(folder).join("keys.md");
            assert!(
                read(&path) == reference::page(language),
                "{} is not what the keys in the code give: run cargo xtask docs",
                path.display()
            );
        }
    }

    /// The blocks of a language in a text.
    fn blocks(text: &str, language: &str) -> Vec<String> {
        let begins = format!("```{language}\n");
        let parts = text.split(&begins).skip(1);
        parts
            .filter_map(|part| part.split("\n```").next())
            .map(str::to_owned)
            .collect()
    }

    /// The tutorial is typed in a guest (tests/guest/scenarios/tutorial.py): what the README has of it is the same.
    #[test]
    fn the_readme_installs_and_configures_as_the_tutorial_does() {
        let readme = read(&crate::workspace().join("README.md"));
        let tutorial = read(&sources().join("en/tutorial.md"));
        let [install, ..] = &blocks(&tutorial, "console")[..] else {
            panic!("the tutorial installs nothing");
        };
        assert!(blocks(&readme, "console").contains(install), "{install}");
        assert_eq!(blocks(&readme, "jsonc")[0], blocks(&tutorial, "jsonc")[0]);
    }

    /// Every name that stands in some source behind `begins`, up to what is none of its letters.
    fn named_in(source: &str, begins: &str) -> Vec<String> {
        let name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let parts = source.split(begins).skip(1);
        let mut names: Vec<_> = parts
            .map(|part| part.split(|c| !name(c)).next().unwrap_or_default().to_owned())
            .collect();
        names.sort();
        names.dedup();
        names
    }

    #[test]
    fn the_page_on_metrics_has_every_metric_and_every_alert() {
        let root = crate::workspace();
        let text = root.join("autoscaler/src/metrics");
        let sources = ["text.rs", "text/promise.rs", "text/requests.rs"].map(|file| read(&text.join(file)));
        let metrics = named_in(&sources.concat(), "\"autoscaler_");
        let alerts = named_in(
            &read(&root.join("packaging/prometheus/autoscaler.rules.yml")),
            "- alert: ",
        );
        assert!(metrics.len() > 40 && alerts.len() > 10, "{metrics:?} {alerts:?}");
        for (_, folder) in BOOKS {
            let page = read(&super::sources().join(folder).join("metrics.md"));
            for metric in &metrics {
                let name = format!("`autoscaler_{metric}");
                // A counter is served as `…_total`.
                let ends = ["`", "_total`"]
                    .iter()
                    .any(|end| page.contains(&format!("{name}{end}")));
                assert!(ends, "{folder}: {name}");
            }
            for alert in &alerts {
                assert!(page.contains(&format!("`{alert}`")), "{folder}: {alert}");
            }
        }
    }

    /// What is a configuration by itself is one that the parser takes, in both languages.
    #[test]
    fn every_whole_configuration_in_the_documentation_loads() {
        let mut whole = 0;
        let mut files = vec![
            crate::workspace().join("README.md"),
            crate::workspace().join("README.es.md"),
        ];
        for (_, folder) in BOOKS {
            files.extend(pages(&sources().join(folder)).expect("the book is there"));
        }
        for file in files {
            for block in blocks(&read(&file), "jsonc") {
                // A key of a project, or a project, without what is around it.
                let text = match block.trim_start() {
                    text if text.starts_with('{') => text.to_owned(),
                    text if text.contains("\"max_workers\"") => format!("{{ {text}\n}}"),
                    text => format!("{{ \"shop\": {{ \"max_workers\": 3, {text}\n}} }}"),
                };
                if let Err(errors) = autoscaler::config::parse(&file.display().to_string(), &text) {
                    panic!("{errors:?}\n{text}");
                }
                whole += 1;
            }
        }
        assert!(whole >= 10, "{whole} configurations");
    }
}
