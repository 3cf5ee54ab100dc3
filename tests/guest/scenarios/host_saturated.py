"""On a host whose CPUs are all busy a project that waits for one gets no worker that would only wait too."""

from stage import daemon, kernel, systemd

DEADLINE = 400

NEIGHBOUR = """[Service]
ExecStart=/bin/sh -c 'for i in 1 2 3 4; do while :; do :; done & done; wait'
"""


def run(stage):
    # A third of a CPU is its share beside the neighbour: its one worker wants three times that.
    crowded = stage.project("crowded", service="CPUWeight=20")
    systemd.write_unit("neighbour.service", NEIGHBOUR)
    systemd.systemctl("daemon-reload")
    systemd.systemctl("start", "neighbour.service")
    # The share that a crowd leaves is small, so the rungs are: the wait is what counts here.
    rungs = {"scale_up_2": 15, "scale_down_1": 5}
    log = stage.autoscaler({"crowded": daemon.entry(2, cpu_thresholds=rungs)})
    with crowded.load("/burn?ms=50", clients=4):
        if kernel.lends_current_task():
            stage.note(log.wait("crowded.service", "CPU libre", seconds=180))
            stage.hold(lambda: crowded.count() == 1, "no worker that the host has no CPU for", 15)
            systemd.systemctl("stop", "neighbour.service")
        else:
            # Without the wait nobody can tell; what was measured decides.
            stage.note("no run-queue wait on this kernel: the rule cannot be applied")
        crowded.reaches(2)
    crowded.reaches(1)
