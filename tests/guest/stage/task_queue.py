"""RQ and Dramatiq as users have them: one worker in each instance of a systemd template."""

from . import celery
from .project import NEWEST

WRITE = """
import os
import time


def write(path, number):
    with open(path, "a") as journal:
        journal.write(f"{number}\\n")


def run(number, seconds):
    write("begun", number)
    time.sleep(seconds)
    write("ended", number)
"""

PUT = """
import sys
import tasks

first, count, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
for number in range(first, first + count):
    tasks.put(number, seconds)
"""

UNIT = """[Unit]
Description=Worker of {name}
After=broker.service

[Service]
User=victus
WorkingDirectory={home}
EnvironmentFile={secrets}
Environment=PYTHONPATH={newest} dramatiq_queue_prefetch=1
ExecStart=/usr/bin/python3 -m {command}
KillMode={kill_mode}
TimeoutStopSec={stop}
"""


class Service(celery.Service):
    """Instances of a template that run tasks of one of the programs."""

    environment = {"PYTHONPATH": NEWEST}

    def __init__(self, name):
        super().__init__(name, template=True)

    def install(self, kill_mode="mixed"):
        """Writes the application, Redis' unit and the template."""
        fields = {"name": self.name, "home": self.home, "secrets": celery.SECRETS, "newest": NEWEST}
        unit = UNIT.format(command=self.command, stop=self.stop, kill_mode=kill_mode, **fields)
        return self._write(WRITE + self.application, PUT, unit)

    def rules(self, most):
        """The project's entry of the configuration."""
        return celery.rules(most, service_name=self.unit, task_queue=self.task_queue)


class Rq(Service):
    """RQ, whose workers say which of them is busy."""

    task_queue = "rq"
    command = "rq.cli worker --url ${BROKER_URL} default"
    stop = 120
    application = """
import redis
import rq

queue = rq.Queue(connection=redis.Redis.from_url(os.environ["BROKER_URL"]))


def put(number, seconds):
    queue.enqueue("tasks.run", number, seconds)
"""


class Dramatiq(Service):
    """Dramatiq, whose workers say nothing."""

    task_queue = "dramatiq"
    command = "dramatiq --processes 1 --threads 1 tasks"
    stop = "infinity"
    application = """
import dramatiq
from dramatiq.brokers.redis import RedisBroker

dramatiq.set_broker(RedisBroker(url=os.environ["BROKER_URL"]))
actor = dramatiq.actor(run, max_retries=0)


def put(number, seconds):
    actor.send(number, seconds)
"""
