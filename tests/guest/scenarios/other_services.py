"""Three hundred other services started and stopped meanwhile: the project is scaled as ever."""

import subprocess

from stage import daemon

DEADLINE = 900


def run(stage):
    project = stage.project("backdipro")
    stage.autoscaler({"backdipro": daemon.entry(2)})
    pid = daemon.pid()
    with project.load("/burn?ms=50", clients=4):
        for batch in range(30):
            units = [
                subprocess.Popen(["systemd-run", "--quiet", f"--unit=passing-{batch}-{number}", "--collect", "true"])
                for number in range(10)
            ]
            assert not any(unit.wait() for unit in units)
        project.reaches(2)
    project.reaches(1)
    assert daemon.pid() == pid, "the daemon was restarted"
