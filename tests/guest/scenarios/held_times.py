"""What was held outlives the daemon: a restart neither acts early nor forgets; a file that cannot be read is told and ignored."""

import json
import os
import pathlib
import re
import signal
import subprocess

from stage import daemon, systemd
from stage.wait import until

DEADLINE = 900
STATE = pathlib.Path("/run/autoscaler/state.json")
# Seconds that the load has to hold for.
NEEDED = 90
# Whatever wakes up beside the load, its CPU stays above the first.
RUNGS = {"scale_up_2": 30, "scale_down_1": 10}


def run(stage):
    project = stage.project("backdipro")
    patience = {"scale_up": NEEDED / 60, "scale_down": 0.2}
    stage.autoscaler({"backdipro": daemon.entry(2, cpu_thresholds=RUNGS, cpu_duration_minutes=patience)})
    with project.load("/burn?ms=50", clients=6):
        for content in ("not JSON", json.dumps({"version": 99})):
            reaches(10)
            log = daemon.Log()
            killed(lambda: STATE.write_text(content))
            log.wait("los tiempos acumulados empiezan de cero", str(STATE))
            fresh = reaches(0.1)
            assert fresh < 10, f"{fresh} s held after the file was lost"
        log = daemon.Log()
        held = [reaches(NEEDED / 2)]
        for restarted in (lambda: systemd.systemctl("restart", daemon.UNIT), killed):
            restarted()
            held.append(reaches(0.1))
            assert held[-2] <= held[-1] < NEEDED, f"{held} s held"
            assert project.count() == 1, "acted early"
        stage.note("held {:.0f}, {:.0f}, {:.0f}".format(*held) + f" of {NEEDED} s over two restarts")
        project.reaches(2, 300)
        assert not log.find("empiezan de cero"), log.find("empiezan de cero")
        stepped = status()["last_step"]["words"]
        minutes, seconds = re.search(r"durante (\d+)m(\d+)s", stepped).groups()
        assert 60 * int(minutes) + int(seconds) >= NEEDED, stepped
        stage.note(stepped)
    project.reaches(1)


def status():
    """The project as the daemon has it; nothing while it does not answer."""
    answer = subprocess.run(["autoscaler", "status", "--json"], text=True, capture_output=True)
    return json.loads(answer.stdout)["projects"][0] if answer.returncode == 0 else {}


def reaches(least):
    """Waits until the load has held for at least so many seconds, as the daemon counts them; returns them."""
    held = 0

    def enough():
        nonlocal held
        up = status().get("up")
        held = up[0]["held_seconds"] if up else 0
        return held >= least

    until(enough, lambda: f"{least} s held, {held} are", 240, every=1)
    return held


def killed(meanwhile=lambda: None):
    """Kills the daemon; `meanwhile` is done when it cannot write any more and the next one has not begun."""
    victim = daemon.pid()
    os.kill(victim, signal.SIGSTOP)
    meanwhile()
    os.kill(victim, signal.SIGKILL)
    until(lambda: daemon.pid() not in (0, victim), "systemd started it again")
