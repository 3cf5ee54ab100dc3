//! Sets of CPUs as the kernel prints them: `0-3,8`.

use std::collections::BTreeSet;
use std::str::FromStr;

/// A set of CPU numbers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CpuList(BTreeSet<u32>);

/// The text is no list of CPUs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidCpuList;

/// More CPUs than any kernel knows (`NR_CPUS` is at most 8192): refuses a range that would fill the memory.
const MOST: u32 = 1 << 16;

impl CpuList {
    /// How many CPUs are in the set.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether the set is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The CPUs that are in both sets.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        Self(self.0.intersection(&other.0).copied().collect())
    }

    /// The CPU numbers, lowest first.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.iter().copied()
    }
}

impl FromIterator<u32> for CpuList {
    fn from_iter<I: IntoIterator<Item = u32>>(cpus: I) -> Self {
        Self(cpus.into_iter().collect())
    }
}

impl FromStr for CpuList {
    type Err = InvalidCpuList;

    fn from_str(text: &str) -> Result<Self, InvalidCpuList> {
        let number = |text: &str| {
            text.parse::<u32>()
                .ok()
                .filter(|cpu| *cpu < MOST)
                .ok_or(InvalidCpuList)
        };
        let mut cpus = BTreeSet::new();
        for part in text.trim().split(',').filter(|part| !part.is_empty()) {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            cpus.extend(number(first)?..=number(last)?);
        }
        Ok(Self(cpus))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_and_single_cpus_add_up() {
        let list: CpuList = "0-2,8\n".parse().unwrap();
        assert_eq!(list.iter().collect::<Vec<_>>(), [0, 1, 2, 8]);
    }

    #[test]
    fn an_empty_line_is_an_empty_set() {
        assert!("\n".parse::<CpuList>().unwrap().is_empty());
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["x", "1-", "0-4294967295", "-3"] {
            assert_eq!(text.parse::<CpuList>(), Err(InvalidCpuList), "{text}");
        }
    }
}
