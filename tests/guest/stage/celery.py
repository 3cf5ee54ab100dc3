"""Celery as users have it: a Redis with a password, an application that writes down every task, a systemd service."""

import pathlib
import subprocess

from . import processes, systemd
from .project import HOME, make_user
from .wait import until

PORT = 6390
PASSWORD = "hunter2"
URL = f"redis://:{PASSWORD}@127.0.0.1:{PORT}/0"
# Root's alone: the service is given what is in it, and nobody else.
SECRETS = pathlib.Path("/etc/default/celery-broker")

REDIS = f"""[Service]
ExecStart=/usr/bin/redis-server --bind 127.0.0.1 --port {PORT} --requirepass {PASSWORD} --save "" --dir /tmp
"""

APPLICATION = """
import os
import time

from celery import Celery

app = Celery("tasks", broker=os.environ["BROKER_URL"])
app.conf.task_ignore_result = True
app.conf.broker_connection_retry_on_startup = True


def write(path, number):
    with open(path, "a") as journal:
        journal.write(f"{number}\\n")


@app.task
def work(number, seconds):
    write("begun", number)
    time.sleep(seconds)
    write("ended", number)
"""

# An instance of a template takes a task only when it has ended the one before.
ONE_AT_A_TIME = """
app.conf.worker_prefetch_multiplier = 1
app.conf.task_acks_late = True
"""

PUT = """
import sys
import tasks

first, count, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
with tasks.app.producer_pool.acquire(block=True) as producer:
    for number in range(first, first + count):
        tasks.work.apply_async((number, seconds), producer=producer)
"""

UNIT = """[Unit]
Description=Celery worker of {name}
After=broker.service

[Service]
User=victus
WorkingDirectory={home}
EnvironmentFile={secrets}
ExecStart=/usr/bin/celery -A tasks worker --loglevel WARNING --concurrency 1 -n {node}@%%H
KillMode=mixed
TimeoutStopSec={stop}
"""


def rules(most, **more):
    """A project's entry of the configuration, from 1 to `most` workers, by its queue."""
    rungs = {f"scale_up_{count}": 10 * (count - 1) for count in range(2, most + 1)}
    return {
        "enabled": True,
        "min_workers": 1,
        "max_workers": most,
        "queue_thresholds": {**rungs, "scale_down_1": 1},
        "queue_duration_minutes": {"scale_up": 0.05, "scale_down": 0.1},
        "broker_url_env": "BROKER_URL",
        # A pool on an emulated CPU keeps the host busy by booting alone.
        "scale_up_on_saturated_host": True,
        "memory_per_worker_mb": 200,
        **more,
    }


class Service:
    """A Celery service: one unit with a pool, or instances of a template with a pool of one process each."""

    environment = {}

    def __init__(self, name, template=False):
        self.name, self.template = name, template
        self.unit = f"{name}@.service" if template else f"{name}.service"
        self.home = HOME / name
        self.loads = []
        self.put_so_far = 0

    def install(self, stop=120):
        """Writes the application, Redis' unit and the service's; `stop` is its TimeoutStopSec."""
        node = f"{self.name}-%%i" if self.template else self.name
        text = UNIT.format(name=self.name, home=self.home, secrets=SECRETS, node=node, stop=stop)
        return self._write(APPLICATION + ONE_AT_A_TIME * self.template, PUT, text.replace("%%", "%"))

    def _write(self, application, put, unit):
        make_user()
        self.home.mkdir(parents=True, exist_ok=True)
        (self.home / "tasks.py").write_text(application)
        (self.home / "put.py").write_text(put)
        subprocess.run(["chown", "-R", "victus:", str(self.home)], check=True)
        SECRETS.touch(mode=0o600)
        SECRETS.write_text(f"BROKER_URL={URL}\n")
        systemd.write_unit("broker.service", REDIS)
        systemd.write_unit(self.unit, unit)
        systemd.systemctl("daemon-reload")
        systemd.systemctl("start", "broker.service")
        return self

    def start(self):
        """Starts the service, of a template the instance 1, and waits for its first worker."""
        systemd.systemctl("start", self.instance(1) if self.template else self.unit)
        self.reaches(1)
        return self

    def instance(self, number):
        """The name of the template's instance of this number."""
        return self.unit.replace("@.", f"@{number}.")

    def instances(self):
        """The numbers of the instances that are up."""
        listed = systemd.systemctl("list-units", "--plain", "--no-legend", "--state=active", self.instance("*"))
        return sorted(int(line.split("@")[1].split(".")[0]) for line in listed.splitlines())

    @property
    def master(self):
        """The service's main process; of a template, that of the instance 1."""
        return systemd.main_pid(self.instance(1) if self.template else self.unit)

    def workers(self):
        """The pids of what counts as workers: pool processes, or main processes of instances."""
        if self.template:
            return [systemd.main_pid(self.instance(number)) for number in self.instances()]
        master = self.master
        # The pool is forks of the main process; its other children have command lines of their own.
        if not master:
            return []
        command = processes.command(master)
        return [pid for pid in processes.children(master) if processes.command(pid) == command]

    def count(self):
        """How many workers there are."""
        return len(self.workers())

    def reaches(self, count, seconds=240):
        """Waits until there are this many workers."""
        until(lambda: self.count() == count, lambda: f"{self.unit} at {count} workers, has {self.count()}", seconds)

    def answers(self):
        """Waits until there is a worker again."""
        self.reaches(1)

    def put(self, count, seconds):
        """Puts so many tasks into the queue, each of which takes so long."""
        command = ["python3", "put.py", str(self.put_so_far), str(count), str(seconds)]
        environment = {"BROKER_URL": URL, "PATH": "/usr/bin:/bin", **self.environment}
        subprocess.run(command, cwd=self.home, env=environment, check=True)
        self.put_so_far += count

    def ended(self):
        """The numbers of the tasks that have ended, as they ended."""
        return self._journal("ended")

    def all_ended(self, seconds=240):
        """Waits until every task has ended."""
        until(
            lambda: len(set(self.ended())) == self.put_so_far,
            lambda: f"{self.put_so_far} tasks to end; {len(self.ended())} have",
            seconds,
        )

    def exactly_once(self):
        """Every task that was put has begun once and ended once."""
        for which in ("begun", "ended"):
            seen = self._journal(which)
            assert sorted(seen) == list(range(self.put_so_far)), f"{which}: {len(seen)} of {self.put_so_far} tasks"

    def _journal(self, which):
        path = self.home / which
        return [int(line) for line in path.read_text().split()] if path.exists() else []

    def signals(self):
        """Celery takes none for its size."""
        return 0
