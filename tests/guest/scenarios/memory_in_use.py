"""Lowering the limit never goes under use: it waits, says so, and is made up for later."""

from stage import daemon, systemd
from stage.load import request
from stage.wait import until

DEADLINE = 300
MIB = 1 << 20


def run(stage):
    project = stage.project("backdipro")
    for _ in range(4):
        request(project.port, "/leak?mb=50")
    used = int((project.cgroup / "memory.current").read_text())
    assert used > 200 * MIB, f"{used} bytes in use"
    log = stage.autoscaler({"backdipro": daemon.entry(2)})
    with project.load("/", clients=1, pause=0.2):
        log.wait("límite de memoria bajará")
        stage.hold(
            lambda: project.memory_max() is None or project.memory_max() > used, "the limit stays above use", 15
        )
        # Another worker in its place does not hold what that one kept.
        workers = project.workers()
        with stage.by_hand(project):
            systemd.systemctl("reload", project.unit)
            until(lambda: not set(workers) & set(project.workers()), "the reload replaced the worker")
        until(lambda: project.memory_max() == 160 * MIB, lambda: f"the limit follows, is {project.memory_max()}")
    assert "oom_kill 0" in (project.cgroup / "memory.events").read_text()
