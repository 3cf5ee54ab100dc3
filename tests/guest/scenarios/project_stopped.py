"""The project stopped, its cgroup gone, and started again: no error is acted on, and scaling goes on by itself."""

from stage import daemon, systemd
from stage.wait import until

DEADLINE = 400


def run(stage):
    project = stage.project("backdipro")
    log = stage.autoscaler({"backdipro": daemon.entry(2)})
    pid = daemon.pid()
    with project.load("/burn?ms=50", clients=6):
        project.reaches(2)
        for _ in range(3):
            with stage.server_dead(project):
                systemd.systemctl("stop", project.unit)
                until(lambda: not project.cgroup.exists(), "the cgroup is gone")
                stage.hold(lambda: daemon.pid() == pid, "the daemon lives", 8)
                project.start()
        project.reaches(2)
    project.reaches(1)
    assert daemon.pid() == pid, "the daemon was restarted"
    assert not log.find("panic"), log.find("panic")
