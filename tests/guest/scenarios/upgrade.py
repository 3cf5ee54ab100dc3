"""An upgrade from 0.1.0, under load: held times and history are kept, the configuration is read as it is, the workers stay."""

import itertools
import json
import re
import subprocess

from stage import daemon, systemd
from stage.wait import until

DEADLINE = 1500
NEEDS = "former"
# Seconds that the load has to hold for.
NEEDED = 180
RUNGS = {"scale_up_2": 30, "scale_down_1": 10}
ATTEMPTS = 3


def run(stage):
    project = stage.project("backdipro")
    for _ in range(ATTEMPTS):
        if daemon.installed():
            daemon.dpkg("--purge", "autoscaler")
        daemon.dpkg("--install", daemon.package(0))
        daemon.stop()
        if upgraded(stage, project):
            project.reaches(1)
            return
        systemd.systemctl("restart", "backdipro.service")
        project.reaches(1)
    raise AssertionError(f"{ATTEMPTS} times 0.1.0 itself lost what it had held, as systemd did not answer it")


def upgraded(stage, project):
    """Upgrades under load. False where 0.1.0 had begun anew by itself meanwhile: it does when systemd does not answer within
    seconds, as on a machine that has to unpack the package at the same time."""
    patience = {"scale_up": NEEDED / 60, "scale_down": 0.2}
    stage.autoscaler({"backdipro": daemon.entry(2, cpu_thresholds=RUNGS, cpu_duration_minutes=patience)})
    with project.load("/burn?ms=50", clients=6):
        held = until(lambda: holds() >= NEEDED / 3 and holds(), "the load is held against its rung", 300, every=1)
        rows, pid, workers = until(history, "the history has checks"), daemon.pid(), project.workers()
        config = daemon.CONFIG.read_text()
        log = daemon.Log()
        daemon.dpkg("--install", daemon.package(1))
        until(lambda: daemon.pid() not in (0, pid), "the upgrade restarted the daemon")
        later = until(holds, "the daemon answers", 120, every=1)
        said_by_former = itertools.takewhile(lambda line: "🚀" not in line, log.lines())
        if any("bloqueado" in line for line in said_by_former):
            return False
        assert held <= later < NEEDED, f"held {later} s after the upgrade, {held} before"
        assert project.workers() == workers, "the upgrade touched the workers"
        assert daemon.CONFIG.read_text() == config, "the upgrade touched the configuration"
        kept = until(history, "the history has checks")
        assert kept[: len(rows)] == rows, "the upgrade lost checks of the history"
        project.reaches(2, 300)
        assert not log.find("empiezan de cero"), log.find("empiezan de cero")
        stepped = status()["last_step"]["words"]
        minutes, seconds = re.search(r"durante (\d+)m(\d+)s", stepped).groups()
        assert 60 * int(minutes) + int(seconds) >= NEEDED, stepped
        # What was decided before the upgrade and after it is one story.
        told = subprocess.run(["autoscaler", "why", "backdipro"], text=True, capture_output=True)
        assert told.returncode == 0, told.stderr
    assert len(history()) > len(rows), "the history goes on"
    stage.note(f"held {held:.0f} s before and {later:.0f} s after, of {NEEDED}; {len(rows)} checks of the history kept")
    return True


def status():
    """The project as the daemon has it; nothing while it does not answer."""
    answer = subprocess.run(["autoscaler", "status", "--json"], text=True, capture_output=True)
    return json.loads(answer.stdout)["projects"][0] if answer.returncode == 0 else {}


def holds():
    """Seconds for which the load has been held against its rung, as the daemon counts them."""
    up = status().get("up")
    return up[0]["held_seconds"] if up else 0


def history():
    """The project's checks, oldest first, but for the last, which may still be added to."""
    asked = ["autoscaler", "history", "backdipro", "--json"]
    done = subprocess.run(asked, text=True, capture_output=True)
    return [check["timestamp"] for check in json.loads(done.stdout)["checks"]][:-1] if done.returncode == 0 else []
