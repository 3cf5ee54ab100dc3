"""A Celery application that writes down every task when it begins and when it ends."""

import json
import os
import time

from celery import Celery
from celery.signals import worker_ready
from celery.worker.control import Panel
from kombu import Queue

app = Celery("tasks", broker=os.environ["BROKER_URL"])
app.conf.task_ignore_result = True
app.conf.broker_connection_retry_on_startup = True
app.conf.broker_connection_max_retries = None
if "QUEUE" in os.environ:
    app.conf.task_default_queue = os.environ["QUEUE"]
if "PREFETCH" in os.environ:
    # The command line's 0 is taken for none given, and the default of 4 stands.
    app.conf.worker_prefetch_multiplier = int(os.environ["PREFETCH"])
options = {}
if "KEY_PREFIX" in os.environ:
    options["global_keyprefix"] = os.environ["KEY_PREFIX"]
if "PRIORITY_STEPS" in os.environ:
    options["priority_steps"] = [int(step) for step in os.environ["PRIORITY_STEPS"].split(",")]
if "SEPARATOR" in os.environ:
    options["sep"] = os.environ["SEPARATOR"]
if "QUEUE_KIND" in os.environ:
    # RabbitMQ's: what the queue is declared with.
    app.conf.task_queues = [Queue(app.conf.task_default_queue, queue_arguments=json.loads(os.environ["QUEUE_KIND"]))]
if "VISIBILITY_TIMEOUT" in os.environ:
    options["visibility_timeout"] = int(os.environ["VISIBILITY_TIMEOUT"])
    # A worker looks for such tasks every 100 s unless told otherwise.
    options["unacked_restore_interval"] = options["unacked_restore_throttle"] = 1
app.conf.broker_transport_options = options

BEGUN = os.environ["JOURNAL"] + ".begun"
ENDED = os.environ["JOURNAL"] + ".ended"


def write(path, number):
    # One write of a short line in append mode: the lines of several processes never mix.
    with open(path, "a") as journal:
        journal.write(f"{number} {os.getpid()}\n")


if "SLOW_GROWTH" in os.environ:
    # A worker that is long in taking commands: it does what it was told, and answers, so many seconds late.
    def slowly(state, n=1, grow=Panel.data["pool_grow"], **more):
        time.sleep(float(os.environ["SLOW_GROWTH"]))
        return grow(state, n=n, **more)

    Panel.data["pool_grow"] = slowly


@worker_ready.connect
def ready(sender, **_):
    """Says so by a file, once the worker listens: it subscribes to commands a moment after this signal."""
    if "READY" in os.environ:
        sender.timer.call_after(0.5, lambda: open(os.environ["READY"], "w").close())


@app.task
def work(number, seconds):
    write(BEGUN, number)
    time.sleep(seconds)
    write(ENDED, number)


@app.task
def burn(number, seconds):
    write(BEGUN, number)
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass
    write(ENDED, number)
