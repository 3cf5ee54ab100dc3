//! Dead links in built pages: each link to a file of the book must lead to one that is there, and to a place in it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::named;

/// A line for each link below `root` that leads nowhere. Links to other sites are not followed.
pub(super) fn dead_links(root: &Path) -> Result<Vec<String>> {
    let mut pages = named(root, "html")?;
    for entry in fs::read_dir(root).with_context(|| format!("cannot read {}", root.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            pages.extend(named(&path, "html")?);
        }
    }
    let texts: BTreeMap<PathBuf, String> = pages
        .into_iter()
        .map(|page| {
            let text =
                fs::read_to_string(&page).with_context(|| format!("cannot read {}", page.display()))?;
            Ok((page, text))
        })
        .collect::<Result<_>>()?;
    let places: BTreeMap<&Path, BTreeSet<&str>> = texts
        .iter()
        .map(|(page, text)| (page.as_path(), values(text, "id").collect()))
        .collect();
    let mut dead = Vec::new();
    for (page, text) in &texts {
        for link in values(text, "href").chain(values(text, "src")) {
            if !leads_somewhere(link, page, &places) {
                dead.push(format!("{}: {link}", page.display()));
            }
        }
    }
    Ok(dead)
}

fn leads_somewhere(link: &str, page: &Path, places: &BTreeMap<&Path, BTreeSet<&str>>) -> bool {
    if link.contains("://") || link.starts_with("data:") || link.starts_with("javascript:") {
        return true;
    }
    let (file, place) = link
        .split_once('#')
        .map_or((link, ""), |(file, place)| (file, place));
    let target = if file.is_empty() {
        page.to_owned()
    } else {
        plain(&page.with_file_name(file))
    };
    match places.get(target.as_path()) {
        Some(ids) => place.is_empty() || ids.contains(place),
        None => place.is_empty() && (target.is_file() || target.join("index.html").is_file()),
    }
}

/// A path without `..` in it.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        if part == std::path::Component::ParentDir {
            plain.pop();
        } else {
            plain.push(part);
        }
    }
    plain
}

/// The values of an attribute, as mdBook writes them: in double quotes.
fn values<'t>(text: &'t str, attribute: &str) -> impl Iterator<Item = &'t str> {
    let begins = format!(" {attribute}=\"");
    let parts: Vec<&str> = text.split(begins.as_str()).skip(1).collect();
    parts.into_iter().filter_map(|part| part.split('"').next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_that_leads_nowhere_is_found() {
        let root = tempfile::tempdir().expect("a folder");
        let en = root.path().join("en");
        fs::create_dir(&en).expect("made");
        fs::write(root.path().join("x.svg"), "").expect("written");
        fs::write(en.join("b.html"), "<h2 id=\"here\">").expect("written");
        fs::write(en.join("index.html"), "").expect("written");
        let good = r##"<a href="../en/"> <a href="b.html#here"> <a href="b.html"> <img src="../x.svg"> <a href="https://e.org/"> <h1 id="me"> <a href="#me">"##;
        fs::write(en.join("a.html"), good).expect("written");
        assert_eq!(dead_links(root.path()).expect("read"), Vec::<String>::new());
        for bad in ["b.html#there", "c.html", "../y.svg", "#you", "../../x.svg"] {
            fs::write(en.join("a.html"), format!("{good} <a href=\"{bad}\">")).expect("written");
            let dead = dead_links(root.path()).expect("read");
            assert_eq!(dead.len(), 1, "{bad}: {dead:?}");
            assert!(dead[0].ends_with(bad), "{dead:?}");
        }
    }
}
