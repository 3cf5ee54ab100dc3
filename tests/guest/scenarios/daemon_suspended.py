"""The daemon suspended: the project serves on, and after a minute the daemon, or whom the watchdog put there, works."""

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
        # Left suspended, it is replaced by the watchdog.
        suspended = until(daemon.pid, "the daemon runs")
        os.kill(suspended, signal.SIGSTOP)
        until(lambda: daemon.pid() not in (0, suspended), "the watchdog replaced the daemon", 180, every=2)
    project.reaches(1)
