//! The Markdown of both books and of the READMEs: each link leads to a file and a heading that are there, each page is in the
//! summary, and the two languages say the same in the same order. It needs no mdBook.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::{BOOKS, pages, sources};

/// What a page is made of.
struct Page {
    /// Its headings, by rank and by the name that a link has for it.
    headings: Vec<(u8, String)>,
    /// Its links and pictures.
    links: Vec<String>,
    /// How many blocks of code, and rows of tables.
    shape: (usize, usize),
}

impl Page {
    fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let mut page = Self {
            headings: Vec::new(),
            links: Vec::new(),
            shape: (0, 0),
        };
        let mut heading: Option<String> = None;
        for event in Parser::new_ext(&text, Options::ENABLE_TABLES) {
            match event {
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(level)) => {
                    let name = place(&heading.take().unwrap_or_default());
                    let taken = page.headings.iter().filter(|(_, other)| *other == name).count();
                    let name = if taken == 0 {
                        name
                    } else {
                        format!("{name}-{taken}")
                    };
                    page.headings.push((level as u8, name));
                }
                Event::Text(text) | Event::Code(text) => {
                    if let Some(heading) = &mut heading {
                        heading.push_str(&text);
                    }
                }
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    page.links.push(dest_url.into_string());
                }
                Event::Start(Tag::CodeBlock(_)) => page.shape.0 += 1,
                Event::Start(Tag::TableRow) => page.shape.1 += 1,
                _ => {}
            }
        }
        page
    }

    fn has(&self, place: &str) -> bool {
        self.headings.iter().any(|(_, name)| name == place)
    }
}

/// The name that mdBook and forges give to a heading.
fn place(heading: &str) -> String {
    let kept = |c: char| match c {
        c if c.is_alphanumeric() || c == '_' || c == '-' => Some(c),
        c if c.is_whitespace() => Some('-'),
        _ => None,
    };
    heading.trim().to_lowercase().chars().filter_map(kept).collect()
}

/// Everything that is documentation, by its path without `..`.
fn everything() -> BTreeMap<PathBuf, Page> {
    let root = fs::canonicalize(crate::workspace()).expect("the workspace is there");
    let mut files: Vec<PathBuf> = ["README.md", "README.es.md", "ARCHITECTURE.md", "CONTRIBUTING.md"]
        .map(|file| root.join(file))
        .into();
    for (_, folder) in BOOKS {
        files.extend(pages(&root.join("docs").join(folder)).expect("the book is there"));
    }
    files
        .into_iter()
        .map(|file| (file.clone(), Page::read(&file)))
        .collect()
}

#[test]
fn no_link_is_dead() {
    let root = fs::canonicalize(crate::workspace()).expect("the workspace is there");
    let docs = root.join("docs");
    let everything = everything();
    let mut dead = Vec::new();
    for (path, page) in &everything {
        for link in page.links.iter().filter(|link| !link.starts_with("https://")) {
            let (file, place) = link.split_once('#').unwrap_or((link.as_str(), ""));
            let target = if file.is_empty() {
                Some(path.clone())
            } else {
                fs::canonicalize(path.with_file_name(file)).ok()
            };
            let inside =
                !path.starts_with(&docs) || target.as_ref().is_some_and(|target| target.starts_with(&docs));
            let leads = target.is_some_and(|target| {
                place.is_empty() || everything.get(&target).is_some_and(|page| page.has(place))
            });
            // The books are read without the rest of the source, too.
            if !leads || !inside {
                dead.push(format!("{}: {link}", path.display()));
            }
        }
    }
    assert!(dead.is_empty(), "{}", dead.join("\n"));
    let links: usize = everything.values().map(|page| page.links.len()).sum();
    assert!(links > 100, "{links} links were looked at");
}

#[test]
fn each_page_is_in_the_summary_and_both_books_have_the_same() {
    let summaries = BOOKS.map(|(_, folder)| {
        let folder = sources().join(folder);
        let summary = Page::read(&folder.join("SUMMARY.md"));
        let listed: BTreeSet<_> = summary.links.iter().cloned().collect();
        assert_eq!(listed.len(), summary.links.len(), "a page is listed twice");
        let there: BTreeSet<_> = pages(&folder)
            .expect("the book is there")
            .iter()
            .filter_map(|page| Some(page.file_name()?.to_str()?.to_owned()))
            .filter(|name| name != "SUMMARY.md")
            .collect();
        assert_eq!(listed, there, "{}", folder.display());
        summary.links
    });
    assert_eq!(summaries[0], summaries[1]);
}

/// The page whose table of measured figures is not said twice: its Spanish points to the English one.
const ONE_TABLE: &str = "promise.md";

#[test]
fn both_languages_have_the_same_headings_code_and_tables() {
    let root = crate::workspace();
    let mut pairs = vec![(root.join("README.md"), root.join("README.es.md"))];
    for page in pages(&sources().join("en")).expect("the book is there") {
        let name = page.file_name().expect("a page has a name").to_owned();
        pairs.push((page, sources().join("es").join(name)));
    }
    for (english, spanish) in pairs {
        let shape = |page: &Page| {
            let ranks: Vec<u8> = page.headings.iter().map(|(rank, _)| *rank).collect();
            (ranks, (!english.ends_with(ONE_TABLE)).then_some(page.shape))
        };
        let [one, other] = [Page::read(&english), Page::read(&spanish)];
        assert_eq!(shape(&one), shape(&other), "{}", english.display());
    }
}

#[test]
fn a_heading_is_named_as_a_link_names_it() {
    for (heading, name) in [
        ("Is my gunicorn safe?", "is-my-gunicorn-safe"),
        ("2. Configure", "2-configure"),
        ("Celery --autoscale", "celery---autoscale"),
        ("¿Está a salvo mi gunicorn?", "está-a-salvo-mi-gunicorn"),
    ] {
        assert_eq!(place(heading), name);
    }
}
