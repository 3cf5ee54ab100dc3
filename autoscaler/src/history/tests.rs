//! The store with real files: what is written is read, and no fault of the file stops the writer.

use crate::model::{
    Action, CgroupMemory, CpuSample, Decided, EventKind, Figures, HistoryNews, Host, Language, Lateness,
    Look, Measure, Promise, QueueSample, ReadError, Reason, RequestSummary, StoreError, Thresholds, Throttle,
};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rusqlite::Connection;

use super::*;
use crate::history::store::Store;
use crate::words::{read_error, store_error};

const HOST: Host = Host {
    cpus: 2,
    memory_total_mib: 18_000,
    memory_available_mib: 12_000,
    busy_percent: Some(41.5),
};

/// A check with everything in it.
fn full(project: &str) -> Look {
    Look {
        project: project.to_owned(),
        at: SystemTime::UNIX_EPOCH,
        figures: Figures {
            workers: Some(2),
            cpu_percent: Some(75.25),
            wait_percent: Some(25.0),
            memory_available_mib: HOST.memory_available_mib,
            queue: Some(17),
            reserved: Some(4),
            oldest_waiting: Some(Duration::from_millis(12_345)),
            requests: Some(RequestSummary {
                per_second: 12.25,
                busy: 1.75,
                slots: Some(2),
                long: 1,
                waiting: 3,
                oldest_waiting: Some(Duration::from_micros(480_123)),
                wait_mean: Some(Duration::from_millis(120)),
                wait_p50: Some(Duration::from_millis(80)),
                wait_p95: Some(Duration::from_millis(470)),
                wait_p99: Some(Duration::from_millis(480)),
                service_mean: Some(Duration::from_millis(200)),
                service_p95: None,
                abandoned: 2,
            }),
        },
        cpu: Some(CpuSample {
            covered: Duration::from_mins(2),
            on_cpu: Duration::from_mins(3),
            wait: Some(Duration::from_mins(1)),
            allowed_cpus: 2.0,
            throttle: Some(Throttle {
                periods: 3,
                time: Duration::from_millis(45),
            }),
        }),
        memory: CgroupMemory {
            current: Some(300 << 20),
            max: Some(1000 << 20),
        },
        cgroup: None,
        queue: Some(QueueSample {
            covered: Duration::from_mins(2),
            waiting: 17,
            reserved: Some(4),
            ahead: 0,
            active: Some(2),
            unacknowledged: None,
            unacknowledged_fault: None,
            oldest_waiting: Some(Duration::from_millis(12_345)),
            pool_fault: None,
            node: None,
            uncounted: Vec::new(),
        }),
        requests: None,
        promise: Some(Promise {
            wait: Duration::from_micros(62_500),
            percent: 0.125,
        }),
        late: Some(Lateness {
            begun: 1470,
            late: 12.25,
        }),
        thresholds: [
            (Measure::Cpu, Some(75.0), Some(35.0)),
            (Measure::Queue, Some(30.0), None),
            (Measure::Busy, Some(75.0), None),
            (Measure::Wait, Some(200.0), Some(20.5)),
        ]
        .into_iter()
        .collect(),
        decided: Some(Decided {
            action: Action::ScaleUp { from: 2, to: 3 },
            reason: Reason::AboveRung {
                measure: Measure::Cpu,
                value: None,
                rung: 3,
                threshold: 75.0,
                held: Duration::from_mins(4),
            },
        }),
    }
}

fn check(at: SystemTime, projects: Vec<Look>) -> Entry {
    Entry::Check(HostCheck {
        at,
        host: HOST,
        projects: projects.into_iter().map(Arc::new).collect(),
    })
}

fn start() -> SystemTime {
    from_millis(1_700_000_000_000)
}

fn forever() -> SystemTime {
    from_millis(i64::MAX)
}

fn scene() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state/history.db");
    (dir, path)
}

/// A store with one check a minute, from [`start`] on.
fn filled(path: &Path, checks: u64) -> Store {
    let mut store = Store::open(path).unwrap().0;
    let entries: Vec<_> = (0..checks)
        .map(|i| check(start() + Duration::from_mins(i), vec![full("backdipro")]))
        .collect();
    store.write(&entries).unwrap();
    store
}

fn times(path: &Path) -> Vec<SystemTime> {
    let checks = HistoryReader::open(path)
        .unwrap()
        .checks("backdipro", start(), forever())
        .unwrap();
    checks.iter().map(|check| check.at).collect()
}

