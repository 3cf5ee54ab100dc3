"""systemd as the scenarios use it."""

import pathlib
import subprocess

UNITS = pathlib.Path("/etc/systemd/system")
CGROUPS = pathlib.Path("/sys/fs/cgroup")


def systemctl(*args, check=True):
    """Runs systemctl and returns its output."""
    done = subprocess.run(["systemctl", *args], text=True, capture_output=True)
    if check and done.returncode != 0:
        raise AssertionError(f"systemctl {' '.join(args)}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout.strip()


def show(unit, name):
    """A property of a unit."""
    return systemctl("show", "--value", "--property", name, unit)


def main_pid(unit):
    """The unit's main process; 0 if it is not running."""
    return int(show(unit, "MainPID"))


def cgroup(unit):
    """The unit's cgroup directory."""
    return CGROUPS / show(unit, "ControlGroup").lstrip("/")


def write_unit(name, text):
    """Writes a unit file; the manager has to be told by daemon-reload."""
    (UNITS / name).write_text(text)


def journal(unit, *args):
    """The messages of a unit in this boot, oldest first."""
    command = ["journalctl", "--boot", "--no-pager", "-o", "cat", "-u", unit, *args]
    return subprocess.run(command, text=True, capture_output=True, check=True).stdout.splitlines()
