"""A service that does not catch the signals is never stopped and never harmed, whatever its load."""

from stage import daemon, processes, systemd
from stage.wait import until

DEADLINE = 240

UNIT = """[Service]
ExecStart=/bin/sh -c 'while :; do :; done'
"""

WRAPPED = """[Service]
ExecStart=/bin/sh -c '/bin/sh -c "while :; do :; done"; true'
"""


def run(stage):
    plain = stage.project("plain", server="wsgiref")
    units = {"loop": UNIT, "wrapped": WRAPPED}
    for name, text in units.items():
        systemd.write_unit(f"{name}.service", text)
    systemd.systemctl("daemon-reload")
    systemd.systemctl("start", *units)
    units["plain"] = None
    before = {name: systemd.main_pid(name) for name in units}
    with plain.load("/burn?ms=50", clients=3) as load:
        log = stage.autoscaler({name: daemon.entry(3) for name in units})
        for name in units:
            stage.note(log.wait(f"{name}.service", "no atiende SIGTTIN y SIGTTOU"))
        served = load.sent
        stage.hold(lambda: unharmed(before), "the services run as before", 30)
        until(lambda: load.sent > served + 20, "it serves on")


def unharmed(before):
    """Whether every service has the main process that it had, and nothing in it is stopped."""
    pids = [pid for name in before for pid in processes.in_cgroup(systemd.cgroup(f"{name}.service"))]
    return not processes.stopped(pids) and {name: systemd.main_pid(name) for name in before} == before
