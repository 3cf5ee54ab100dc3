"""The clock stepped by an hour, both ways, under load: no step is taken early, none is forgotten."""

import time

from stage import daemon

DEADLINE = 400


def run(stage):
    # The newest gunicorn: 20.1 takes the step itself for a worker that hangs, and kills it.
    project = stage.project("backdipro", newest=True)
    # Held for an hour: a step within the scenario could only come from the clock.
    patient = daemon.entry(2, cpu_duration_minutes={"scale_up": 50, "scale_down": 50})
    stage.autoscaler({"backdipro": patient})
    pid = daemon.pid()
    with project.load("/burn?ms=50", clients=6):
        for hours in (1, -1, -1, 1):
            time.clock_settime(time.CLOCK_REALTIME, time.time() + 3600 * hours)
            stage.hold(lambda: project.count() == 1, "no step before its time", 8)
        stage.configure({"backdipro": daemon.entry(2)})
        time.clock_settime(time.CLOCK_REALTIME, time.time() - 3600)
        project.reaches(2)
        time.clock_settime(time.CLOCK_REALTIME, time.time() + 3600)
    project.reaches(1)
    assert daemon.pid() == pid, "the daemon did not live through it"
