"""The eye on every project for as long as a scenario runs: no count outside its bounds, no process stopped."""

import collections
import threading
import time

from . import processes
from .wait import pause, until

EVERY = 0.5


class Watch:
    """Looks twice a second, less often on a slow machine. What it saw is judged at the end, when it is known what the
    scenario itself did."""

    def __init__(self):
        # (project, when, what was seen), and sentences.
        self.outside, self.stopped = [], []
        self._bounds = {}
        # Projects that have been inside their bounds since these are in force: before, the daemon brings them there.
        self._arrived = set()
        self._looks = collections.Counter()
        self._fault = None
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def bounds(self, bounds):
        """The fewest and the most workers, by project. What is not in it is no longer looked at."""
        with self._lock:
            changed = {project for project in bounds if self._bounds.get(project) != bounds[project]}
            self._arrived = (self._arrived & set(bounds)) - changed
            self._bounds = dict(bounds)

    def inside(self, project):
        """Waits until a project's count is inside its bounds."""
        least, most = self._bounds[project]
        until(lambda: least <= project.count() <= most, f"{project.unit} back inside {least}..{most}")

    def end(self):
        """Looks no more. Raises when it could not look."""
        self._over.set()
        self._thread.join()
        if self._fault:
            raise self._fault
        blind = [project.unit for project in self._bounds if not self._looks[project]]
        assert not blind, f"never looked at {blind}"

    def _run(self):
        rest = EVERY
        while not self._over.wait(rest):
            before = time.thread_time()
            with self._lock:
                looked_at = dict(self._bounds)
            for project, bounds in looked_at.items():
                try:
                    self._look(project, bounds)
                except OSError:
                    pass  # a process or a cgroup that ended while it was looked at
                except Exception as fault:
                    self._fault = fault
                    return
            rest = pause(EVERY, before)

    def _look(self, project, bounds):
        least, most = bounds
        at, workers = time.monotonic(), project.workers()
        if not least <= len(workers) <= most:
            # Processes are listed one after the other: what came or went meanwhile was seen by half.
            at, workers = time.monotonic(), project.workers()
        stopped = processes.stopped([project.master, *workers])
        if stopped:
            self.stopped.append(f"{project.unit}: stopped processes {stopped}")
        with self._lock:
            self._looks[project] += 1
            if self._bounds.get(project) != bounds:
                return
            if least <= len(workers) <= most:
                self._arrived.add(project)
            elif project in self._arrived:
                self.outside.append((project, at, f"{len(workers)} workers, {least} to {most} may be"))
