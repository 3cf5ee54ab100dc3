"""Two projects, one busy: the other is left alone although the host's CPU is high."""

from stage import daemon

DEADLINE = 300


def run(stage):
    busy, calm = stage.project("busy"), stage.project("calm")
    stage.autoscaler({"busy": daemon.entry(2), "calm": daemon.entry(2)})
    with calm.load("/", clients=1, pause=1.0), busy.load("/burn?ms=50", clients=6):
        busy.reaches(2)
        checks = daemon.Log()
        before = calm.workers()
        # A neighbour that keeps every CPU busy belongs to nobody: both stay as they are.
        stage.hold(lambda: calm.workers() == before, "the calm project keeps its worker", 20)
        assert not checks.find("calm.service", "scale_up"), checks.lines()
    busy.reaches(1)
    assert calm.signals() == 0
