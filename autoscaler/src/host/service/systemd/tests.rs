//! Against a real bus daemon with a stand-in for systemd's objects on it.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tokio::time::timeout;
use zbus::ObjectPath;
use zbus::connection::Builder;
use zbus::object_server::{Interface, SignalEmitter};

use super::*;
use crate::host::service::UnitEvents;
use crate::host::service::bus::ANSWER_LIMIT;

/// A private bus of the test's own.
struct TestBus {
    daemon: Child,
    directory: tempfile::TempDir,
}

impl TestBus {
    /// `None` where no dbus-daemon is installed; in CI that is a failure.
    fn start() -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        let daemon = Self::spawn(directory.path());
        match daemon {
            Ok(daemon) => {
                let bus = Self { daemon, directory };
                bus.wait();
                Some(bus)
            }
            Err(error) => {
                assert!(
                    std::env::var_os("CI").is_none_or(|ci| ci != "true"),
                    "dbus-daemon: {error}"
                );
                eprintln!("skipped: dbus-daemon cannot be started: {error}");
                None
            }
        }
    }

    fn spawn(directory: &Path) -> std::io::Result<Child> {
        Command::new("dbus-daemon")
            .args(["--session", "--nofork", "--nosyslog", "--address"])
            .arg(format!("unix:path={}/bus", directory.display()))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
    }

    fn wait(&self) {
        let deadline = Instant::now() + Duration::from_secs(10);
        while std::os::unix::net::UnixStream::connect(self.directory.path().join("bus")).is_err() {
            assert!(Instant::now() < deadline, "no bus within 10 s");
            std::thread::yield_now();
        }
    }

    fn restart(&mut self) {
        self.stop();
        // The daemon leaves its socket behind when it is killed.
        let _ = std::fs::remove_file(self.directory.path().join("bus"));
        self.daemon = Self::spawn(self.directory.path()).unwrap();
        self.wait();
    }

    fn stop(&mut self) {
        self.daemon.kill().unwrap();
        self.daemon.wait().unwrap();
    }

    fn address(&self) -> String {
        format!("unix:path={}/bus", self.directory.path().display())
    }

    fn systemd(&self) -> Systemd {
        Systemd::new(Bus::at(self.directory.path(), &self.address()))
    }
}

impl Drop for TestBus {
    fn drop(&mut self) {
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}

struct Manager;

/// systemd's errors to a question about a process.
#[derive(Debug, zbus::DBusError)]
#[zbus(prefix = "org.freedesktop.systemd1")]
enum RefusedPid {
    #[zbus(error)]
    Bus(zbus::Error),
    NoUnitForPID(String),
    NoSuchProcess(String),
}

impl From<zbus::fdo::Error> for RefusedPid {
    fn from(error: zbus::fdo::Error) -> Self {
        Self::Bus(error.into())
    }
}

#[zbus::interface(name = "org.freedesktop.systemd1.Manager")]
impl Manager {
    #[zbus(name = "LoadUnit")]
    #[expect(clippy::unused_self, reason = "D-Bus methods take self")]
    fn load_unit(&self, name: &str) -> zbus::fdo::Result<OwnedObjectPath> {
        let leaf = match name {
            "app@1.service" => "app_401_2eservice",
            "gone.service" => "gone_2eservice",
            _ => return Err(zbus::fdo::Error::InvalidArgs(format!("invalid name {name}"))),
        };
        let path = format!("/org/freedesktop/systemd1/unit/{leaf}");
        OwnedObjectPath::try_from(path).map_err(|error| zbus::fdo::Error::Failed(error.to_string()))
    }

    #[zbus(name = "GetUnitByPID")]
    fn unit_by_pid(&self, pid: u32) -> Result<OwnedObjectPath, RefusedPid> {
        match pid {
            42 => Ok(self.load_unit("app@1.service")?),
            1 => Err(RefusedPid::NoUnitForPID(
                "PID 1 does not belong to any loaded unit".into(),
            )),
            _ => Err(RefusedPid::NoSuchProcess("no such process".into())),
        }
    }

