"""CPUs that go offline and come back while the daemon measures: no check fails, and scaling goes on."""

from pathlib import Path

from stage import daemon
from stage.wait import until

DEADLINE = 400
LAST = sorted(Path("/sys/devices/system/cpu").glob("cpu[1-9]*/online"))[-1]


def run(stage):
    backdipro = stage.project("backdipro")
    log = stage.autoscaler({"backdipro": daemon.entry(2)})
    pid = daemon.pid()
    try:
        with backdipro.load("/burn?ms=50", clients=4) as load:
            for _ in range(10):
                LAST.write_text("0")
                served = load.sent
                until(lambda: load.sent > served + 5, "it serves on one CPU less")
                LAST.write_text("1")
            backdipro.reaches(2)
    finally:
        LAST.write_text("1")
    backdipro.reaches(1)
    assert daemon.pid() == pid, "the daemon was restarted"
    failed = log.find("flush")
    assert not failed, failed
