//! Which cgroups are shown, in which order.

use std::collections::HashSet;

use super::{Entry, Model, SortKey};
use crate::host::usage::CgroupId;

/// How the tree is to be shown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Arrangement {
    /// What siblings are sorted by.
    pub sort: SortKey,
    /// Smallest first.
    pub reversed: bool,
    /// Cgroups whose children are not shown.
    pub folded: HashSet<CgroupId>,
    /// Only cgroups whose path contains this, in whatever case, with those above them. Empty: all.
    pub filter: String,
}

/// The mark before a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FoldMark {
    /// No cgroup below.
    Leaf,
    /// The cgroups below are shown.
    Open,
    /// The cgroups below are not shown.
    Folded,
}

/// One line of the tree.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// The cgroup.
    pub entry: &'a Entry,
    /// How far below the root it is.
    pub depth: usize,
    /// Whether its children are shown.
    pub mark: FoldMark,
}

impl Arrangement {
    /// The rows from top to bottom.
    #[must_use]
    pub fn rows<'a>(&self, model: &'a Model) -> Vec<Row<'a>> {
        let mut rows = Vec::with_capacity(model.order.len());
        let wanted = self.wanted(model);
        if let Some(root) = model.root() {
            self.push(model, root, 0, wanted.as_ref(), &mut rows);
        }
        rows
    }

    /// Whether `entry` itself contains the text looked for.
    #[must_use]
    pub fn matches(entry: &Entry, needle: &str) -> bool {
        entry.place.path.to_lowercase().contains(&needle.to_lowercase())
    }

    /// The cgroups that the filter lets through and those above them; `None` without a filter.
    fn wanted(&self, model: &Model) -> Option<HashSet<CgroupId>> {
        if self.filter.is_empty() {
            return None;
        }
        let mut wanted = HashSet::new();
        for entry in model.entries().filter(|entry| Self::matches(entry, &self.filter)) {
            let mut next = Some(entry.id);
            while let Some(id) = next
                && wanted.insert(id)
            {
                next = model.entry(id).and_then(|entry| entry.parent);
            }
        }
        Some(wanted)
    }

    fn push<'a>(
        &self,
        model: &'a Model,
        entry: &'a Entry,
        depth: usize,
        wanted: Option<&HashSet<CgroupId>>,
        rows: &mut Vec<Row<'a>>,
    ) {
        if wanted.is_some_and(|wanted| !wanted.contains(&entry.id)) {
            return;
        }
        let mark = match (entry.children.is_empty(), self.folded.contains(&entry.id)) {
            (true, _) => FoldMark::Leaf,
            (false, true) => FoldMark::Folded,
            (false, false) => FoldMark::Open,
        };
        rows.push(Row { entry, depth, mark });
        if mark != FoldMark::Open {
            return;
        }
        let mut children: Vec<&Entry> = entry.children.iter().filter_map(|id| model.entry(*id)).collect();
        children.sort_by(|left, right| self.sort.compare(left, right, self.reversed));
        for child in children {
            self.push(model, child, depth + 1, wanted, rows);
        }
    }
}
