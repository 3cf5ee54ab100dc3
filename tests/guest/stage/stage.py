"""The stage of one scenario: the projects and loads it made, and the figures of its verdict."""

import contextlib
import threading
import time

from . import daemon, processes
from .project import Project
from .wait import always


class Stage:
    """What a scenario is given."""

    def __init__(self, folder):
        self.folder = folder
        self.projects = []
        self.notes = []
        self.dead = []
        self.outside = []
        self._over = threading.Event()
        self._watchers = []

    def project(self, name, **options):
        """A project, installed and started."""
        return self.installed(name, **options).start()

    def installed(self, name, **options):
        """A project, installed but not started."""
        project = Project(name, **options).install()
        self.projects.append(project)
        return project

    def autoscaler(self, projects, **rules):
        """The daemon, started with this configuration; from here on no project may be outside its bounds."""
        log = daemon.Log()
        daemon.start(projects, **rules)
        for project in self.projects:
            if project.name in projects:
                most = projects[project.name]["max_workers"]
                watcher = threading.Thread(target=self._watch, args=(project, most), daemon=True)
                self._watchers.append(watcher)
                watcher.start()
        return log

    def _watch(self, project, most):
        while not self._over.wait(0.5):
            try:
                count = project.count()
            except OSError:
                continue  # a worker that ended while it was looked at
            if count > most:
                self.outside.append(f"{project.unit}: {count} workers, {most} may be")

    def hold(self, condition, what, seconds, every=0.5):
        """Checks that `condition()` stays true for this long."""
        always(condition, what, seconds, every)

    def note(self, text):
        """A figure for the verdict."""
        self.notes.append(text)
        print(text)

    @contextlib.contextmanager
    def server_dead(self, project):
        """The time in which the scenario itself keeps a project's server dead, until it answers again: requests that
        were under way in it may fail. No other ever may."""
        began = time.monotonic()
        yield
        project.answers()
        self.dead.append((project, began, time.monotonic()))

    def _excused(self, project, failure):
        return any(
            dead is project and failure.began <= answered and failure.ended >= began
            for dead, began, answered in self.dead
        )

    def never_failed(self):
        """The rule of every scenario: no request failed, no process was left stopped, no count over its bound."""
        self._over.set()
        for watcher in self._watchers:
            watcher.join()
        if self.outside:
            raise AssertionError(self.outside[0])
        failures = [(project, failure) for project in self.projects for load in project.loads for failure in load.failures]
        lost = [failure for project, failure in failures if not self._excused(project, failure)]
        for _, failure in failures[:50]:
            print("lost:" if failure in lost else "failed while its server was dead:", failure)
        if lost:
            raise AssertionError(f"{len(lost)} requests failed while their server lived: {lost[0].error}")
        if failures:
            dead = sum(answered - began for _, began, answered in self.dead)
            self.note(f"all failed within the {dead:.1f} s in which the server was dead")
        for project in self.projects:
            stopped = processes.stopped([project.master, *project.workers()])
            if stopped:
                raise AssertionError(f"{project.unit}: stopped processes {stopped}")

    def figures(self):
        """Requests and signals, over all projects."""
        loads = [load for project in self.projects for load in project.loads]
        return {
            "sent": sum(load.sent for load in loads),
            "failed": sum(load.failed for load in loads),
            "signals": sum(project.signals() for project in self.projects),
        }
