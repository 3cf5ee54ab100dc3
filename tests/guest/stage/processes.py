"""Processes as /proc tells of them."""

import pathlib

PROC = pathlib.Path("/proc")


def status(pid):
    """The fields of /proc/PID/status; empty when the process is gone."""
    try:
        text = (PROC / str(pid) / "status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return {}
    return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)


def command(pid):
    """The command line; empty when the process is gone."""
    try:
        return (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""


def children(pid):
    """The pids of a process's living children."""
    try:
        pids = (PROC / str(pid) / "task" / str(pid) / "children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return sorted(int(child) for child in pids if not status(child).get("State", "Z").startswith("Z"))


def stopped(pids):
    """Those of the processes that are in state T."""
    return [pid for pid in pids if status(pid).get("State", "").startswith("T")]


def in_cgroup(directory):
    """The pids of a cgroup and of those below it."""
    return [int(pid) for file in directory.glob("**/cgroup.procs") for pid in file.read_text().split()]
