"""No room left, on the disk and in /run: scaling goes on, and what could not be kept is said once."""

import os
from pathlib import Path

from stage import daemon

DEADLINE = 400
FILLERS = [Path("/var/filler"), Path("/run/filler")]


def run(stage):
    project = stage.project("backdipro")
    log = stage.autoscaler({"backdipro": daemon.entry(2)})
    log.wait("CPU por")
    pid = daemon.pid()
    try:
        for filler in FILLERS:
            fill(filler)
        with project.load("/burn?ms=50", clients=6):
            project.reaches(2)
        project.reaches(1)
    finally:
        for filler in FILLERS:
            filler.unlink(missing_ok=True)
    log.wait("el historial se guarda de nuevo")
    assert daemon.pid() == pid, "the daemon was restarted"
    for part in ["no sobrevivirán", "no se guarda el historial", "el historial se guarda de nuevo"]:
        told = [line for line in log.lines() if part in line]
        assert len(told) == 1, (part, told)


def fill(path):
    """Takes all the room that is left where the file is."""
    with open(path, "wb", buffering=0) as file:
        try:
            while True:
                room = os.statvfs(path.parent)
                os.posix_fallocate(file.fileno(), file.tell(), max(room.f_bavail * room.f_frsize, 1))
                file.seek(0, os.SEEK_END)
        except OSError:
            pass
