use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::*;
use crate::host::cgroup::CgroupMount;

const MIB: u64 = 1 << 20;

struct Fixture {
    dir: tempfile::TempDir,
    cgroup: Cgroup,
}

impl Fixture {
    /// A cgroup without the memory controller.
    fn bare() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("a.service")).unwrap();
        let cgroup = CgroupMount::at(dir.path()).open(Path::new("a.service")).unwrap();
        Self { dir, cgroup }
    }

    fn new(current_mib: u64, max: &str) -> Self {
        let fixture = Self::bare();
        fs::write(fixture.path("memory.current"), format!("{}\n", current_mib * MIB)).unwrap();
        fs::write(fixture.path("memory.max"), format!("{max}\n")).unwrap();
        fixture
    }

    fn mib(current_mib: u64, max_mib: u64) -> Self {
        Self::new(current_mib, &(max_mib * MIB).to_string())
    }

    fn path(&self, file: &str) -> PathBuf {
        self.dir.path().join("a.service").join(file)
    }

    fn max(&self) -> String {
        fs::read_to_string(self.path("memory.max"))
            .unwrap()
            .trim()
            .to_owned()
    }
}

/// A manager that writes the file as systemd does, or refuses.
struct Manager {
    file: Option<PathBuf>,
    told: Mutex<Vec<(String, u64)>>,
}

/// A manager that answers late, and not at all: by then use has grown.
struct Late {
    current: PathBuf,
    max: PathBuf,
    /// The limit in force when it was told.
    found: Mutex<Vec<String>>,
}

impl LimitSetter for Late {
    fn set_memory_max<'a>(
        &'a self,
        unit: &'a str,
        _bytes: u64,
    ) -> Pin<Box<dyn Future<Output = Result<(), ManagerError>> + Send + 'a>> {
        Box::pin(async move {
            self.found
                .lock()
                .unwrap()
                .push(fs::read_to_string(&self.max).unwrap());
            fs::write(&self.current, (600 * MIB).to_string()).unwrap();
            Err(ManagerError {
                unit: unit.to_owned(),
                why: "no answer".into(),
            })
        })
    }
}

impl Manager {
    fn new(file: Option<PathBuf>) -> Arc<Self> {
        Arc::new(Self {
            file,
            told: Mutex::default(),
        })
    }
}

impl LimitSetter for Manager {
    fn set_memory_max<'a>(
        &'a self,
        unit: &'a str,
        bytes: u64,
    ) -> Pin<Box<dyn Future<Output = Result<(), ManagerError>> + Send + 'a>> {
        Box::pin(async move {
            self.told.lock().unwrap().push((unit.to_owned(), bytes));
            let file = self.file.as_ref();
            let file = file.ok_or(ManagerError {
                unit: unit.to_owned(),
                why: "no bus".into(),
            })?;
            fs::write(file, bytes.to_string()).unwrap();
            Ok(())
        })
    }
}

fn limits() -> MemoryLimits {
    MemoryLimits::default()
}

#[tokio::test]
async fn raising_writes_more_and_never_less() {
    let fixture = Fixture::mib(300, 500);
    let raised = limits()
        .raise(&fixture.cgroup, Keeper::Nobody, 1000 * MIB)
        .await
        .unwrap();
    assert_eq!(
        raised,
        Limit::Changed {
            from: 500 * MIB,
            to: 1000 * MIB
        }
    );
    assert_eq!(fixture.max(), (1000 * MIB).to_string());
    let kept = limits()
        .raise(&fixture.cgroup, Keeper::Nobody, 500 * MIB)
        .await
        .unwrap();
    assert_eq!(kept, Limit::Kept { bytes: 1000 * MIB });
    let unlimited = Fixture::new(300, "max");
    let kept = limits()
        .raise(&unlimited.cgroup, Keeper::Nobody, 500 * MIB)
        .await
        .unwrap();
    assert_eq!(kept, Limit::Kept { bytes: u64::MAX });
    assert_eq!(unlimited.max(), "max");
}

