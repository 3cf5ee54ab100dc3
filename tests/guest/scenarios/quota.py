"""A unit held back by its own CPUQuota= gets no worker that the quota would hold back too, and is told why."""

from stage import daemon, systemd

DEADLINE = 400


def run(stage):
    held = stage.project("held", service="CPUQuota=40%")
    log = stage.autoscaler({"held": daemon.entry(3)})
    with held.load("/burn?ms=50", clients=4):
        stage.note(log.wait("held.service", "cpu.max", seconds=180))
        stage.hold(lambda: held.count() == 1, "no worker that the quota would hold back", 15)
        # The advice of that line, followed.
        systemd.systemctl("set-property", "--runtime", held.unit, "CPUQuota=")
        held.reaches(2)
    held.reaches(1)
