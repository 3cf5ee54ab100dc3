"""The running daemon asked and ordered through its socket, under the hardened unit: by root, and by nobody else."""

import json
import subprocess

from stage import daemon

DEADLINE = 400


def run(stage):
    project = stage.project("backdipro")
    log = stage.autoscaler({"backdipro": daemon.entry(3)})
    log.wait("CPU por")
    with project.load("/", clients=2, pause=0.1):
        said = autoscaler("scale", "backdipro", "3", "--for", "10m")
        assert "escalado a 3 workers (límite memoria: 100M por worker)" in said, said
        project.reaches(3)
        stage.hold(lambda: project.count() == 3, "the order holds although nothing asks for three", 30)
        seen = status()
        assert (seen["workers"], seen["order"]["workers"], seen["memory_limit_mib"]) == (3, 3, 360), seen
        assert "root (uid 0" in seen["order"]["by"], seen["order"]
        refused = autoscaler("scale", "backdipro", "9", code=1)
        assert "de 1 a 3 workers" in refused, refused
        why = autoscaler("why", "backdipro")
        assert "orden manual de 3 workers" in why, why
        autoscaler("pause", "backdipro", "--for", "10m")
        assert status()["order"]["workers"] is None
        stage.hold(lambda: project.count() == 3, "a pause leaves the workers alone", 20)
        autoscaler("resume", "backdipro")
        project.reaches(1)
    assert status()["order"] is None
    assert "backdipro" in autoscaler("status")
    # Orders are root's.
    refused = autoscaler("status", code=1, user="victus")
    assert "denied" in refused or "root" in refused, refused
    # What was decided outlives the daemon.
    daemon.stop()
    history = autoscaler("history", "backdipro")
    assert "backdipro" in history, history


def status():
    """The project as `status --json` shows it."""
    return next(p for p in json.loads(autoscaler("status", "--json"))["projects"] if p["name"] == "backdipro")


def autoscaler(*args, code=0, user="root"):
    """Runs the program and returns all that it prints."""
    done = subprocess.run(["sudo", "-u", user, "autoscaler", *args], text=True, capture_output=True)
    assert done.returncode == code, f"autoscaler {' '.join(args)} ended with {done.returncode}: {done.stdout}{done.stderr}"
    return done.stdout + done.stderr