#[test]
fn what_is_written_is_read() {
    let (_dir, path) = scene();
    let mut store = Store::open(&path).unwrap().0;
    let written = full("backdipro");
    let event = Event {
        at: start() + Duration::from_secs(3),
        project: "backdipro".into(),
        kind: EventKind::Scaled,
        text: "3".into(),
    };
    let bare = Look {
        project: "shop".into(),
        at: start(),
        figures: Figures::default(),
        cpu: None,
        memory: CgroupMemory::default(),
        cgroup: None,
        queue: None,
        requests: None,
        promise: None,
        late: None,
        thresholds: Thresholds::default(),
        decided: None,
    };
    store
        .write(&[
            check(start(), vec![written.clone(), bare]),
            Entry::Event(event.clone()),
        ])
        .unwrap();

    // Read while the writer has it open.
    let reader = HistoryReader::open(&path).unwrap();
    assert_eq!(reader.projects().unwrap(), ["backdipro", "shop"]);
    assert_eq!(reader.span().unwrap(), Some((start(), start())));
    let [past] = &reader.checks("backdipro", start(), forever()).unwrap()[..] else {
        panic!("one check");
    };
    assert_eq!(
        (past.at, past.host, past.figures),
        (start(), HOST, written.figures)
    );
    assert_eq!(
        (past.cpu, past.memory, past.active),
        (written.cpu, written.memory, written.active())
    );
    assert_eq!(past.thresholds, written.thresholds);
    assert_eq!((past.promise, past.late), (written.promise, written.late));
    let decided = written.decided.unwrap();
    assert_eq!(past.action, Some(decided.action));
    assert_eq!(past.reason, Some(decided.reason.clone()));
    assert_eq!(past.reason_code.as_deref(), Some("above_rung"));
    assert_eq!(past.decision().unwrap().reason, decided.reason);

    let [past] = &reader.events("backdipro", start(), forever()).unwrap()[..] else {
        panic!("one event");
    };
    assert_eq!(
        (past.at, past.kind, &past.text),
        (event.at, Some(event.kind), &event.text)
    );

    let [demand] = reader.demand("backdipro", start(), forever()).unwrap()[..] else {
        panic!("one interval");
    };
    assert!((demand.cpus - 1.5).abs() < 1e-9, "{demand:?}");
    assert!(!demand.is_capped(), "{demand:?}");

    let [past] = &reader.checks("shop", start(), forever()).unwrap()[..] else {
        panic!("one check");
    };
    assert_eq!((past.cpu, past.action, past.decision()), (None, None, None));
    assert_eq!((past.promise, past.late), (None, None));
    assert!(reader.checks("nobody", start(), forever()).unwrap().is_empty());
}

#[test]
fn a_window_has_its_beginning_and_not_its_end() {
    let (_dir, path) = scene();
    filled(&path, 5);
    let minute = |n| start() + Duration::from_mins(n);
    let reader = HistoryReader::open(&path).unwrap();
    let found = reader.checks("backdipro", minute(1), minute(3)).unwrap();
    assert_eq!(
        found.iter().map(|check| check.at).collect::<Vec<_>>(),
        [minute(1), minute(2)]
    );
}

#[test]
fn what_is_too_old_goes() {
    let (_dir, path) = scene();
    let mut store = filled(&path, 1300);
    let retention = Retention {
        keep: Duration::from_mins(10),
        max_bytes: u64::MAX,
    };
    let now = start() + Duration::from_mins(1300);
    store.sweep(retention, now).unwrap();
    assert_eq!(times(&path).first(), Some(&(start() + Duration::from_mins(1290))));
    assert_eq!(times(&path).len(), 10);
    // All of it: the name goes too, and is given anew.
    store.sweep(retention, forever()).unwrap();
    assert!(times(&path).is_empty());
    assert!(HistoryReader::open(&path).unwrap().projects().unwrap().is_empty());
    store.write(&[check(start(), vec![full("backdipro")])]).unwrap();
    assert_eq!(times(&path), [start()]);
}

#[test]
fn what_is_too_much_goes_from_the_oldest_on_and_the_file_shrinks() {
    let (_dir, path) = scene();
    let mut store = filled(&path, 20_000);
    let retention = Retention {
        keep: Duration::MAX,
        max_bytes: 512 << 10,
    };
    store.sweep(retention, start()).unwrap();
    drop(store);
    let left = times(&path);
    assert_eq!(left.last(), Some(&(start() + Duration::from_mins(19_999))));
    assert!(
        (2_000..10_000).contains(&left.len()),
        "{} checks left",
        left.len()
    );
    let size = fs::metadata(&path).unwrap().len();
    assert!(size <= 512 << 10, "{size} bytes");
}

