"""Lowering the limit never goes under use: it waits, says so, and is made up for later."""

from stage import daemon
from stage.load import request

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
    assert "oom_kill 0" in (project.cgroup / "memory.events").read_text()