#[tokio::test]
async fn lowering_keeps_its_distance_from_use() {
    for (current, wanted, lowered) in [
        (436, 500, true),
        (437, 500, false),
        // An eighth of use is more than 64 MiB from 512 MiB on.
        (800, 900, true),
        (801, 900, false),
        (600, 500, false),
    ] {
        let fixture = Fixture::mib(current, 1500);
        let limit = limits()
            .settle(&fixture.cgroup, Keeper::Nobody, wanted * MIB)
            .await
            .unwrap();
        if lowered {
            assert_eq!(
                limit,
                Limit::Changed {
                    from: 1500 * MIB,
                    to: wanted * MIB
                }
            );
            assert_eq!(fixture.max(), (wanted * MIB).to_string());
        } else {
            let (bytes, wanted, current) = (1500 * MIB, wanted * MIB, current * MIB);
            assert_eq!(
                limit,
                Limit::InUse {
                    bytes,
                    wanted,
                    current
                }
            );
            assert_eq!(fixture.max(), (1500 * MIB).to_string());
        }
    }
}

#[tokio::test]
async fn a_lowering_that_had_to_wait_comes_when_use_has_gone() {
    let fixture = Fixture::mib(700, 1000);
    let waiting = limits()
        .settle(&fixture.cgroup, Keeper::Nobody, 500 * MIB)
        .await
        .unwrap();
    assert!(matches!(waiting, Limit::InUse { .. }));
    fs::write(fixture.path("memory.current"), (200 * MIB).to_string()).unwrap();
    limits()
        .settle(&fixture.cgroup, Keeper::Nobody, 500 * MIB)
        .await
        .unwrap();
    assert_eq!(fixture.max(), (500 * MIB).to_string());
}

#[tokio::test]
async fn what_somebody_else_wrote_is_put_right() {
    let fixture = Fixture::mib(100, 1000);
    limits()
        .settle(&fixture.cgroup, Keeper::Nobody, 1000 * MIB)
        .await
        .unwrap();
    fs::write(fixture.path("memory.max"), "max\n").unwrap();
    let again = limits()
        .settle(&fixture.cgroup, Keeper::Nobody, 1000 * MIB)
        .await
        .unwrap();
    assert_eq!(
        again,
        Limit::Changed {
            from: u64::MAX,
            to: 1000 * MIB
        }
    );
}

#[tokio::test]
async fn a_dry_run_says_what_it_would_write() {
    let fixture = Fixture::mib(100, 500);
    let manager = Manager::new(Some(fixture.path("memory.max")));
    let dry = MemoryLimits::new(Some(manager.clone()), true);
    let raised = dry
        .raise(&fixture.cgroup, Keeper::Unit("a.service"), 1000 * MIB)
        .await
        .unwrap();
    assert_eq!(
        raised,
        Limit::Changed {
            from: 500 * MIB,
            to: 1000 * MIB
        }
    );
    assert_eq!(fixture.max(), (500 * MIB).to_string());
    assert!(manager.told.lock().unwrap().is_empty());
}

#[tokio::test]
async fn the_service_manager_is_told_of_its_units() {
    let fixture = Fixture::mib(100, 500);
    let manager = Manager::new(Some(fixture.path("memory.max")));
    let limits = MemoryLimits::new(Some(manager.clone()), false);
    limits
        .raise(&fixture.cgroup, Keeper::Unit("a.service"), 1000 * MIB)
        .await
        .unwrap();
    limits
        .raise(&fixture.cgroup, Keeper::Nobody, 1500 * MIB)
        .await
        .unwrap();
    assert_eq!(
        *manager.told.lock().unwrap(),
        [("a.service".to_owned(), 1000 * MIB)]
    );
    assert_eq!(fixture.max(), (1500 * MIB).to_string());
}

#[tokio::test]
async fn without_its_answer_the_file_is_written_all_the_same() {
    let fixture = Fixture::mib(100, 500);
    let limits = MemoryLimits::new(Some(Manager::new(None)), false);
    let refused = limits
        .raise(&fixture.cgroup, Keeper::Unit("a.service"), 1000 * MIB)
        .await
        .unwrap_err();
    assert!(matches!(refused, MemoryError::Manager(_)), "{refused}");
    assert_eq!(fixture.max(), (1000 * MIB).to_string());
}

#[tokio::test]
async fn a_manager_that_was_away_is_told_at_a_later_check() {
    let fixture = Fixture::mib(300, 500);
    let mut limits = MemoryLimits::new(Some(Manager::new(None)), false);
    let unit = Keeper::Unit("a.service");
    let settle = async |limits: &MemoryLimits| limits.settle(&fixture.cgroup, unit, 1000 * MIB).await;
    for _ in 0..2 {
        let refused = settle(&limits).await.unwrap_err();
        assert!(matches!(refused, MemoryError::Manager(_)), "{refused}");
    }
    let back = Manager::new(Some(fixture.path("memory.max")));
    limits.manager = Some(back.clone());
    for _ in 0..2 {
        assert_eq!(settle(&limits).await.unwrap(), Limit::Kept { bytes: 1000 * MIB });
    }
    assert_eq!(*back.told.lock().unwrap(), [("a.service".to_owned(), 1000 * MIB)]);
}

