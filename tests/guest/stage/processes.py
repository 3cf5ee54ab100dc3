"""Processes as /proc tells of them."""


def _read(pid, name):
    """A file of a process's directory; empty when the process is gone."""
    try:
        with open(f"/proc/{pid}/{name}", "rb") as file:
            return file.read()
    except (FileNotFoundError, ProcessLookupError):
        return b""


# Of all files that tell of a process this is the one soonest read: twice a second for every process, on an emulated CPU
# of which the projects are to have 90 %.
def _state_and_parent(pid):
    """The letter of its state and the pid of its parent; nothing of both when the process is gone."""
    # proc_pid_stat(5): they follow the name, which stands in brackets and may hold some.
    fields = _read(pid, "stat").rpartition(b")")[2].split()
    return (fields[0].decode(), int(fields[1])) if fields else ("", 0)


def parent(pid):
    """The pid of its parent; 0 when the process is gone."""
    return _state_and_parent(pid)[1]


def command(pid):
    """The command line; empty when the process is gone."""
    return _read(pid, "cmdline").replace(b"\0", b" ").decode(errors="replace")


def children(pid):
    """The pids of a process's living children."""
    pids = [int(child) for child in _read(pid, f"task/{pid}/children").split()]
    return sorted(child for child in pids if _state_and_parent(child)[0] not in ("", "Z"))


def stopped(pids):
    """Those of the processes that are in state T."""
    return [pid for pid in pids if _state_and_parent(pid)[0] == "T"]


def in_cgroup(directory):
    """The pids of a cgroup and of those below it."""
    return [int(pid) for file in directory.glob("**/cgroup.procs") for pid in file.read_text().split()]
