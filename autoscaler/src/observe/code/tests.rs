use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use super::*;
use crate::host::fixture::{Fixture, GUNICORN, GUNICORN_WORKER};
use crate::model::{CgroupMemory, ProcessId};

/// A gunicorn 10 with worker 11 in `/srv/app`, whose root is the fixture's directory.
fn server(arguments: &str) -> Fixture {
    let mut host = Fixture::new();
    let line = format!("/venv/bin/python3 /venv/bin/gunicorn {arguments} app:app");
    host.process(10, 1, GUNICORN, &line);
    host.process(11, 10, GUNICORN_WORKER, &line);
    fs::create_dir_all(host.path("srv/app/pages")).unwrap();
    symlink(host.path("srv/app"), host.path("proc/10/cwd")).unwrap();
    symlink(host.path(""), host.path("proc/10/root")).unwrap();
    host.write("proc/10/environ", "LANG=C\0");
    started(&host, 0);
    host
}

/// Has the worker start `seconds` from now on.
fn started(host: &Fixture, seconds: i64) {
    let ticks = host.procfs().stat(11).unwrap().id.start_ticks;
    let at = i64::try_from(ticks / rustix::param::clock_ticks_per_second()).unwrap();
    host.write("proc/uptime", &format!("{}.00 0.00\n", at - seconds.min(0)));
    assert!(seconds <= 0, "a worker to come has no age");
}

fn newer(host: &Fixture) -> Option<PathBuf> {
    let id = |pid| host.procfs().stat(pid).unwrap().id;
    let workers: Vec<ProcessId> = [11].map(id).into();
    let sample = ProjectSample {
        cgroup: PathBuf::new(),
        container: None,
        master: id(10),
        workers,
        cpu: None,
        memory: CgroupMemory::default(),
        queue: None,
        requests: None,
    };
    let path = newer_code(&host.procfs(), &sample)?.path;
    // The fixture's own directory stands for the root.
    Some(Path::new("/").join(path.strip_prefix(host.path("")).unwrap_or(&path)))
}

const LONG_AGO: i64 = -3600;

#[test]
fn code_that_changed_after_the_worker_started_is_newer() {
    let host = server("");
    host.write("srv/app/app.py", "");
    host.write("srv/app/pages/shop.py", "");
    started(&host, LONG_AGO);
    assert!(newer(&host).is_some_and(|path| path.ends_with("app.py") || path.ends_with("shop.py")));
    // The worker's age is 0, less than that of the files.
    started(&host, 0);
    std::thread::sleep(Duration::from_millis(20));
    assert_eq!(newer(&host), None, "a worker that came since has read it");
}

#[test]
fn what_is_no_code_does_not_count() {
    let host = server("");
    started(&host, LONG_AGO);
    for file in [
        "app.log",
        "db.sqlite3",
        "__pycache__/app.cpython-311.pyc",
        ".git/hook.py",
        "node_modules/a/b.py",
        "venv/pyvenv.cfg",
        "venv/lib/python3.11/site-packages/django/x.py",
    ] {
        let path = host.path("srv/app").join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
    }
    assert_eq!(newer(&host), None);
}

/// `rsync -a` brings the time of modification of the source.
#[test]
fn an_old_time_of_modification_hides_nothing() {
    let host = server("");
    host.write("srv/app/app.py", "");
    let file = fs::File::open(host.path("srv/app/app.py")).unwrap();
    file.set_times(fs::FileTimes::new().set_modified(SystemTime::UNIX_EPOCH))
        .unwrap();
    started(&host, LONG_AGO);
    assert!(newer(&host).is_some());
}

#[test]
fn another_release_behind_the_symbolic_link_of_pwd_or_chdir_is_newer() {
    for (arguments, environ) in [
        ("", "PWD=/srv/current\0"),
        ("--chdir /srv/current", ""),
        ("--pythonpath=/srv/current,/srv/other", ""),
    ] {
        let host = server(arguments);
        host.write("proc/10/environ", environ);
        fs::create_dir_all(host.path("srv/next")).unwrap();
        symlink("next", host.path("srv/current")).unwrap();
        started(&host, LONG_AGO);
        let seen = newer(&host);
        assert_eq!(seen, Some(PathBuf::from("/srv/current")), "{arguments} {environ}");
    }
}

#[test]
fn what_the_master_has_loaded_is_not_read_from_disk() {
    for preloads in ["--preload", "-c conf.py"] {
        let host = server(preloads);
        host.write("srv/app/app.py", "");
        host.write(
            "srv/app/conf.py",
            "workers = 2\npreload_app = True  # saves memory\n",
        );
        started(&host, LONG_AGO);
        assert_eq!(newer(&host), None, "{preloads}");
        assert_eq!(boots_from(&host.procfs(), 10), CodeSource::Master);
    }
    let host = server("");
    host.write(
        "srv/app/gunicorn.conf.py",
        "# preload_app = True\npreload_app = False\n",
    );
    assert_eq!(
        boots_from(&host.procfs(), 10),
        CodeSource::Disk { gunicorn: true }
    );
    host.write("proc/10/environ", "GUNICORN_CMD_ARGS=--preload --workers=2\0");
    assert_eq!(boots_from(&host.procfs(), 10), CodeSource::Master);
}

/// Its owner is any user: the daemon, which is root, must neither wait nor read without an end.
#[test]
fn a_pipe_or_a_device_in_the_place_of_its_configuration_is_not_read() {
    let (done, ended) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let host = server("");
        let file = host.path("srv/app/gunicorn.conf.py");
        mkfifo(&file, Mode::S_IRWXU).unwrap();
        let pipe = boots_from(&host.procfs(), 10);
        fs::remove_file(&file).unwrap();
        symlink("/dev/zero", &file).unwrap();
        let device = boots_from(&host.procfs(), 10);
        done.send([pipe, device]).unwrap();
    });
    let seen = ended
        .recv_timeout(Duration::from_secs(30))
        .expect("it waits for a writer");
    assert_eq!(seen, [CodeSource::Disk { gunicorn: true }; 2]);
}

#[test]
fn packages_installed_into_its_environment_are_newer() {
    let host = server("");
    for directory in ["venv/bin", "venv/lib/python3.11/site-packages"] {
        fs::create_dir_all(host.path(directory)).unwrap();
    }
    started(&host, LONG_AGO);
    assert_eq!(newer(&host), None, "no virtual environment");
    host.write("venv/pyvenv.cfg", "");
    let packages = PathBuf::from("/venv/lib/python3.11/site-packages");
    assert_eq!(newer(&host), Some(packages));
}
