"""Three servers below supervisord, in one unit: each is told by its command line and scaled on the CPU of its own processes."""

import shutil
from pathlib import Path

from stage import daemon, processes, systemd
from stage.project import HOME, Project

DEADLINE = 900
NEEDS = "runtimes"
UNIT = "supervisor.service"
FOLDER = Path("/etc/supervisor/conf.d")

PROGRAM = """[program:{name}]
command={home}/venv/bin/gunicorn --workers 1 --bind 127.0.0.1:{port} application:app
directory={home}
user=victus
"""


class Supervised(Project):
    """A program of supervisord's."""

    def write_unit(self):
        """Writes its section of supervisord's configuration."""
        (FOLDER / f"{self.name}.conf").write_text(PROGRAM.format(name=self.name, home=self.home, port=self.port))
        self.unit = f"{self.name}.service"

    @property
    def master(self):
        """Its server; 0 if there is none."""
        pids = processes.in_cgroup(systemd.cgroup(UNIT))
        mine = [pid for pid in pids if f"{HOME / self.name}/venv/bin/gunicorn" in processes.command(pid)]
        return next((pid for pid in mine if processes.parent(pid) not in mine), 0)

    def _handled(self):
        return 0


def run(stage):
    projects = [Supervised(name).install() for name in ("shop", "blog", "wiki")]
    stage.projects += projects
    systemd.systemctl("unmask", UNIT)
    systemd.systemctl("start", UNIT)
    try:
        entries = {
            project.name: daemon.entry(2, service_name=UNIT, process={"command": f"{project.home}/venv/bin/gunicorn"})
            for project in projects
        }
        for project in projects:
            project.answers()
        limit = (systemd.cgroup(UNIT) / "memory.max").read_text()
        stage.autoscaler(entries, language="en")
        shop, blog, _ = projects
        for busy in (shop, blog):
            others = [project for project in projects if project is not busy]
            before = [project.workers() for project in others]
            with busy.load("/burn?ms=50", clients=6):
                busy.reaches(2)
            assert [project.workers() for project in others] == before, "a neighbour was changed"
            busy.reaches(1)
        # supervisord starts it anew, with another pid.
        log = daemon.Log()
        with stage.server_dead(shop):
            systemd.supervisorctl("stop", "shop")
            log.wait("no process there has the command line", str(shop.home))
            systemd.supervisorctl("start", "shop")
        with shop.load("/burn?ms=50", clients=6):
            shop.reaches(2)
        shop.reaches(1)
        assert (systemd.cgroup(UNIT) / "memory.max").read_text() == limit, "the limit of all three was changed"
    finally:
        stage.bounded({})
        systemd.systemctl("stop", UNIT)
        shutil.rmtree(FOLDER)
        FOLDER.mkdir()
