"""A project as users have it: an application, a venv, a systemd service with gunicorn and one worker."""

import itertools
import pathlib
import re
import subprocess

from . import processes, systemd
from .load import Load, request
from .wait import until

HOME = pathlib.Path("/home/victus")
NEWEST = "/opt/newest"
# What a gunicorn or uvicorn master says when it handles a TTIN or a TTOU.
TOLD = re.compile(r"andling signal: tt|Received SIGTT")
_ports = itertools.count(8001)

# /burn?ms=N takes N ms of CPU time, /sleep?ms=N waits, /leak?mb=N keeps N MiB, / answers at once.
APPLICATION = '''
import os
import time
from urllib.parse import parse_qs

KEPT = []


def app(environ, start_response):
    wanted = {key: int(value[0]) for key, value in parse_qs(environ.get("QUERY_STRING", "")).items()}
    if environ["PATH_INFO"] == "/burn":
        end = time.thread_time() + wanted["ms"] / 1000
        while time.thread_time() < end:
            pass
    elif environ["PATH_INFO"] == "/sleep":
        time.sleep(wanted["ms"] / 1000)
    elif environ["PATH_INFO"] == "/leak":
        KEPT.append(os.urandom(1 << 20) * wanted["mb"])
    body = str(os.getpid()).encode()
    start_response("200 OK", [("Content-Length", str(len(body))), ("Content-Type", "text/plain")])
    return [body]


async def asgi(scope, receive, send):
    if scope["type"] != "http":
        return
    result = []
    body = app(
        {"QUERY_STRING": scope["query_string"].decode(), "PATH_INFO": scope["path"]},
        lambda status, headers: result.extend(headers),
    )
    headers = [(key.lower().encode(), value.encode()) for key, value in result]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"".join(body)})
'''

LAUNCHER = """#!/usr/bin/python3
import sys
from {module} import {name}
if __name__ == "__main__":
    sys.exit({name}())
"""

MAINS = {"gunicorn": ("gunicorn.app.wsgiapp", "run"), "uvicorn": ("uvicorn.main", "main")}

# A server of one process that knows nothing of workers.
WSGIREF = """#!/usr/bin/python3
import sys
from wsgiref.simple_server import make_server
sys.path.insert(0, ".")
from application import app
make_server("127.0.0.1", int(sys.argv[1]), app).serve_forever()
"""

UNIT = """[Unit]
Description={name}
After=network.target

[Service]
Type={type}
User=victus
WorkingDirectory={home}
{environment}
ExecStart={command}
ExecReload=/bin/kill -s HUP $MAINPID
# An emulated CPU on a crowded machine may need minutes to import gunicorn.
TimeoutStartSec=300
KillMode=mixed
TimeoutStopSec=30
{service}

[Install]
WantedBy=multi-user.target
"""


def make_user():
    """Makes the user whom the projects run as, unless it is there."""
    if subprocess.run(["id", "-u", "victus"], capture_output=True).returncode != 0:
        subprocess.run(["useradd", "--create-home", "victus"], check=True)


class Project:
    """One project. `args` are further arguments of gunicorn, `service` further lines of the unit's section.
    An `activated` gunicorn takes the sockets that systemd gives it: with `--bind fd://3` beside them 20.1 takes the
    same one twice and fails."""

    def __init__(self, name, args="", service="", newest=False, server="gunicorn", workers=1, unit=None, activated=False):
        self.name, self.unit = name, unit or f"{name}.service"
        self.home = HOME / name
        self.port = next(_ports)
        self.args, self.service, self.newest, self.server, self.workers_at_start = args, service, newest, server, workers
        self.activated = activated
        self.loads = []
        self._cgroup = None
        self._handled_before = self._handled()

    def install(self):
        """Writes the application and the unit file."""
        make_user()
        bin_folder = self.home / "venv/bin"
        bin_folder.mkdir(parents=True, exist_ok=True)
        (self.home / "application.py").write_text(APPLICATION)
        launcher = bin_folder / self.server
        if self.server in MAINS:
            module, name = MAINS[self.server]
            launcher.write_text(LAUNCHER.format(module=module, name=name))
        else:
            launcher.write_text(WSGIREF)
        launcher.chmod(0o755)
        subprocess.run(["chown", "-R", "victus:", str(self.home)], check=True)
        self.write_unit()
        return self

    def write_unit(self):
        """Writes the unit file and tells the manager."""
        binary = self.home / "venv/bin" / self.server
        if self.server == "gunicorn":
            bind = "" if self.activated or "--bind" in self.args else f"--bind 127.0.0.1:{self.port}"
            target = "" if "application:" in self.args else "application:app"
            command = f"{binary} --workers {self.workers_at_start} {bind} {self.args} {target}"
            kind = "notify"
        elif self.server == "wsgiref":
            command, kind = f"{binary} {self.port}", "simple"
        else:
            command = f"{binary} --workers {self.workers_at_start} --port {self.port} {self.args} application:asgi"
            kind = "simple"
        systemd.write_unit(
            self.unit,
            UNIT.format(
                name=self.name,
                home=self.home,
                command=command,
                type=kind,
                service=self.service,
                environment=f"Environment=PYTHONPATH={NEWEST}" if self.newest else "",
            ),
        )
        systemd.systemctl("daemon-reload")

    def start(self):
        """Starts the service and waits for its first answer."""
        systemd.systemctl("start", self.unit)
        self._cgroup = None
        self.answers()
        return self

    def answers(self):
        """Waits until the project answers."""
        until(self._answers, f"{self.unit} answers")

    def _answers(self):
        try:
            return request(self.port, timeout=10)
        except OSError:
            return None

    @property
    def master(self):
        """The master's pid: the process of the cgroup that came from outside it. 0 if there is none."""
        # Asking systemctl would be the slowest part of a scenario on an emulated CPU.
        try:
            pids = [int(pid) for pid in (self.cgroup / "cgroup.procs").read_text().split()]
        except OSError:
            return 0
        return next((pid for pid in pids if processes.parent(pid) not in (0, *pids)), 0)

    def workers(self):
        """The pids of the workers: the master's children, without the one that multiprocessing keeps for itself."""
        master = self.master
        children = processes.children(master) if master else []
        return [pid for pid in children if "resource_tracker" not in processes.command(pid)]

    def count(self):
        """How many workers there are."""
        return len(self.workers())

    def reaches(self, count, seconds=120):
        """Waits until there are this many workers."""
        until(lambda: self.count() == count, lambda: f"{self.unit} at {count} workers, has {self.count()}", seconds)

    def load(self, path="/burn?ms=50", clients=4, pause=0.0, limit=100_000):
        """A load on this project, to be used by `with`; its counts go into the verdict."""
        load = Load(self.port, path, clients, pause, limit)
        self.loads.append(load)
        return load

    @property
    def cgroup(self):
        """The unit's cgroup directory; it stays the same when the unit is restarted."""
        if self._cgroup is None:
            self._cgroup = systemd.cgroup(self.unit)
        return self._cgroup

    @cgroup.setter
    def cgroup(self, directory):
        """Where it is when the system's manager does not know the unit."""
        self._cgroup = directory

    def memory_max(self):
        """The limit in bytes; None when there is none."""
        text = (self.cgroup / "memory.max").read_text().strip()
        return None if text == "max" else int(text)

    def signals(self):
        """How often the master has said that it handles a TTIN or TTOU, since the project was installed."""
        return self._handled() - self._handled_before

    def _handled(self):
        return sum(bool(TOLD.search(line)) for line in systemd.journal(self.unit))
