"""Three projects share one budget of memory and one of them asks for more than all of it: no request fails, nobody sways to and fro."""

import contextlib
import json
import math
import pathlib
import re
import subprocess

from stage import daemon
from stage.wait import until

DEADLINE = 3600
# Workers that the budget has room for; the three ask for some twelve.
ROOM = 7
# For so long the load stays as it is, after the first steps.
CALM = 30 * 60
# How often a count may go back on its last step in that time.
SWAYS = 2
# Of 100 requests, those that may wait for over 400 ms.
PROMISED = 5


def run(stage):
    starving, busy, calm = (stage.project(name) for name in ("starving", "busy", "calm"))
    projects = (starving, busy, calm)
    each = max(mib for project in projects for mib in held_mib(project))
    entry = {"enabled": True, "min_workers": 1, "max_workers": 8, "policy": "target", "target": {"wait_ms": 400, "percent": PROMISED}}
    # What a worker holds grows a little with its first requests.
    budget = math.ceil(1.1 * each * ROOM)
    log = stage.autoscaler({project.name: entry for project in projects}, budget={"memory_mb": budget})
    with (
        starving.load("/sleep?ms=400", clients=12),
        busy.load("/sleep?ms=400", clients=2, pause=0.2),
        calm.load("/sleep?ms=100", clients=1, pause=1.0),
    ):
        spent = log.wait("starving.service", "presupuesto de memoria está gastado", seconds=600)
        stage.note(spent)
        until(lambda: starving.count() >= 3, "the starving project has its share", 600)
        before = {project: project.count() for project in projects}
        log = daemon.Log()
        held = []

        def is_kept():
            held.append(sum(mib for project in projects for mib in held_mib(project)))
            return held[-1] <= budget

        stage.hold(is_kept, lambda: f"the budget of {budget} MiB is kept, {held[-1]:.0f} are held", CALM, every=5)
        stage.note(f"{min(held):.0f} to {max(held):.0f} MiB held of {budget}")
        steps = {project: counts(log, project, before[project]) for project in projects}
    for project, seen in steps.items():
        stage.note(f"{project.name}: {' '.join(map(str, seen))}")
        swayed = reversals(seen)
        assert swayed <= SWAYS, f"{project.name} swayed {swayed} times: {seen}"
    late = {name: kept["week"]["late_percent"] for name, kept in promises().items()}
    stage.note("late: " + ", ".join(f"{name} {percent:.2f} %" for name, percent in late.items()))
    # Who has enough keeps what is promised, whatever the starving one would like.
    assert late["busy"] <= PROMISED and late["calm"] <= PROMISED, late


def promises():
    """How the daemon says that each project's promise is kept."""
    status = json.loads(subprocess.run(["autoscaler", "status", "--json"], check=True, capture_output=True).stdout)
    return {project["name"]: project["promise"] for project in status["projects"]}


def held_mib(project):
    """What each worker of a project holds, each shared page by its share, MiB."""
    held = []
    for pid in project.workers():
        with contextlib.suppress(OSError):  # It has ended meanwhile.
            rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
            held.append(int(re.search(r"^Pss:\s+(\d+) kB$", rollup, re.M)[1]) / 1024)
    return held


def counts(log, project, first):
    """The counts that a project was brought to, one after the other."""
    scaled = re.compile(rf"{re.escape(project.unit)} escalado a (\d+) worker")
    return [first, *(int(found[1]) for line in log.lines() if (found := scaled.search(line)))]


def reversals(seen):
    """How often a step went the other way than the one before it."""
    ways = [after - before for before, after in zip(seen, seen[1:]) if after != before]
    return sum(one * other < 0 for one, other in zip(ways, ways[1:]))
