"""systemd as the scenarios use it."""

import pathlib
import pwd
import shutil
import subprocess

UNITS = pathlib.Path("/etc/systemd/system")
CGROUPS = pathlib.Path("/sys/fs/cgroup")


def systemctl(*args, check=True):
    """Runs systemctl and returns its output."""
    done = subprocess.run(["systemctl", *args], text=True, capture_output=True)
    if check and done.returncode != 0:
        raise AssertionError(f"systemctl {' '.join(args)}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout.strip()


def supervisorctl(*args):
    """Runs supervisorctl, which has to succeed."""
    done = subprocess.run(["supervisorctl", *args], text=True, capture_output=True)
    if done.returncode != 0:
        raise AssertionError(f"supervisorctl {' '.join(args)}: {done.stderr or done.stdout}")


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


# The guest has no PAM module that would make a session; a user's manager needs no more of one than this.
USER_MANAGER = """[Service]
PAMName=
Environment=XDG_RUNTIME_DIR=/run/user/%i
"""
DROP_IN = pathlib.Path("/run/systemd/system/user@.service.d")


def start_user_manager(name):
    """Starts a user's own systemd. Returns its unit."""
    DROP_IN.mkdir(exist_ok=True)
    (DROP_IN / "no-pam.conf").write_text(USER_MANAGER)
    systemctl("daemon-reload")
    unit = f"user@{pwd.getpwnam(name).pw_uid}.service"
    systemctl("start", unit)
    return unit


def stop_user_manager(unit):
    """Ends it."""
    systemctl("stop", unit)
    shutil.rmtree(DROP_IN)


def user_environment(name):
    """How a program of the user's finds it."""
    folder = f"/run/user/{pwd.getpwnam(name).pw_uid}"
    return [f"XDG_RUNTIME_DIR={folder}", f"DBUS_SESSION_BUS_ADDRESS=unix:path={folder}/bus", f"HOME=/home/{name}"]
