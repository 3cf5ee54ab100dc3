"""The stage of one scenario: the projects and loads it made, and the figures of its verdict."""

from . import processes
from .project import Project


class Stage:
    """What a scenario is given."""

    def __init__(self, folder):
        self.folder = folder
        self.projects = []
        self.notes = []
        self.may_fail = 0

    def project(self, name, **options):
        """A project, installed and started."""
        return self.installed(name, **options).start()

    def installed(self, name, **options):
        """A project, installed but not started."""
        project = Project(name, **options).install()
        self.projects.append(project)
        return project

    def note(self, text):
        """A figure for the verdict."""
        self.notes.append(text)
        print(text)

    def server_was_killed(self, requests):
        """Says that the scenario itself killed a server with at most this many requests under way."""
        self.may_fail += requests

    def never_failed(self):
        """The rule of every scenario: no request failed, no process was left stopped."""
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
