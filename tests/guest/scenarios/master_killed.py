"""The gunicorn master killed with -9 under load: the new one is found, and the load's count restored."""

import os
import signal

from stage import daemon
from stage.wait import until

DEADLINE = 400


def run(stage):
    project = stage.project("backdipro", service="Restart=always\nRestartSec=1")
    stage.autoscaler({"backdipro": daemon.entry(2)})
    with project.load("/burn?ms=50", clients=6) as load:
        project.reaches(2)
        master = project.master
        with stage.server_dead(project):
            os.kill(master, signal.SIGKILL)
            until(lambda: project.master not in (0, master), "systemd started it again")
        project.reaches(2)
        served = load.sent
        until(lambda: load.sent > served + 20, "it serves on")
    project.reaches(1)