#[tokio::test]
async fn a_limit_is_lowered_while_the_look_at_use_holds() {
    let fixture = Fixture::mib(100, 1000);
    let late = Arc::new(Late {
        current: fixture.path("memory.current"),
        max: fixture.path("memory.max"),
        found: Mutex::default(),
    });
    let limits = MemoryLimits::new(Some(late.clone()), false);
    let error = limits
        .settle(&fixture.cgroup, Keeper::Unit("a.service"), 500 * MIB)
        .await
        .unwrap_err();
    assert!(matches!(error, MemoryError::Manager(_)), "{error}");
    // Not the 1000 MiB from before: those were left in force for as long as the manager took.
    assert_eq!(*late.found.lock().unwrap(), [(500 * MIB).to_string()]);
    // Use has grown since: whatever is wanted now, it is not written below it.
    let kept = limits
        .settle(&fixture.cgroup, Keeper::Unit("a.service"), 400 * MIB)
        .await
        .unwrap();
    assert!(matches!(kept, Limit::InUse { .. }), "{kept:?}");
    assert_eq!(fixture.max(), (500 * MIB).to_string());
}

#[tokio::test]
async fn a_manager_that_wrote_nothing_is_found_out() {
    let fixture = Fixture::mib(100, 500);
    let limits = MemoryLimits::new(Some(Manager::new(Some(fixture.path("elsewhere")))), false);
    limits
        .raise(&fixture.cgroup, Keeper::Unit("a.service"), 1000 * MIB)
        .await
        .unwrap();
    assert_eq!(fixture.max(), (1000 * MIB).to_string());
}

#[tokio::test]
async fn without_the_controller_it_is_unavailable() {
    let fixture = Fixture::bare();
    let error = limits()
        .raise(&fixture.cgroup, Keeper::Nobody, MIB)
        .await
        .unwrap_err();
    assert!(matches!(error, MemoryError::Unavailable { .. }), "{error}");
    let error = limits()
        .settle(&fixture.cgroup, Keeper::Nobody, MIB)
        .await
        .unwrap_err();
    assert!(matches!(error, MemoryError::Unavailable { .. }), "{error}");
    assert!(!fixture.path("memory.max").exists(), "it must not be made");
}

#[tokio::test]
async fn a_write_that_fails_names_the_file() {
    let fixture = Fixture::mib(100, 500);
    fs::remove_file(fixture.path("memory.max")).unwrap();
    // A kernel file that holds a small number and refuses every write, root's too.
    std::os::unix::fs::symlink(
        "/proc/sys/kernel/random/entropy_avail",
        fixture.path("memory.max"),
    )
    .unwrap();
    let error = limits()
        .raise(&fixture.cgroup, Keeper::Nobody, 1000 * MIB)
        .await
        .unwrap_err();
    let of = |path: &Path| path.ends_with("a.service/memory.max");
    assert!(
        matches!(&error, MemoryError::Unwritable { path, .. } if of(path)),
        "{error}"
    );
}

#[tokio::test]
async fn a_limit_that_reads_back_as_another_is_said() {
    let fixture = Fixture::mib(100, 500);
    fs::remove_file(fixture.path("memory.max")).unwrap();
    // A kernel file that keeps something else than what was written: 15 characters of it.
    std::os::unix::fs::symlink("/proc/thread-self/comm", fixture.path("memory.max")).unwrap();
    fs::write(fixture.path("memory.max"), "1").unwrap();
    let wanted = 1_234_567_890_123_456;
    let error = limits()
        .raise(&fixture.cgroup, Keeper::Nobody, wanted)
        .await
        .unwrap_err();
    let seen = 123_456_789_012_345;
    assert!(
        matches!(error, MemoryError::NotKept { seen: s, .. } if s == seen),
        "{error}"
    );
}

#[test]
fn two_changes_read_as_one() {
    let changed = |from, to| Limit::Changed { from, to };
    assert_eq!(changed(1, 2).then(Limit::Kept { bytes: 2 }), changed(1, 2));
    assert_eq!(changed(1, 3).then(changed(3, 2)), changed(1, 2));
    assert_eq!(changed(1, 3).then(changed(3, 1)), Limit::Kept { bytes: 1 });
    assert_eq!(Limit::Kept { bytes: 3 }.then(changed(3, 1)), changed(3, 1));
}
