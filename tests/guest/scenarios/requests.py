"""Requests seen in the kernel, of units that nobody has changed; where no program can see them, their listening sockets."""

import contextlib
import json
import os
import re
import signal
import subprocess
import threading
from pathlib import Path

from stage import daemon, kernel, systemd
from stage.load import connect
from stage.wait import until

DEADLINE = 600
QUICK = True

REQUESTS = 60
SLEEP = 0.05


class Shown:
    """What `autoscaler requests --json` shows of a project, pass after pass."""

    def __init__(self, project):
        path = str(project.cgroup).removeprefix("/sys/fs/cgroup")
        command = ["autoscaler", "requests", "--language", "en", "--cgroup", path, "--json", "--delay", "0.5", "-n", "0"]
        self.passes = []
        self._command = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self._command.stdout:
            shown = json.loads(line)
            self.passes.append(shown["services"][0] | {"seen_by": shown["seen_by"]})

    def next(self, count=1):
        """Waits for so many further passes and returns them all."""
        wanted = len(self.passes) + count
        until(lambda: len(self.passes) >= wanted or self._command.poll() is not None, "a further pass")
        assert self._command.poll() is None, self._command.stderr.read()
        return self.passes

    def total(self, key):
        return sum(seen[key] for seen in list(self.passes))

    def end(self):
        """Ends it as Ctrl-C does; returns what it had to say."""
        self._command.send_signal(signal.SIGINT)
        said = self._command.stderr.read()
        self._command.wait()
        self._reader.join()
        return said


@contextlib.contextmanager
def shown(project):
    view = Shown(project)
    try:
        view.next()
        yield view
    finally:
        if view._command.poll() is None:
            view.end()


def queue(seen, project):
    """The project's listening socket."""
    address = project.port if isinstance(project.port, str) else f"127.0.0.1:{project.port}"
    queues = [queue for queue in seen["listen_queues"] if queue["address"] == address]
    assert len(queues) == 1, seen
    return queues[0]


def run(stage):
    daemon.install()
    backdipro = stage.project("backdipro")
    private = stage.installed(
        "private", service="PrivateNetwork=yes", args="--bind unix:/home/victus/private/shop.sock --timeout 600"
    )
    private.port = "/home/victus/private/shop.sock"
    private.start()
    activated = stage.installed("activated", activated=True)
    systemd.write_unit("activated.socket", f"[Socket]\nListenStream=127.0.0.1:{activated.port}\n")
    systemd.systemctl("daemon-reload")
    systemd.systemctl("start", "activated.socket")
    activated.start()
    way = kernel.sees_requests_by()
    stage.note(f"by {way}")
    for project in (backdipro, private, activated):
        if way == "listen_queues":
            said = queued(project)
            stage.note(said if project is backdipro else project.name)
        else:
            exact(stage, project, way)
    if way != "listen_queues":
        abandoned(private)
    hardened(backdipro, private, way)


def queued(project):
    """Four ask one worker: three wait to be accepted, and nothing else is known. Returns what is said of that."""
    with shown(project) as view:
        with project.load(f"/sleep?ms={int(SLEEP * 1000)}", clients=4):
            until(lambda: queue(view.next()[-1], project)["waiting"] >= 2, "two to wait at the socket")
        seen = view.next()[-1]
        said = view.end()
    assert seen["seen_by"] == "listen_queues" and seen["busy"] is None and seen["waited"] is None, seen
    assert said.count("cannot be seen here") == 1, said
    assert queue(seen, project)["limit"] > 2 and not queue(seen, project)["full"], seen
    # The kernel counts what it drops for TCP alone.
    assert queue(seen, project)["dropped"] == (None if isinstance(project.port, str) else 0), seen
    return said.strip()


