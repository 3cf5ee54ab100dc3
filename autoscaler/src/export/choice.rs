//! Which cgroups are wanted, by their paths.

use glob::{MatchOptions, Pattern, PatternError};

/// What is wanted of the host's cgroups.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    /// Levels below the root; `None` for all.
    pub depth: Option<usize>,
    include: Vec<Pattern>,
    exclude: Vec<Pattern>,
}

/// A pattern that is none, or that no path can match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoPattern {
    /// The pattern.
    pub text: String,
    /// What is wrong, in the library's words; `None` where it begins as no path does.
    pub why: Option<String>,
}

/// `*` and `?` are within one name, as in a shell; `**` is any number of them.
const OPTIONS: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: false,
};

impl Choice {
    /// The cgroups that match one of `include`, or all where there is none, without those that match one of `exclude`.
    ///
    /// # Errors
    /// The first pattern that is none.
    pub fn new(depth: Option<usize>, include: &[String], exclude: &[String]) -> Result<Self, NoPattern> {
        Ok(Self {
            depth,
            include: patterns(include)?,
            exclude: patterns(exclude)?,
        })
    }

    /// Whether the cgroup at `path` is wanted.
    #[must_use]
    pub fn wants(&self, path: &str) -> bool {
        let matches = |pattern: &Pattern| pattern.matches_with(path, OPTIONS);
        self.depth.is_none_or(|most| depth(path) <= most)
            && (self.include.is_empty() || self.include.iter().any(matches))
            && !self.exclude.iter().any(matches)
    }
}

/// How many levels a path is below the root.
pub(super) fn depth(path: &str) -> usize {
    path.split('/').filter(|part| !part.is_empty()).count()
}

fn patterns(texts: &[String]) -> Result<Vec<Pattern>, NoPattern> {
    let patterns = texts.iter().map(|text| {
        let none = |why| NoPattern {
            text: text.clone(),
            why,
        };
        if !text.starts_with(['/', '*', '?', '[']) {
            return Err(none(None));
        }
        Pattern::new(text).map_err(|error: PatternError| none(Some(error.msg.to_owned())))
    });
    patterns.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATHS: [&str; 6] = [
        "/",
        "/system.slice",
        "/system.slice/shop.service",
        "/system.slice/shop.service/workers",
        "/user.slice",
        "/user.slice/user-0.slice",
    ];

    fn chosen(depth: Option<usize>, include: &[&str], exclude: &[&str]) -> Vec<&'static str> {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let choice = Choice::new(depth, &owned(include), &owned(exclude)).unwrap();
        PATHS.into_iter().filter(|path| choice.wants(path)).collect()
    }

    #[test]
    fn depth_counts_from_the_root() {
        assert_eq!(chosen(None, &[], &[]), PATHS);
        assert_eq!(chosen(Some(0), &[], &[]), ["/"]);
        assert_eq!(chosen(Some(1), &[], &[]), ["/", "/system.slice", "/user.slice"]);
    }

    #[test]
    fn a_star_is_within_a_name_and_two_are_any_names() {
        assert_eq!(
            chosen(None, &["/system.slice/*"], &[]),
            ["/system.slice/shop.service"]
        );
        let below = ["/system.slice/shop.service", "/system.slice/shop.service/workers"];
        assert_eq!(chosen(None, &["/system.slice/**"], &[]), below);
        assert_eq!(
            chosen(None, &["/**/*.service"], &[]),
            ["/system.slice/shop.service"]
        );
    }

    #[test]
    fn what_is_excluded_is_not_there_whatever_includes_it() {
        assert_eq!(
            chosen(None, &["/*.slice", "/user.slice/*"], &["/user.slice"]),
            ["/system.slice", "/user.slice/user-0.slice"]
        );
    }

    #[test]
    fn a_pattern_that_is_none_is_named() {
        let error = Choice::new(None, &["/a[".to_owned()], &[]).unwrap_err();
        assert_eq!(error.text, "/a[");
        assert!(error.why.is_some());
    }

    #[test]
    fn a_pattern_that_begins_as_no_path_does_is_refused() {
        for text in ["system.slice/*", ""] {
            let error = Choice::new(None, &[], &[text.to_owned()]).unwrap_err();
            let refused = NoPattern {
                text: text.to_owned(),
                why: None,
            };
            assert_eq!(error, refused);
        }
        assert_eq!(
            chosen(None, &["**/*.service"], &[]),
            ["/system.slice/shop.service"]
        );
    }
}
