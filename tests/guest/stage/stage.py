"""The stage of one scenario: the projects and loads it made, and the figures of its verdict."""

import threading

from . import daemon, processes
from .project import Project
from .wait import always


class Stage:
    """What a scenario is given."""

    def __init__(self, folder):
        self.folder = folder
        self.projects = []
        self.notes = []
        self.may_fail = 0
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

    def server_was_killed(self, requests):
        """Says that the scenario itself killed a server with at most this many requests under way."""
        self.may_fail += requests

    def never_failed(self):
        """The rule of every scenario: no request failed, no process was left stopped, no count over its bound."""
        self._over.set()
        for watcher in self._watchers:
            watcher.join()
        if self.outside:
            raise AssertionError(self.outside[0])
        failures = [failure for project in self.projects for load in project.loads for failure in load.failures]
        for failure in failures[:50]:
            print("failed:", failure)
        if len(failures) > self.may_fail:
            raise AssertionError(f"{len(failures)} requests failed, {self.may_fail} may: {failures[0]}")
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