#[test]
fn a_damaged_store_is_set_aside_and_a_new_one_begun() {
    for damage in [0, 4096 * 3] {
        let (_dir, path) = scene();
        drop(filled(&path, 500));
        let mut bytes = fs::read(&path).unwrap();
        bytes[damage..damage + 2048].fill(0x5a);
        fs::write(&path, &bytes).unwrap();
        assert!(inspect(&path).unwrap_err().is_damage());
        let (mut store, aside) = Store::open(&path).unwrap();
        let aside = aside.unwrap();
        let kept = fs::read(&aside.to).unwrap();
        assert!(
            kept[damage..damage + 2048] == bytes[damage..damage + 2048],
            "{}",
            aside.why
        );
        store.write(&[check(start(), vec![full("backdipro")])]).unwrap();
        inspect(&path).unwrap();
        assert_eq!(times(&path), [start()]);
    }
}

#[test]
fn a_look_at_a_store_leaves_it_and_its_directory_as_they_are() {
    let (dir, path) = scene();
    inspect(&path).unwrap();
    let files = || {
        fs::read_dir(dir.path())
            .unwrap()
            .map(|file| file.unwrap().file_name())
    };
    assert_eq!(files().count(), 0, "a missing one is not made");
    drop(filled(&path, 10));
    let before = (fs::read(&path).unwrap(), files().collect::<Vec<_>>());
    inspect(&path).unwrap();
    assert_eq!((fs::read(&path).unwrap(), files().collect::<Vec<_>>()), before);
}

#[test]
fn a_store_that_is_not_ours_is_left_as_it_is() {
    let (dir, _) = scene();
    let path = dir.path().join("theirs.db");
    Connection::open(&path)
        .unwrap()
        .execute_batch("CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)")
        .unwrap();
    let before = fs::read(&path).unwrap();
    assert!(matches!(Store::open(&path), Err(StoreError::Foreign)));
    assert!(matches!(inspect(&path), Err(StoreError::Foreign)));
    assert_eq!(fs::read(&path).unwrap(), before);
    let refused = HistoryReader::open(&path).unwrap_err();
    let foreign = matches!(
        &refused,
        ReadError::Unusable {
            why: StoreError::Foreign,
            ..
        }
    );
    assert!(foreign, "{refused}");
}

#[test]
fn a_symbolic_link_is_not_written_through() {
    let (dir, _) = scene();
    let target = dir.path().join("target");
    let path = dir.path().join("history.db");
    fs::write(&target, "precious").unwrap();
    std::os::unix::fs::symlink(&target, &path).unwrap();
    Store::open(&path).unwrap_err();
    inspect(&path).unwrap_err();
    assert_eq!(fs::read_to_string(&target).unwrap(), "precious");
}

#[test]
fn a_full_store_loses_the_batch_whole_and_takes_the_next() {
    let (_dir, path) = scene();
    let mut store = filled(&path, 100);
    let before = times(&path).len();
    let many: Vec<_> = (0..5_000)
        .map(|i| {
            check(
                start() + Duration::from_hours(3 + i),
                vec![full(&format!("p{i}"))],
            )
        })
        .collect();
    store.limit_pages(40);
    let error = store.write(&many).unwrap_err();
    assert_eq!(store_error(Language::En, &error), "the disk is full");
    assert_eq!(times(&path).len(), before);
    store.limit_pages(1 << 20);
    store
        .write(&[check(start() + Duration::from_hours(3), vec![full("backdipro")])])
        .unwrap();
    assert_eq!(times(&path).len(), before + 1);
}

#[test]
fn a_missing_store_says_what_to_do() {
    let (_dir, path) = scene();
    let refused = HistoryReader::open(&path).unwrap_err();
    let refused = read_error(Language::En, &refused);
    assert!(refused.contains("--store"), "{refused}");
}

#[tokio::test]
async fn the_recorder_works_without_a_store_says_so_once_and_comes_back() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state/history.db");
    // A file where the directory should be.
    fs::write(dir.path().join("state"), "").unwrap();
    let retention = Retention {
        keep: Duration::MAX,
        max_bytes: u64::MAX,
    };
    let mut recorder = Recorder::start(path.clone(), retention).unwrap();
    let HistoryNews::Unavailable { why, .. } = recorder.news().await else {
        panic!("it is unavailable");
    };
    assert!(
        matches!(&why, StoreError::Directory { path, .. } if path.ends_with("state")),
        "{why}"
    );
    recorder.record(check(start(), vec![full("backdipro")]));
    recorder.finish();

    fs::remove_file(dir.path().join("state")).unwrap();
    let recorder = Recorder::start(path.clone(), retention).unwrap();
    recorder.record(check(SystemTime::now(), vec![full("backdipro")]));
    recorder.finish();
    assert_eq!(times(&path).len(), 1);
}

