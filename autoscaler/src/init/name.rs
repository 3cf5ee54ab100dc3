//! A project's name, from its unit or its cgroup.

use std::collections::BTreeSet;

/// A name for the project whose unit or cgroup is `path`, none of `taken`: it has what a name may have alone.
pub(super) fn of(path: &str, taken: &BTreeSet<String>) -> String {
    let last = path.rsplit('/').next().unwrap_or(path);
    let stem = last.strip_suffix(".service").unwrap_or(last);
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._-@:".contains(c);
    let mut name: String = stem
        .chars()
        .map(|c| if allowed(c) { c } else { '_' })
        .take(200)
        .collect();
    if !name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_') {
        name.insert(0, '_');
    }
    if !taken.contains(&name) {
        return name;
    }
    let numbered = (2_u32..).map(|number| format!("{name}-{number}"));
    numbered
        .into_iter()
        .find(|numbered| !taken.contains(numbered))
        .unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_unit_s_without_what_a_name_may_not_have() {
        let mut taken = BTreeSet::new();
        for (path, name) in [
            ("backdipro.service", "backdipro"),
            (r"a\x2db@1.service", "a_x2db@1"),
            ("/demo/web", "web"),
            ("/other/web", "web-2"),
            ("/third/web", "web-3"),
            ("/x/-y", "_-y"),
            ("/", "_"),
        ] {
            assert_eq!(of(path, &taken), name);
            taken.insert(name.to_owned());
        }
    }
}
