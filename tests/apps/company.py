"""A gunicorn configuration whose master keeps company: children that are no workers."""

import multiprocessing
import subprocess
import sys

dirty_apps = ["dirty:App"]
dirty_workers = 1

_kept = []


def _keep_manager():
    _kept.append(multiprocessing.get_context("fork").Manager())


def on_starting(server):
    """Before gunicorn sets its signal handlers."""
    _keep_manager()


def when_ready(server):
    """After it has set them."""
    _keep_manager()
    _kept.append(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"]))