    /// As systemd would: what matches the pattern, whatever its instance's name.
    #[zbus(name = "ListUnitsByPatterns")]
    #[expect(clippy::needless_pass_by_value, reason = "D-Bus arguments are owned")]
    fn list_units_by_patterns(
        &self,
        states: Vec<String>,
        patterns: Vec<String>,
    ) -> zbus::fdo::Result<Vec<Listed>> {
        assert!(states.is_empty());
        if patterns != ["app@*.service"] && patterns != [r"my\\x2dapp@*.service"] {
            return Err(zbus::fdo::Error::InvalidArgs(format!("{patterns:?}")));
        }
        let no_job =
            || OwnedObjectPath::try_from("/").map_err(|error| zbus::fdo::Error::Failed(error.to_string()));
        let listed = |name: &str| {
            let text = String::new;
            let path = self.load_unit("app@1.service")?;
            Ok((
                name.to_owned(),
                text(),
                text(),
                text(),
                text(),
                text(),
                path,
                0,
                text(),
                no_job()?,
            ))
        };
        let prefix = patterns[0].replace(r"\\", r"\").replace("@*.service", "");
        [format!("{prefix}@1.service"), format!("{prefix}@beat.service")]
            .iter()
            .map(|name| listed(name))
            .collect()
    }

    #[zbus(name = "Subscribe")]
    #[expect(clippy::unused_self, reason = "D-Bus methods take self")]
    fn subscribe(&self) {}

    #[zbus(signal, name = "JobRemoved")]
    async fn job_removed(
        emitter: &SignalEmitter<'_>,
        id: u32,
        job: ObjectPath<'_>,
        unit: &str,
        result: &str,
    ) -> zbus::Result<()>;
}

struct UnitObject {
    load: &'static str,
    active: &'static str,
}

#[zbus::interface(name = "org.freedesktop.systemd1.Unit")]
impl UnitObject {
    #[zbus(property, name = "LoadState")]
    fn load_state(&self) -> &str {
        self.load
    }

    #[zbus(property, name = "ActiveState")]
    fn active_state(&self) -> &str {
        self.active
    }

    #[zbus(property, name = "Id")]
    #[expect(clippy::unused_self, reason = "D-Bus properties take self")]
    fn id(&self) -> &'static str {
        "app@1.service"
    }
}

struct ServiceObject {
    pid: u32,
    cgroup: &'static str,
    stop_usec: u64,
}

#[zbus::interface(name = "org.freedesktop.systemd1.Service")]
impl ServiceObject {
    #[zbus(property, name = "MainPID")]
    fn main_pid(&self) -> u32 {
        self.pid
    }

    #[zbus(property, name = "KillMode")]
    #[expect(clippy::unused_self, reason = "D-Bus properties take self")]
    fn kill_mode(&self) -> &'static str {
        "mixed"
    }

    #[zbus(property, name = "KillSignal")]
    #[expect(clippy::unused_self, reason = "D-Bus properties take self")]
    fn kill_signal(&self) -> i32 {
        15
    }

    #[zbus(property, name = "SendSIGKILL")]
    #[expect(clippy::unused_self, reason = "D-Bus properties take self")]
    fn send_sigkill(&self) -> bool {
        true
    }

    #[zbus(property, name = "TimeoutStopUSec")]
    fn timeout_stop_usec(&self) -> u64 {
        self.stop_usec
    }

    #[zbus(property, name = "ControlGroup")]
    fn control_group(&self) -> &str {
        self.cgroup
    }
}

/// Puts systemd's objects on the bus; they live as long as the connection.
async fn stand_in(address: &str) -> Connection {
    fn at<'a, I: Interface>(builder: Builder<'a>, leaf: &str, object: I) -> Builder<'a> {
        builder.serve_at(format!("{MANAGER_PATH}/unit/{leaf}"), object)
    }
    let mut builder = Builder::address(address)
        .name(DESTINATION)
        .serve_at(MANAGER_PATH, Manager);
    for (leaf, load, active, pid, cgroup, stop_usec) in [
        (
            "app_401_2eservice",
            "loaded",
            "active",
            42,
            "/system.slice/system-app.slice/app@1.service",
            90_000_000,
        ),
        ("gone_2eservice", "not-found", "inactive", 0, "", u64::MAX),
    ] {
        builder = at(builder, leaf, UnitObject { load, active });
        builder = at(
            builder,
            leaf,
            ServiceObject {
                pid,
                cgroup,
                stop_usec,
            },
        );
    }
    builder.build().await.unwrap()
}

