"""D-Bus restarted under load: the daemon finds it again by itself."""

from stage import daemon, systemd
from stage.wait import until

LIMIT = 260 << 20

DEADLINE = 400


def run(stage):
    project = stage.project("backdipro")
    stage.autoscaler({"backdipro": daemon.entry(2)})
    pid = daemon.pid()
    with project.load("/burn?ms=50", clients=6):
        project.reaches(2)
        systemd.systemctl("restart", "dbus.service")
        stage.hold(lambda: project.count() == 2, "the workers stay", 10)
    project.reaches(1)
    with project.load("/burn?ms=50", clients=6):
        project.reaches(2)
        # The limit has to be told to systemd over the new bus, too.
        until(lambda: systemd.show(project.unit, "MemoryMax") == str(LIMIT), "systemd knows the limit")
        systemd.systemctl("daemon-reload")
        assert project.memory_max() == LIMIT, project.memory_max()
    assert daemon.pid() == pid, "the daemon was restarted"
