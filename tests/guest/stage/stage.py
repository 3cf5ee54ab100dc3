"""The stage of one scenario: the projects and loads it made, and the figures of its verdict."""

import contextlib
import time

from . import daemon
from .project import Project
from .wait import always
from .watch import Watch


class Stage:
    """What a scenario is given."""

    def __init__(self, folder):
        self.folder = folder
        self.projects = []
        self.notes = []
        # What loading each of the kernel programs took, where the scenario looked.
        self.programs = []
        # (project, began, ended): its server was kept dead, or its count changed, by the scenario.
        self.dead, self.meddled = [], []
        self.watch = Watch()

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
        self.bounded(projects)
        return log

    def configure(self, projects, **rules):
        """Another configuration for the running daemon, with the bounds that are then not to be left."""
        daemon.configure(projects, **rules)
        self.bounded(projects)

    def bounded(self, projects):
        """These entries of the configuration, and no others, say what the counts may be from now on."""
        self.watch.bounds(
            {
                project: (entry["min_workers"], entry["max_workers"])
                for project in self.projects
                if (entry := projects.get(project.name))
            }
        )

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
        were under way in it may fail, and it has no workers. No other request ever may fail."""
        began = time.monotonic()
        yield
        project.answers()
        self.dead.append((project, began, time.monotonic()))

    @contextlib.contextmanager
    def by_hand(self, project):
        """The time in which the scenario itself changes a project's count, until it is back inside its bounds."""
        began = time.monotonic()
        yield
        self.watch.inside(project)
        self.meddled.append((project, began, time.monotonic()))

    def _excused(self, project, began, ended, times):
        return any(which is project and began <= over and ended >= from_ for which, from_, over in times)

    def never_failed(self):
        """The rule of every scenario: no request failed, no process was ever stopped, no count outside its bounds."""
        self.watch.end()
        for project, at, text in self.watch.outside:
            if not self._excused(project, at, at, self.dead + self.meddled):
                raise AssertionError(f"{project.unit}: {text}")
        if self.watch.stopped:
            raise AssertionError(self.watch.stopped[0])
        failures = [(project, failure) for project in self.projects for load in project.loads for failure in load.failures]
        lost = [
            failure
            for project, failure in failures
            if not self._excused(project, failure.began, failure.ended, self.dead)
        ]
        for _, failure in failures[:50]:
            print("lost:" if failure in lost else "failed while its server was dead:", failure)
        if lost:
            raise AssertionError(f"{len(lost)} requests failed while their server lived: {lost[0].error}")
        if failures:
            dead = sum(answered - began for _, began, answered in self.dead)
            self.note(f"all failed within the {dead:.1f} s in which the server was dead")

    def figures(self):
        """Requests and signals, over all projects."""
        loads = [load for project in self.projects for load in project.loads]
        return {
            "sent": sum(load.sent for load in loads),
            "failed": sum(load.failed for load in loads),
            "signals": sum(project.signals() for project in self.projects),
            "programs": self.programs,
        }