#[tokio::test]
async fn a_unit_has_its_main_process_and_its_cgroup() {
    let Some(bus) = TestBus::start() else { return };
    let _objects = stand_in(&bus.address()).await;
    let unit = bus.systemd().unit("app@1.service").await.unwrap();
    assert_eq!(unit.main_pid, Some(42));
    assert_eq!(
        unit.control_group.as_deref(),
        Some("/system.slice/system-app.slice/app@1.service")
    );
    assert!(unit.is_up());
}

#[tokio::test]
async fn a_template_has_its_numbered_instances_whatever_is_escaped_in_its_name() {
    let Some(bus) = TestBus::start() else { return };
    let _objects = stand_in(&bus.address()).await;
    for template in ["app@.service", r"my\x2dapp@.service"] {
        let instances = bus.systemd().instances(template).await.unwrap();
        let [instance] = instances.as_slice() else {
            panic!("{instances:?}")
        };
        assert_eq!(instance.number, 1);
        assert_eq!(instance.unit.main_pid, Some(42));
        assert!(instance.unit.is_up());
    }
}

#[tokio::test]
async fn what_a_stop_would_do_is_read_from_the_unit() {
    let Some(bus) = TestBus::start() else { return };
    let _objects = stand_in(&bus.address()).await;
    let mut expected = StopRules {
        kill_mode: "mixed".into(),
        kill_signal: 15,
        time_limit: Some(Duration::from_secs(90)),
    };
    assert_eq!(bus.systemd().stop_rules("app@1.service").await.unwrap(), expected);
    expected.time_limit = None;
    assert_eq!(
        bus.systemd().stop_rules("gone.service").await.unwrap(),
        expected,
        "infinity"
    );
}

#[tokio::test]
async fn a_process_is_told_its_unit_if_it_has_one() {
    let Some(bus) = TestBus::start() else { return };
    let _objects = stand_in(&bus.address()).await;
    let systemd = bus.systemd();
    assert_eq!(
        systemd.unit_of(42).await.unwrap().as_deref(),
        Some("app@1.service")
    );
    assert_eq!(systemd.unit_of(1).await.unwrap(), None);
    let error = systemd.unit_of(7).await.unwrap_err();
    assert!(matches!(error, ServiceError::Refused { .. }), "{error}");
}

#[tokio::test]
async fn a_unit_that_does_not_exist_is_not_found() {
    let Some(bus) = TestBus::start() else { return };
    let _objects = stand_in(&bus.address()).await;
    let error = bus.systemd().unit("gone.service").await.unwrap_err();
    assert!(matches!(error, ServiceError::NotFound { .. }), "{error}");
}

#[tokio::test]
async fn what_systemd_refuses_is_said_in_its_words() {
    let Some(bus) = TestBus::start() else { return };
    let _objects = stand_in(&bus.address()).await;
    let error = bus.systemd().unit("../x").await.unwrap_err();
    assert!(error.to_string().contains("invalid name ../x"), "{error}");
    assert!(
        matches!(error, ServiceError::Refused { .. }),
        "another unit may be asked for: {error:?}"
    );
}

#[tokio::test]
async fn a_bus_that_was_lost_is_connected_to_again() {
    let Some(mut bus) = TestBus::start() else { return };
    let mut systemd = bus.systemd();
    let objects = stand_in(&bus.address()).await;
    systemd.unit("app@1.service").await.unwrap();

    drop(objects);
    bus.stop();
    let error = systemd.unit("app@1.service").await.unwrap_err();
    assert!(matches!(error, ServiceError::Unreachable { .. }), "{error}");

    bus.restart();
    let _objects = stand_in(&bus.address()).await;
    systemd.unit("app@1.service").await.unwrap();
}

