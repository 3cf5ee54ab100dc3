"""Too little available memory blocks scaling up, with its reason, and lets go when there is enough."""

from stage import daemon

DEADLINE = 300


def run(stage):
    project = stage.project("backdipro")
    log = stage.autoscaler({"backdipro": daemon.entry(2)}, min_available_mb_per_worker=100_000)
    with project.load("/burn?ms=50", clients=6):
        blocked = log.wait("backdipro.service", "bloqueado")
        stage.note(blocked)
        stage.hold(lambda: project.count() == 1, "one worker", 15)
        stage.configure({"backdipro": daemon.entry(2)})
        project.reaches(2)
    assert log.find("ya no está bloqueado") or log.find("scale_up a 2"), log.lines()
