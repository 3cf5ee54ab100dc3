"""What an operator does by hand, under load: TTIN, HUP, reload, restart. Seen, told, and the load's count restored."""

import os
import signal

from stage import daemon, systemd
from stage.wait import until

DEADLINE = 600


def run(stage):
    project = stage.project("backdipro")
    log = stage.autoscaler({"backdipro": daemon.entry(3)})
    with project.load("/burn?ms=50", clients=6) as load:
        project.reaches(2)
        # By hand inside the bounds: the new count, which the daemon takes as it is.
        os.kill(project.master, signal.SIGTTIN)
        project.reaches(3)
        stage.hold(lambda: project.count() == 3, "three workers", 8)
        # By hand outside: brought back.
        with stage.by_hand(project):
            os.kill(project.master, signal.SIGTTIN)
            log.wait("backdipro.service", "scale_down a 3")
        # HUP puts gunicorn back to --workers, and starts the new one before the old ones end.
        workers = project.workers()
        with stage.by_hand(project):
            systemd.systemctl("reload", project.unit)
            until(lambda: not set(workers) & set(project.workers()), "HUP replaced the workers")
        log.wait("una recarga o un reinicio")
        until(lambda: project.count() >= 2, "the count is restored")
        assert load.failed == 0, load.failures[0].error
        # A restart closes the socket: requests under way, and those that come before it is back, may fail; no others.
        master = project.master
        with stage.server_dead(project):
            systemd.systemctl("restart", project.unit)
        assert project.master != master
        until(lambda: project.count() >= 2, "the count is restored after the restart")
    project.reaches(1)
