"""The daemon suspended for a minute: the project serves on, and afterwards the daemon, or its successor, works."""

import os
import signal

from stage import daemon
from stage.wait import until

DEADLINE = 400


def run(stage):
    project = stage.project("backdipro")
    stage.autoscaler({"backdipro": daemon.entry(2)})
    suspended = until(daemon.pid, "the daemon runs")
    with project.load("/burn?ms=50", clients=6):
        os.kill(suspended, signal.SIGSTOP)
        stage.hold(lambda: project.count() in (1, 2), "nothing changes", 60, every=2)
        try:
            os.kill(suspended, signal.SIGCONT)
        except ProcessLookupError:
            stage.note("the watchdog replaced it")
        project.reaches(2)
    project.reaches(1)
