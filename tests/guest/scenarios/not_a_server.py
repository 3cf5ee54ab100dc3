"""A service that does not catch the signals is never stopped and never harmed, whatever its load."""

from stage import daemon, processes, systemd

DEADLINE = 240

UNIT = """[Service]
ExecStart=/bin/sh -c 'while :; do :; done'
"""

WRAPPED = """[Service]
ExecStart=/bin/sh -c '/bin/sh -c "while :; do :; done"; true'
"""


def run(stage):
    units = {"loop": UNIT, "wrapped": WRAPPED}
    for name, text in units.items():
        systemd.write_unit(f"{name}.service", text)
    systemd.systemctl("daemon-reload")
    systemd.systemctl("start", *units)
    before = {name: systemd.main_pid(name) for name in units}
    log = stage.autoscaler({name: daemon.entry(3) for name in units})
    for name in units:
        stage.note(log.wait(f"{name}.service"))

    def unharmed():
        pids = [pid for name in units for pid in processes.in_cgroup(systemd.cgroup(f"{name}.service"))]
        return not processes.stopped(pids) and {name: systemd.main_pid(name) for name in units} == before

    stage.hold(unharmed, "the services run as before", 30)
