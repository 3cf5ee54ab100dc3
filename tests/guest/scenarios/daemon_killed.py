"""The daemon killed with -9 twenty times, at random moments and in the middle of steps, under load: not one request is lost."""

import json
import os
import pathlib
import random
import signal
import subprocess
import time

from stage import daemon
from stage.wait import until

DEADLINE = 1200
MOST = 6
STATE = pathlib.Path("/run/autoscaler/state.json")


def run(stage):
    seed = int.from_bytes(os.urandom(4), "little")
    stage.note(f"seed {seed}")
    moments = random.Random(seed)
    project = stage.project("backdipro")
    stage.autoscaler({"backdipro": daemon.entry(MOST)})
    with project.load("/burn?ms=50", clients=6):
        for _ in range(9):
            at_random(moments)
        stage.note(f"killed at {in_the_middle(project, MOST)} on the way to {MOST}")
        for _ in range(9):
            at_random(moments)
        stage.note(f"at {in_the_middle(project, 1)} on the way to 1")
        resumed = subprocess.run(["autoscaler", "resume", "backdipro"], text=True, capture_output=True)
        assert resumed.returncode == 0, resumed.stderr
        until(lambda: project.count() >= 2, "the load is followed as ever")
    project.reaches(1)


def at_random(moments):
    """Kills the daemon at some moment of its life."""
    victim = until(daemon.pid, "the daemon runs")
    time.sleep(moments.uniform(0.2, 4))
    kill(victim)


def in_the_middle(project, wanted):
    """Kills the daemon between two of the workers that one order asks for: the next daemon takes it from there.
    Returns the count at which that was."""
    # It takes seconds of an emulated CPU to start, and minutes beside other work.
    victim = until(ready, "the daemon takes orders", 300)
    order = subprocess.Popen(["autoscaler", "scale", "backdipro", str(wanted), "--for", "1h"], stderr=subprocess.PIPE)
    # The count may be the policy's own doing while the order is on its way: then the daemon dies without it.
    until(lambda: noted(wanted) and 1 < project.count() < MOST, "some of the workers have come or gone", 60, 0.01)
    os.kill(victim, signal.SIGKILL)
    left = project.count()
    assert 1 < left < MOST, f"{left} workers: the step was over"
    assert order.wait() == 1, "an order is done that the daemon did not live to carry out"
    until(lambda: daemon.pid() not in (0, victim), "systemd started it again")
    project.reaches(wanted)
    return left


def noted(wanted):
    """Whether the daemon has written the order down."""
    given = json.loads(STATE.read_text())["orders"].get("backdipro", {})
    return given.get("order") == {"scale": wanted}


def ready():
    """The daemon's pid, once it answers."""
    answered = subprocess.run(["autoscaler", "status"], capture_output=True).returncode == 0
    return answered and daemon.pid()


def kill(victim):
    """Kills the daemon and waits for the next one."""
    os.kill(victim, signal.SIGKILL)
    until(lambda: daemon.pid() not in (0, victim), "systemd started it again")
