"""The daemon: installed from its package, configured, watched."""

import json
import pathlib
import subprocess

from . import systemd
from .wait import until

UNIT = "autoscaler.service"
CONFIG = pathlib.Path("/etc/autoscaler/config.json")
IN = pathlib.Path("/payload/in")

# Minutes become seconds: an emulated CPU is slow, and what is shown does not depend on how long it takes.
GLOBAL = {
    "check_interval_seconds": 3,
    "cpu_duration_minutes": {"scale_up": 0.1, "scale_down": 0.2},
    "min_available_mb_per_worker": 20,
    "scale_down_min_available_mb": 20,
    "memory_per_worker_mb": 100,
    "memory_base_mb": 60,
}

# The thresholds of the documentation.
THRESHOLDS = {
    "scale_up_2": 65,
    "scale_up_3": 75,
    "scale_up_4": 80,
    "scale_up_5": 85,
    "scale_up_6": 90,
    "scale_down_2": 45,
    "scale_down_1": 35,
}


def entry(most=6, **more):
    """A project's entry of the configuration, from 1 to `most` workers."""
    rungs = {key: value for key, value in THRESHOLDS.items() if int(key.rsplit("_", 1)[1]) <= most}
    return {"enabled": True, "min_workers": 1, "max_workers": most, "cpu_thresholds": rungs, **more}


def dpkg(*args):
    """Runs dpkg and returns its output."""
    done = subprocess.run(["dpkg", *args], text=True, capture_output=True)
    if done.returncode != 0:
        raise AssertionError(f"dpkg {' '.join(args)}: {done.stdout}{done.stderr}")
    return done.stdout


def package(revision=1):
    """The path of the package of a revision."""
    return str(next(IN.glob(f"autoscaler_*-{revision}_*.deb")))


def installed():
    """Whether the package is installed."""
    done = subprocess.run(["dpkg-query", "-W", "-f", "${Status}", "autoscaler"], text=True, capture_output=True)
    return done.stdout == "install ok installed"


def install():
    """Installs the package if need be, without starting the daemon."""
    if not installed():
        dpkg("--install", package())
        stop()


def configure(projects, **rules):
    """Writes the configuration as an administrator would: one file, whole."""
    CONFIG.parent.mkdir(exist_ok=True)
    new = CONFIG.with_suffix(".new")
    new.write_text(json.dumps({"global": {**GLOBAL, **rules}, "projects": projects}, indent=2))
    new.chmod(0o644)
    new.rename(CONFIG)


def start(projects, **rules):
    """Installs the package if need be and starts the daemon with this configuration."""
    install()
    stop()
    subprocess.run(["rm", "-rf", "/run/autoscaler"], check=True)
    configure(projects, **rules)
    systemd.systemctl("start", UNIT)


def stop():
    """Stops the daemon if it runs."""
    systemd.systemctl("stop", UNIT, check=False)
    systemd.systemctl("reset-failed", UNIT, check=False)


def pid():
    """The daemon's pid; 0 if it does not run."""
    return systemd.main_pid(UNIT)


class Log:
    """The daemon's lines from here on."""

    def __init__(self):
        self._seen = len(systemd.journal(UNIT))

    def lines(self):
        """What was said since."""
        return systemd.journal(UNIT)[self._seen :]

    def find(self, *words):
        """The first line with all of these words."""
        return next((line for line in self.lines() if all(word in line for word in words)), None)

    def wait(self, *words, seconds=120):
        """Waits for a line with all of these words."""
        return until(lambda: self.find(*words), lambda: f"the line {words}; the last: {self.lines()[-3:]}", seconds, 0.5)