#[tokio::test]
async fn a_restart_of_the_bus_between_two_questions_goes_unnoticed() {
    let Some(mut bus) = TestBus::start() else { return };
    let mut systemd = bus.systemd();
    let objects = stand_in(&bus.address()).await;
    systemd.unit("app@1.service").await.unwrap();
    drop(objects);
    bus.restart();
    let _objects = stand_in(&bus.address()).await;
    systemd.unit("app@1.service").await.unwrap();
}

#[tokio::test]
async fn a_host_without_systemd_says_so_and_what_to_do() {
    let mut systemd = Systemd::new(Bus::at(
        Path::new("/nonexistent/systemd"),
        "unix:path=/nonexistent",
    ));
    let error = systemd.unit("a.service").await.unwrap_err();
    assert!(matches!(error, ServiceError::NotBooted { .. }));
    assert!(error.to_string().contains("`cgroup`"), "{error}");
}

#[tokio::test]
async fn a_host_without_a_bus_says_so() {
    let mut systemd = Systemd::new(Bus::at(Path::new("/"), "unix:path=/nonexistent/bus"));
    let error = systemd.unit("a.service").await.unwrap_err();
    assert!(matches!(error, ServiceError::Unreachable { .. }), "{error}");
}

/// The next event, while systemd ends one job after the other: until somebody has subscribed nobody hears it.
async fn first_event(events: &mut UnitEvents, systemd: &Connection) -> String {
    let told = timeout(Duration::from_secs(20), async {
        tokio::select! {
            unit = events.next() => unit,
            never = async {
                loop {
                    end_job(systemd).await;
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            } => never,
        }
    });
    told.await.unwrap()
}

async fn end_job(systemd: &Connection) {
    let emitter = SignalEmitter::new(systemd, MANAGER_PATH).unwrap();
    let job = ObjectPath::try_from("/org/freedesktop/systemd1/job/1").unwrap();
    Manager::job_removed(&emitter, 1, job, "app@1.service", "done")
        .await
        .unwrap();
}

#[tokio::test]
async fn the_end_of_a_job_is_told_and_again_after_the_bus_was_lost() {
    let Some(mut bus) = TestBus::start() else { return };
    let mut events = UnitEvents::new(&Bus::at(bus.directory.path(), &bus.address()));
    for round in 0..2 {
        let systemd = stand_in(&bus.address()).await;
        let told = first_event(&mut events, &systemd).await;
        assert_eq!(told, "app@1.service", "round {round}");
        drop(systemd);
        bus.restart();
    }
}

/// The daemon takes no events while it checks. A deploy that restarts many units ended in a check whose every
/// question waited for its time limit.
#[tokio::test]
async fn events_that_nobody_takes_hold_up_no_answer() {
    let Some(test_bus) = TestBus::start() else { return };
    let bus = Bus::at(test_bus.directory.path(), &test_bus.address());
    let mut systemd = Systemd::new(bus.clone());
    let mut events = UnitEvents::new(&bus);
    let objects = stand_in(&test_bus.address()).await;
    first_event(&mut events, &objects).await;
    // More than a stream holds.
    for _ in 0..200 {
        end_job(&objects).await;
    }
    // Before a question over the same connection is given up and asked over another.
    let limit = ANSWER_LIMIT.mul_f64(0.8);
    let answer = timeout(limit, systemd.unit("app@1.service")).await;
    assert!(
        answer
            .expect("no answer over the first connection")
            .unwrap()
            .is_up()
    );
}

/// The daemon's loop turns to something else every two seconds, at its start several times at once.
#[tokio::test]
async fn a_waiting_that_is_broken_off_again_and_again_misses_nothing() {
    let Some(bus) = TestBus::start() else { return };
    let mut events = UnitEvents::new(&Bus::at(bus.directory.path(), &bus.address()));
    let systemd = stand_in(&bus.address()).await;
    let told = timeout(Duration::from_secs(30), async {
        loop {
            tokio::select! {
                biased;
                unit = events.next() => return unit,
                () = tokio::task::yield_now() => {}
            }
            end_job(&systemd).await;
        }
    });
    assert_eq!(told.await.unwrap(), "app@1.service");
}
