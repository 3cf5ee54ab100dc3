"""The documented walk-through: 1 to 6 workers under load, back to 1 without, with the documented log lines."""

import re
import subprocess

from stage import daemon, systemd

DEADLINE = 900
CPUS = 4
QUICK = True

STEP = r"\[INFO\] 📊 backdipro\.service: CPU=\d+\.\d% Mem=\d+MB -> scale_{way} a {count} workers?$"
DONE = r"\[INFO\] ✅ backdipro\.service escalado a {count} workers? \(límite memoria: \d+M por worker\)$"


def run(stage):
    backdipro = stage.project("backdipro")
    assert listed() == 2, f"ps lists {listed()}: the master and one worker are there"
    entry = daemon.entry()
    log = stage.autoscaler({"backdipro": {**entry, "enabled": False}}, check_interval_seconds=6)
    log.wait("backdipro.service", "deshabilitado")
    stage.configure({"backdipro": entry}, check_interval_seconds=6)
    log.wait("configuración recargada")
    # As many requests at a time as there are CPUs: the workers are busy, and none waits for another's CPU. Long ones, so
    # that next to nothing of a CPU goes to the client that sends them: the last rung asks for 90 % of all four.
    with backdipro.load("/burn?ms=5000", clients=CPUS):
        for count in range(2, 7):
            backdipro.reaches(count, 240)
    assert listed() == 7, f"ps lists {listed()}: the master and six workers are there"
    backdipro.reaches(1, 240)
    log.wait("escalado a 1 worker")
    said = grep()
    for count in range(2, 7):
        expect(said, STEP.format(way="up", count=count))
        expect(said, DONE.format(count=count))
    expect(said, STEP.format(way="down", count=1))
    expect(said, DONE.format(count=1))
    assert "Active: active" in systemd.systemctl("status", "autoscaler")


def listed():
    """The documentation's command: ps aux | grep "backdipro.*gunicorn" | grep -v grep | wc -l"""
    command = 'ps aux | grep "backdipro.*gunicorn" | grep -v grep | wc -l'
    return int(subprocess.run(command, shell=True, text=True, capture_output=True, check=True).stdout)


def grep():
    """The documentation's command, without -f: journalctl -u autoscaler | grep backdipro"""
    command = "journalctl -u autoscaler --boot --no-pager -o cat | grep backdipro"
    return subprocess.run(command, shell=True, text=True, capture_output=True, check=True).stdout.splitlines()


def expect(lines, pattern):
    assert any(re.search(pattern, line) for line in lines), f"no line {pattern} among {lines}"