def exact(stage, project, way):
    """Every request is counted, and what the application took is within the time for which a worker was busy."""
    with shown(project) as view:
        first = view.passes[-1]
        assert first["seen_by"] == way, first
        with project.load(f"/sleep?ms={int(SLEEP * 1000)}", clients=4, limit=REQUESTS) as load:
            until(lambda: any(queue(seen, project)["waiting"] > 0 for seen in view.next()), "one to wait at the socket")
            until(lambda: load.sent == REQUESTS, "all to be sent")
        until(lambda: view.next() and view.total("answered") >= REQUESTS, "all to be seen", 30)
        seen = list(view.next(2))
    counts = {key: sum(one[key] for one in seen) for key in ("begun", "answered", "abandoned")}
    assert counts == {"begun": REQUESTS, "answered": REQUESTS, "abandoned": 0}, counts
    busy = sum(one["busy"] * one["covered_seconds"] for one in seen)
    assert busy >= REQUESTS * SLEEP, busy
    # One worker serves one at a time. One that ends in the middle of a look is charged to the pass before or after it.
    lasted = sum(one["covered_seconds"] for one in seen if one["busy"] > 0)
    assert busy <= lasted + 2 * SLEEP, (busy, lasted)
    waits = [one["waited"]["mean_seconds"] for one in seen if one["waited"]["mean_seconds"]]
    # Four ask one worker: three wait.
    assert max(waits) > SLEEP, waits
    stage.note(f"{project.name}: {counts['answered']} of {REQUESTS}, {busy:.2f} s busy of {REQUESTS * SLEEP:.2f} slept, wait {max(waits):.3f} s")


def abandoned(project):
    """A Unix connection whose worker is killed is told of when it goes."""
    with shown(project) as view, connect(project.port) as connection:
        connection.sendall(b"GET /sleep?ms=600000 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        until(lambda: view.next()[-1]["serving"] == 1, "one to be served")
        for pid in project.workers():
            os.kill(pid, signal.SIGKILL)
        until(lambda: view.next()[-1]["serving"] == 0, "none to be served")
        view.next()
        assert view.total("abandoned") == 1, view.passes
    project.answers()


# What its comment names for a service with a network of its own.
DROP_IN = "CapabilityBoundingSet=CAP_SYS_ADMIN\nRestrictNamespaces=net\n"
# Lines of the daemon's unit that a command which ends has no use for.
DAEMONS = re.compile(r"^(Type|ExecStart|ExecReload|Restart|RestartSec|WatchdogSec|RuntimeDirectory.*|StateDirectory.*)=.*\n", re.M)


def hardened(project, private, way):
    """What the daemon's unit may do is enough for all but the sockets of another network, and those take its drop-in."""
    seen, said = within_unit(project)
    assert seen["seen_by"] == way and queue(seen["services"][0], project), (seen, said)
    seen, said = within_unit(private)
    assert not seen["services"][0]["listen_queues"] and "takes CAP_SYS_ADMIN" in said, (seen, said)
    seen, said = within_unit(private, DROP_IN)
    assert queue(seen["services"][0], private) and "CAP_SYS_ADMIN" not in said, (seen, said)


def within_unit(project, more=""):
    """What the command shows, and says, under all the restrictions of the daemon's unit."""
    unit = Path(systemd.show(daemon.UNIT, "FragmentPath")).read_text()
    path = str(project.cgroup).removeprefix("/sys/fs/cgroup")
    command = f"/usr/bin/autoscaler requests --language en --cgroup {path} --json --delay 0.5 -n 1"
    service = f"[Service]\nType=oneshot\nExecStart={command}\nStandardOutput=file:/run/seen\nStandardError=file:/run/said\n"
    unit = DAEMONS.sub("", unit).replace("[Service]\n", service).replace("[Install]\n", f"{more}[Install]\n")
    systemd.write_unit("hardened.service", unit)
    systemd.systemctl("daemon-reload")
    for file in ("/run/seen", "/run/said"):
        Path(file).unlink(missing_ok=True)
    systemd.systemctl("start", "hardened.service")
    return json.loads(Path("/run/seen").read_text()), Path("/run/said").read_text()
