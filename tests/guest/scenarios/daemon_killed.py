"""The daemon killed with -9 twenty times, under load and in the middle of steps: not one request is lost."""

import os
import random
import signal
import time

from stage import daemon
from stage.wait import until

DEADLINE = 900


def run(stage):
    seed = int.from_bytes(os.urandom(4), "little")
    stage.note(f"seed {seed}")
    moments = random.Random(seed)
    project = stage.project("backdipro")
    log = stage.autoscaler({"backdipro": daemon.entry(2)})
    with project.load("/burn?ms=50", clients=6):
        for round in range(20):
            victim = until(daemon.pid, "the daemon runs")
            if round == 10:
                # In the middle of a step: it has decided, the worker is not there yet.
                os.kill(project.master, signal.SIGTTOU)
                log = daemon.Log()
                until(lambda: log.find("scale_up a 2") or project.count() == 2, "a step", 90, 0.05)
            else:
                time.sleep(moments.uniform(0.2, 4))
            os.kill(victim, signal.SIGKILL)
            until(lambda: daemon.pid() not in (0, victim), "systemd started it again")
        project.reaches(2)
    project.reaches(1)
