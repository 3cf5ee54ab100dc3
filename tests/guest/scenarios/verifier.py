"""What the kernel's verifier does before it lets the programs in: instructions gone through, time to load, held to the known figures."""

import json
import os
import pathlib
import platform
import re
import signal
import subprocess

from stage import bpf, daemon, kernel
from stage.wait import until

DEADLINE = 600
# By kernel line and program. A figure that is meant to grow is changed there, with the reason in the commit.
KNOWN = pathlib.Path(__file__).resolve().parent.parent / "verifier.json"
MORE = 1.10


def run(stage):
    if not kernel.lends_current_task():
        stage.note("no program can be loaded on this kernel")
        return
    daemon.install()
    daemon.configure({"backdipro": daemon.entry()})
    # Nothing is served here, so the daemon would not load the programs that see requests: the command does.
    requests = ["requests", "--cgroup", "system.slice", "--iterations", "0", "--json"]
    loaded, seconds = [], {}
    for arguments, is_up in ((["run"], lambda said: "eBPF" in said), (requests, lambda said: "\n" in said)):
        programs, took = load(stage, arguments, is_up)
        loaded += programs
        seconds |= took
    insns = {name: verified for name, verified in loaded if not name.startswith("sd_")}
    assert "switched" in insns and all(insns.values()), loaded
    known = figures()
    stage.programs = [
        {"program": name, "instructions": insns[name], "known": known.get(name), "seconds": seconds.get(name)}
        for name in sorted(insns, key=insns.get, reverse=True)
    ]
    stage.note(f"{sum(insns.values())} instructions in {len(insns)} programs, {sum(seconds[name] for name in insns):.2f} s")
    if not known:
        stage.note(f"no figures of {line()} to compare with in {KNOWN.name}")
        return
    new = sorted(set(insns) - set(known))
    assert not new, f"no figure for {new} on {line()} in {KNOWN.name}: {insns}"
    grown = [f"{name}: {insns[name]}, was {was}" for name, was in known.items() if insns.get(name, 0) > was * MORE]
    assert not grown, f"more than a tenth more to verify on {line()} ({'; '.join(grown)}): if it is meant, write it into {KNOWN.name}"


def load(stage, arguments, is_up):
    """Runs the program until it is up by what it says: the BPF programs that came with it, and how long each took to load."""
    before, trace, said = bpf.programs(), stage.folder / f"loading-{arguments[0]}.txt", stage.folder / f"{arguments[0]}.txt"
    strace = ["strace", "-f", "-T", "-e", "trace=bpf", "-e", "signal=none", "-o", str(trace)]
    with open(said, "w") as output:
        running = subprocess.Popen([*strace, "autoscaler", *arguments], stdout=output, stderr=output)
    try:
        until(lambda: is_up(said.read_text()), f"autoscaler {arguments[0]} is up", 240)
        came = [program for number, program in bpf.programs().items() if number not in before]
    finally:
        # Not strace, which holds back what would end it for as long as its program runs (strace(1), `-I`).
        os.kill(child_of(running.pid), signal.SIGTERM)
        running.wait()
    return came, times(trace)


def child_of(pid):
    """The one process that this one has started."""
    [child] = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(child)


def line():
    """The kernel line, and the machine where it is not the usual one."""
    version = ".".join(platform.release().split(".")[:2])
    return version if platform.machine() == "x86_64" else f"{version} {platform.machine()}"


def figures():
    """The known instruction count of each program on this kernel line."""
    return json.loads(KNOWN.read_text()).get(line(), {})


def times(trace):
    """How long the kernel took to load each program, from strace's lines: the longest where it was loaded more than once."""
    found = {}
    for told in trace.read_text().splitlines():
        loading = re.search(r'BPF_PROG_LOAD.*prog_name="(\w+)".*= \d+ <([\d.]+)>', told)
        if loading:
            found[loading[1]] = max(found.get(loading[1], 0), float(loading[2]))
    return found
