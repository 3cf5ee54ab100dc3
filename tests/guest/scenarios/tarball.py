"""The tarball, unpacked and installed by the commands of its own INSTALL: the daemon runs, and scales a project."""

import subprocess

from stage import daemon, systemd
from stage.wait import until

DEADLINE = 600
NEEDS = "tarball"
PLACES = [
    "/usr/local/bin/autoscaler",
    "/usr/local/share/autoscaler",
    "/usr/local/share/man/man1",
    "/usr/local/share/bash-completion/completions/autoscaler",
    "/etc/systemd/system/autoscaler.service",
    "/etc/systemd/system/autoscaler-export.service",
    "/etc/systemd/system/multi-user.target.wants/autoscaler.service",
    "/etc/autoscaler",
    "/var/lib/autoscaler",
]


def run(stage):
    if daemon.installed():
        daemon.dpkg("--purge", "autoscaler")
    tarball = next(daemon.IN.glob("autoscaler-*-linux-*.tar.gz"))
    subprocess.run(["tar", "--extract", "--file", str(tarball), "--directory", str(stage.folder)], check=True)
    folder = next(stage.folder.glob("autoscaler-*-linux-*"))
    commands = [line.strip() for line in (folder / "INSTALL").read_text().splitlines() if line.startswith("    ")]
    assert commands, "INSTALL has no commands"
    try:
        for command in commands:
            print("#", command)
            subprocess.run(command, shell=True, cwd=folder, check=True)
        until(lambda: systemd.show(daemon.UNIT, "ActiveState") == "active", "the daemon runs after installation")
        project = stage.project("backdipro")
        log = daemon.Log()
        daemon.configure({"backdipro": daemon.entry(2)})
        stage.bounded({"backdipro": daemon.entry(2)})
        systemd.systemctl("reload", daemon.UNIT)
        with project.load("/burn?ms=50", clients=6):
            project.reaches(2)
        project.reaches(1)
        assert log.lines(), "the daemon said nothing"
        stage.note(f"{tarball.name}: {len(commands)} commands")
    finally:
        systemd.systemctl("disable", "--now", daemon.UNIT, check=False)
        subprocess.run(["rm", "-rf", *PLACES], check=True)
        systemd.systemctl("daemon-reload")
