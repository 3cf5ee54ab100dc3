"""A worker that leaks is stopped by its project's own limit, and the project and its neighbours live on."""

from stage import daemon
from stage.load import request
from stage.wait import until

DEADLINE = 400


def run(stage):
    leaky = stage.project("leaky", service="OOMPolicy=continue")
    other = stage.project("other")
    stage.autoscaler({"leaky": daemon.entry(2), "other": daemon.entry(2)})
    until(lambda: leaky.memory_max(), "the limit is set")
    before = leaky.workers()
    with other.load("/", clients=1, pause=0.2):
        with stage.server_dead(leaky):
            for _ in range(40):
                try:
                    request(leaky.port, "/leak?mb=20", timeout=30)
                except OSError:
                    break
            else:
                raise AssertionError("800 MiB leaked under a limit of 160")
            until(lambda: kills(leaky) > 0, "the kernel ended the leaking worker")
        until(lambda: leaky.count() == 1 and leaky.workers() != before, "a new worker took its place")
        assert kills(other) == 0


def kills(project):
    text = (project.cgroup / "memory.events").read_text()
    return int(text.split("oom_kill ")[1].split()[0])