#[test]
fn a_recorder_that_is_behind_drops_and_counts_and_does_not_wait() {
    let (_dir, path) = scene();
    let retention = Retention {
        keep: Duration::MAX,
        max_bytes: u64::MAX,
    };
    drop(Store::open(&path).unwrap());
    // Somebody holds the store: the writer waits for it.
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let recorder = Recorder::start(path.clone(), retention).unwrap();
    for _ in 0..1000 {
        recorder.record(check(SystemTime::now(), vec![full("backdipro")]));
    }
    let lost = recorder.lost();
    assert!(lost > 0, "nothing was dropped");
    other.execute_batch("COMMIT").unwrap();
    drop(other);
    recorder.finish();
    let kept = times(&path).len() as u64;
    assert!(kept > 0 && kept + lost <= 1000, "{kept} kept, {lost} lost");
}

/// As written by the version before there were promises.
#[test]
fn a_store_without_promises_is_read_and_goes_on_with_them() {
    let (_dir, path) = scene();
    drop(filled(&path, 2));
    let old = Connection::open(&path).unwrap();
    old.execute_batch(
        "ALTER TABLE requests DROP COLUMN promised_requests;
         ALTER TABLE requests DROP COLUMN late_requests_centi;
         ALTER TABLE requests DROP COLUMN promised_wait_us;
         ALTER TABLE requests DROP COLUMN promised_milli;
         PRAGMA user_version = 2;",
    )
    .unwrap();
    drop(old);
    let checks = || {
        let reader = HistoryReader::open(&path).unwrap();
        reader.checks("backdipro", start(), forever()).unwrap()
    };
    let before = checks();
    assert_eq!(before[0].figures, full("backdipro").figures);
    assert_eq!((before[0].promise, before[0].late), (None, None));
    let mut store = Store::open(&path).unwrap().0;
    assert_eq!(checks(), before, "a later version's daemon opened it meanwhile");
    let later = start() + Duration::from_hours(1);
    store.write(&[check(later, vec![full("backdipro")])]).unwrap();
    assert_eq!(checks().last().unwrap().late, full("backdipro").late);
}

/// Written by the first release, with a project for each way to fail: every version reads it.
#[test]
fn a_store_of_the_first_release_is_read_whole() {
    let (dir, path) = scene();
    fs::create_dir(dir.path().join("state")).unwrap();
    let old = Connection::open(&path).unwrap();
    old.execute_batch(include_str!("golden/0.1.0.sql")).unwrap();
    drop(old);
    let checked = |project: &str| {
        let reader = HistoryReader::open(&path).unwrap();
        reader.checks(project, start(), forever()).unwrap()
    };
    let before = checked("web");
    drop(Store::open(&path).unwrap());
    assert_eq!(
        checked("web"),
        before,
        "a later version's daemon opened it meanwhile"
    );
    for (project, codes) in [
        ("badurl", &["queue_unreadable"][..]),
        ("ghost", &["cgroup_not_found"]),
        ("off", &["disabled"]),
        ("svc", &["no_service_manager"]),
        (
            "web",
            &[
                "no_figures_yet",
                "not_held_yet",
                "above_rung",
                "within_thresholds",
            ],
        ),
    ] {
        let checks = checked(project);
        assert_eq!(checks.len(), 12, "{project}");
        let mut seen: Vec<&str> = Vec::new();
        for check in checks.iter().filter(|check| check.action.is_some()) {
            let reason = check.reason.as_ref().expect(project);
            assert_eq!(check.reason_code.as_deref(), Some(reason.code()));
            if !seen.contains(&reason.code()) {
                seen.push(reason.code());
            }
        }
        seen.sort_by_key(|code| codes.iter().position(|expected| expected == code));
        assert_eq!(seen, codes, "{project}");
    }
    // It is written to, too.
    let mut store = Store::open(&path).unwrap().0;
    store
        .write(&[check(SystemTime::now(), vec![full("ghost")])])
        .unwrap();
    assert_eq!(checked("ghost").len(), 13);
    let events = HistoryReader::open(&path)
        .unwrap()
        .events("web", start(), forever())
        .unwrap();
    assert_eq!(events[0].kind, Some(EventKind::Scaled));
}
