"""Sites as instances of one template: each is a project with the same rules as soon as it runs, and none once it has ended."""

import json
import subprocess

from stage import daemon, systemd
from stage.project import HOME, Project

DEADLINE = 900

TEMPLATE = """[Service]
Type=notify
User=victus
WorkingDirectory={home}/%i
EnvironmentFile={home}/%i/environment
ExecStart={home}/%i/venv/bin/gunicorn --workers 1 --bind 127.0.0.1:${{PORT}} application:app
TimeoutStartSec=300
KillMode=mixed
TimeoutStopSec=30
"""


class Site(Project):
    """An instance of the template."""

    def __init__(self, name):
        super().__init__(name, unit=f"gunicorn@{name}.service")

    def write_unit(self):
        """Writes the template, and what this instance has of its own."""
        (self.home / "environment").write_text(f"PORT={self.port}\n")
        systemd.write_unit("gunicorn@.service", TEMPLATE.format(home=HOME))
        systemd.systemctl("daemon-reload")


def autoscaler(*args):
    """Runs a command of the program and returns its output."""
    return subprocess.run(["autoscaler", *args], check=True, capture_output=True, text=True).stdout


def run(stage):
    shop, blog, wiki = (Site(name).install() for name in ("shop", "blog", "wiki"))
    stage.projects += [shop, blog, wiki]
    shop.start()
    blog.start()
    rules = {
        "sites": daemon.entry(3, service_name="gunicorn@*.service"),
        # Who is named has rules of its own.
        "blog": daemon.entry(2, service_name="gunicorn@blog.service"),
    }
    log = stage.autoscaler(rules, language="en")
    before = blog.workers()
    with shop.load("/burn?ms=50", clients=6):
        shop.reaches(3, 240)
    assert blog.workers() == before, "a neighbour was changed"
    with blog.load("/burn?ms=50", clients=6):
        blog.reaches(2)
        stage.hold(lambda: blog.count() == 2, "two workers, as its own rules have it", 15)

    # One that starts later has the same rules, a held one stays held over a restart, and one that ends is gone.
    wiki.start()
    log.wait("gunicorn@wiki.service", "sites@wiki")
    autoscaler("pause", "sites@wiki")
    with stage.server_dead(wiki):
        systemd.systemctl("stop", wiki.unit)
        log.wait("gunicorn@wiki.service", "gone")
        wiki.start()
    with wiki.load("/burn?ms=50", clients=6):
        stage.hold(lambda: wiki.count() == 1, "one worker while it is paused", 15)
        autoscaler("resume", "sites@wiki")
        wiki.reaches(2)
    names = [project["name"] for project in json.loads(autoscaler("status", "--json"))["projects"]]
    assert names == ["blog", "sites@shop", "sites@wiki"], names
    shop.reaches(1, 240)
