"""The kernel programs load and charge exactly what the scheduler charges; where they cannot, the daemon says why."""

import json
import subprocess

from stage import daemon, kernel

DEADLINE = 300
QUICK = True
# Passes of `top`: idle at the first and at the last, so that it does not matter when exactly the oracle is read.
PASSES = 9
LOADED = range(2, 6)


def run(stage):
    backdipro = stage.project("backdipro")
    log = stage.autoscaler({"backdipro": daemon.entry()})
    started = log.wait("CPU por")
    if not kernel.lends_current_task():
        # CPU from cpu.stat, and what is missing told once, by its name.
        assert "cpu.stat" in started, started
        stage.note(log.wait("sin eBPF (", "bpf_get_current_task_btf", "5.11"))
        with backdipro.load("/burn?ms=50", clients=4):
            backdipro.reaches(2)
        backdipro.reaches(1)
        return
    assert "eBPF" in started, log.lines()
    daemon.stop()
    path = str(backdipro.cgroup).removeprefix("/sys/fs/cgroup")
    command = ["autoscaler", "top", "--json", "--delay", "2", "--iterations", str(PASSES), "--cgroup", path]
    top = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    charged, before, load = 0, None, None
    for number, line in enumerate(top.stdout):
        result = json.loads(line)
        assert result["source"]["kind"] == "ebpf", result["source"]
        if before is None:
            before = usage(backdipro.cgroup)
        else:
            row = next(row for row in result["cgroups"] if row["path"].strip("/") == path.strip("/"))
            charged += row["cpu_ns"] or 0
        if number == LOADED.start:
            load = backdipro.load("/burn?ms=30", clients=2).__enter__()
        elif number == LOADED.stop:
            load.stop()
    assert top.wait() == 0
    counted = usage(backdipro.cgroup) - before
    assert counted > 1_000_000_000, f"only {counted} ns were used"
    ratio = charged / counted
    stage.note(f"eBPF/cpu.stat {ratio:.5f} over {counted / 1e9:.1f} s")
    assert abs(ratio - 1) <= 0.005, f"eBPF says {ratio:.5f} of cpu.stat"


def usage(cgroup):
    """usage_usec of cpu.stat, in ns."""
    fields = dict(line.split() for line in (cgroup / "cpu.stat").read_text().splitlines())
    return int(fields["usage_usec"]) * 1000
