"""A step up that could get no CPU is blocked, and the two causes are told apart: a full host, the project's own quota."""

from stage import daemon, systemd

DEADLINE = 500

NEIGHBOUR = """[Service]
ExecStart=/bin/sh -c 'for i in 1 2 3 4; do while :; do :; done & done; wait'
"""


def run(stage):
    held = stage.project("held", service="CPUQuota=40%")
    log = stage.autoscaler({"held": daemon.entry(3)})
    with held.load("/burn?ms=50", clients=4):
        stage.note(log.wait("held.service", "cpu.max", seconds=180))
        stage.hold(lambda: held.count() <= 2, "no worker that the quota would hold back", 10)

    crowded = stage.project("crowded")
    systemd.write_unit("neighbour.service", NEIGHBOUR)
    systemd.systemctl("daemon-reload")
    systemd.systemctl("start", "neighbour.service")
    # The share that a crowd leaves is small, so the rungs are: the wait is what counts here.
    rungs = {"scale_up_2": 5, "scale_up_3": 10}
    log = stage.autoscaler({"crowded": daemon.entry(3, cpu_thresholds=rungs)})
    with crowded.load("/burn?ms=50", clients=4):
        stage.note(log.wait("crowded.service", "CPU libre", seconds=180))
        stage.hold(lambda: crowded.count() == 1, "no worker that the host has no CPU for", 10)
    systemd.systemctl("stop", "neighbour.service")
