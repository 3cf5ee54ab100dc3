"""The memory limit follows the workers, and systemd keeps it through daemon-reload."""

from stage import daemon, systemd
from stage.wait import until

DEADLINE = 300
QUICK = True
MIB = 1 << 20


def limit(count):
    return (count * 100 + 60) * MIB


def run(stage):
    project = stage.project("backdipro")
    stage.autoscaler({"backdipro": daemon.entry(2)})
    settles(project, limit(1))
    with project.load("/burn?ms=50", clients=6):
        project.reaches(2)
        settles(project, limit(2))
        systemd.systemctl("daemon-reload")
        assert project.memory_max() == limit(2), f"daemon-reload put it to {project.memory_max()}"
        assert systemd.show(project.unit, "MemoryMax") == str(limit(2)), systemd.show(project.unit, "MemoryMax")
        shown = systemd.systemctl("status", project.unit)
        assert "max: 260.0M" in shown, shown
        # Written by hand, unknown to systemd: the next check puts it back.
        (project.cgroup / "memory.max").write_text("max")
        settles(project, limit(2))
    project.reaches(1)
    settles(project, limit(1))
    assert (project.cgroup / "memory.events").read_text().split("oom_kill ")[1].startswith("0")


def settles(project, bytes):
    until(lambda: project.memory_max() == bytes, lambda: f"memory.max {bytes}, is {project.memory_max()}")
