"""A restart is seen at once, by systemd's own signals, however long it is to the next check."""

from stage import daemon, systemd
from stage.wait import until

DEADLINE = 400
# Longer than the scenario may take: nothing that it sees can come from the clock.
INTERVAL = 3600


def run(stage):
    project = stage.project("backdipro")
    rungs = {"scale_up_3": 75, "scale_down_2": 45}
    entry = daemon.entry(3, min_workers=2, cpu_thresholds=rungs)
    stage.autoscaler({"backdipro": entry}, check_interval_seconds=INTERVAL)
    project.reaches(2)
    with project.load("/", clients=2, pause=0.1):
        for how in ("restart", "stop and start"):
            log = daemon.Log()
            with stage.server_dead(project):
                if how == "restart":
                    systemd.systemctl("restart", project.unit)
                else:
                    systemd.systemctl("stop", project.unit)
                    until(lambda: not project.cgroup.exists(), "the cgroup is gone")
                    systemd.systemctl("start", project.unit)
                # gunicorn starts with one: the bounds ask for two.
                project.reaches(2)
            log.wait("backdipro.service", "escalado a 2 workers")
            # The count lost in the first round counts as lost until a check in turn: that is told once.
            if how == "restart":
                log.wait("backdipro.service", "una recarga o un reinicio")
