"""The package for rpm, by rpm itself on this systemd: install, upgrade under load, removal; its scriptlets leave nothing behind."""

import subprocess
from pathlib import Path

from stage import daemon, systemd
from stage.wait import until

DEADLINE = 600
NEEDS = "rpm"
WANTED = Path("/etc/systemd/system/multi-user.target.wants/autoscaler.service")


def run(stage):
    if daemon.installed():
        daemon.dpkg("--purge", "autoscaler")
    try:
        play(stage)
    finally:
        # What the others install is not to meet this one.
        subprocess.run(["rpm", "--erase", "--nodeps", "autoscaler"], capture_output=True)
        subprocess.run(["rm", "-rf", "/etc/autoscaler", "/var/lib/autoscaler"], check=True)
        systemd.systemctl("daemon-reload")


def play(stage):
    rpm("--install", package(1))
    assert WANTED.is_symlink(), "the presets of this system enable what is installed"
    assert not daemon.pid(), "an installation starts nothing on systems with rpm"
    assert verify() == "", verify()
    files = rpm("--query", "--list", "autoscaler").split()
    assert "/etc/autoscaler/config.json" in rpm("--query", "--configfiles", "autoscaler").split()

    project = stage.project("backdipro")
    log = daemon.Log()
    daemon.configure({"backdipro": daemon.entry(2)})
    systemd.systemctl("start", daemon.UNIT)
    stage.bounded({"backdipro": daemon.entry(2)})
    log.wait("autoscaler")
    with project.load("/burn?ms=50", clients=6):
        project.reaches(2)
        workers, pid, config = project.workers(), daemon.pid(), daemon.CONFIG.read_text()
        rpm("--upgrade", package(2))
        until(lambda: daemon.pid() not in (0, pid), "the upgrade restarted the daemon")
        assert project.workers() == workers, "the upgrade touched the workers"
        assert daemon.CONFIG.read_text() == config, "the upgrade touched the configuration"
        assert WANTED.is_symlink(), "the upgrade disabled the service"
        assert rpm("--query", "autoscaler").split("-")[2].startswith("2."), rpm("--query", "autoscaler")
        rpm("--erase", "autoscaler")
        assert daemon.pid() == 0
        assert project.workers() == workers, "the removal touched the workers"
    assert not WANTED.is_symlink(), "the service is wanted after its removal"
    saved = Path(f"{daemon.CONFIG}.rpmsave")
    assert saved.read_text() == config, "a configuration that somebody wrote is kept beside"
    left = [path for path in files if Path(path).is_file()]
    assert not left, f"left after the removal: {left}"
    assert not systemd.show(daemon.UNIT, "FragmentPath"), "the unit is left after the removal"
    stage.note(f"{len(files)} files by rpm {subprocess.run(['rpm', '--version'], text=True, capture_output=True).stdout.split()[-1]}")


def rpm(*arguments):
    """Runs rpm, whose database has nothing of this Debian's own packages in it, and returns what it prints."""
    changes = [] if arguments[0] == "--query" else ["--nodeps"]
    done = subprocess.run(["rpm", *changes, *arguments], text=True, capture_output=True)
    assert done.returncode == 0, f"rpm {' '.join(arguments)}: {done.stderr or done.stdout}"
    # What a scriptlet complains of does not end it.
    assert "scriptlet failed" not in done.stderr, done.stderr
    print("# rpm", *arguments, f"\n{done.stdout}{done.stderr}")
    return done.stdout


def verify():
    """What rpm has against the installed files."""
    return subprocess.run(["rpm", "--verify", "--nodeps", "autoscaler"], text=True, capture_output=True).stdout.strip()


def package(revision):
    """The path of the package of a revision."""
    return str(next(daemon.IN.glob(f"autoscaler-*-{revision}.*.rpm")))
