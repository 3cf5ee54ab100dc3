//! Has the configuration file changed? One stat(2) a look, by name, so that it makes no difference whether an
//! editor writes in place, renames a new file over the old one, or a symbolic link is pointed elsewhere.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// What a look has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// There is another file, other content, or other permissions: load it.
    Changed,
    /// The file is gone. What is in force stays; [`Change::Changed`] follows when it is back.
    Vanished,
}

/// Watches one file. A change is told once, by the second look that finds the same: a file that is still
/// being written changes between two looks, and so is not loaded by half.
#[derive(Debug)]
pub struct Watch {
    path: PathBuf,
    known: State,
    unsettled: Option<State>,
}

/// What identifies the content of a file without reading it; `None` when there is none to be seen.
type State = Option<Identity>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Identity {
    device: u64,
    inode: u64,
    size: u64,
    /// Seconds and nanoseconds of the last change of the content.
    modified: (i64, i64),
    /// The same of the inode: permissions too, which decide whether the file is trusted.
    changed: (i64, i64),
}

impl Watch {
    /// Begins to watch `path` as it is now. Call it before the file is loaded, so that no change is missed.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            known: identify(path),
            unsettled: None,
        }
    }

    /// The watched file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Looks once. To be called every couple of seconds.
    pub fn look(&mut self) -> Option<Change> {
        let now = identify(&self.path);
        if now == self.known {
            self.unsettled = None;
            return None;
        }
        if self.unsettled != Some(now) {
            self.unsettled = Some(now);
            return None;
        }
        self.known = now;
        self.unsettled = None;
        Some(if now.is_some() {
            Change::Changed
        } else {
            Change::Vanished
        })
    }

    /// Takes the file as it is now for known: to be called right before a reload that was asked for (SIGHUP).
    pub fn acknowledge(&mut self) {
        self.known = identify(&self.path);
        self.unsettled = None;
    }
}

fn identify(path: &Path) -> State {
    let metadata = fs::metadata(path).ok()?;
    Some(Identity {
        device: metadata.dev(),
        inode: metadata.ino(),
        size: metadata.size(),
        modified: (metadata.mtime(), metadata.mtime_nsec()),
        changed: (metadata.ctime(), metadata.ctime_nsec()),
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    struct Scene {
        dir: tempfile::TempDir,
        watch: Watch,
    }

    impl Scene {
        fn new() -> Self {
            let dir = tempfile::tempdir().unwrap();
            fs::write(dir.path().join("config.json"), "one").unwrap();
            let watch = Watch::new(&dir.path().join("config.json"));
            Self { dir, watch }
        }

        fn file(&self, name: &str) -> PathBuf {
            self.dir.path().join(name)
        }

        /// What four looks in a row find: a change is told once, and not by the first.
        fn assert_told_once(&mut self, change: Change) {
            let looks: Vec<_> = (0..4).map(|_| self.watch.look()).collect();
            assert_eq!(looks, [None, Some(change), None, None]);
        }
    }

    #[test]
    fn an_unchanged_file_is_never_told() {
        let mut scene = Scene::new();
        assert!((0..4).all(|_| scene.watch.look().is_none()));
    }

    #[test]
    fn a_write_in_place_is_told_once() {
        let mut scene = Scene::new();
        fs::write(scene.file("config.json"), "longer").unwrap();
        scene.assert_told_once(Change::Changed);
    }

    #[test]
    fn a_rename_over_the_file_is_told_once() {
        let mut scene = Scene::new();
        fs::write(scene.file("new"), "two").unwrap();
        fs::rename(scene.file("new"), scene.file("config.json")).unwrap();
        scene.assert_told_once(Change::Changed);
    }

    #[test]
    fn a_link_that_is_pointed_elsewhere_is_told_once() {
        let mut scene = Scene::new();
        fs::write(scene.file("other.json"), "one").unwrap();
        symlink("config.json", scene.file("link")).unwrap();
        scene.watch = Watch::new(&scene.file("link"));
        symlink("other.json", scene.file("new")).unwrap();
        fs::rename(scene.file("new"), scene.file("link")).unwrap();
        scene.assert_told_once(Change::Changed);
    }

    #[test]
    fn a_file_that_goes_and_comes_back_is_told_each_time() {
        let mut scene = Scene::new();
        fs::rename(scene.file("config.json"), scene.file("away")).unwrap();
        scene.assert_told_once(Change::Vanished);
        fs::rename(scene.file("away"), scene.file("config.json")).unwrap();
        scene.assert_told_once(Change::Changed);
    }

    #[test]
    fn a_file_that_is_still_being_written_waits() {
        let mut scene = Scene::new();
        for content in ["{ ", "{ \"a\"", "{ \"a\": 1"] {
            fs::write(scene.file("config.json"), content).unwrap();
            assert_eq!(scene.watch.look(), None);
        }
        assert_eq!(scene.watch.look(), Some(Change::Changed));
    }

    #[test]
    fn a_reload_that_was_asked_for_is_not_told_again() {
        let mut scene = Scene::new();
        fs::write(scene.file("config.json"), "longer").unwrap();
        assert_eq!(scene.watch.look(), None);
        scene.watch.acknowledge();
        assert!((0..4).all(|_| scene.watch.look().is_none()));
    }
}
