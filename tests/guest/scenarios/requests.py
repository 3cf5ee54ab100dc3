"""Requests seen in the kernel, of a unit that nobody has changed; where the kernel has no tracepoints for it, that is said."""

import json
import subprocess

from stage import kernel

DEADLINE = 240
QUICK = True


def run(stage):
    backdipro = stage.project("backdipro")
    path = str(backdipro.cgroup).removeprefix("/sys/fs/cgroup")
    command = ["autoscaler", "requests", "--language", "en", "--cgroup", path, "--json", "--delay", "2", "-n", "6"]
    if not kernel.tells_of_sockets():
        refused = subprocess.run(command, capture_output=True, text=True)
        assert refused.returncode == 1 and "requests cannot be seen here" in refused.stderr, refused
        stage.note(refused.stderr.strip())
        return
    with backdipro.load("/burn?ms=30", clients=2):
        shown = subprocess.run(command, capture_output=True, text=True, check=True)
    passes = [json.loads(line)["services"][0] for line in shown.stdout.splitlines()]
    answered = sum(seen["answered"] for seen in passes)
    assert len(passes) == 6 and answered > 10, passes
    assert all(seen["abandoned"] == 0 for seen in passes), passes
    busy = max(seen["busy"] for seen in passes)
    # One worker serves one at a time.
    assert 0.3 < busy <= 1.05, passes
    # Two ask one worker: one of them waits.
    assert max(seen["waited"]["mean_seconds"] or 0 for seen in passes) > 0.005, passes
    stage.note(f"{answered} answered in 12 s, busy {busy:.2f}, {passes[-1]['waited']['mean_seconds']:.3f} s of wait")
