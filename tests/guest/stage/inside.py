"""One scenario in its own process: its figures, its failure, and what is removed after it."""

import importlib
import json
import signal
import subprocess
import traceback

from . import daemon, systemd
from .stage import Stage
from .wait import Late, until

INSIDE = "/payload/in"


def run_inside(name, folder, deadline):
    """Runs a scenario and leaves `figures.json` in the folder. Returns the exit code."""
    stage = Stage(folder)
    figures = {"result": "passed", "detail": ""}
    try:
        play(name, stage, deadline)
    except BaseException as error:
        traceback.print_exc()
        explain(stage)
        figures = {"result": "failed", "detail": f"{error}".strip() or type(error).__name__}
        figures["late"] = isinstance(error, Late) and nothing_wrong(stage)
    figures["detail"] = figures["detail"] or "; ".join(stage.notes)
    figures.update(stage.figures())
    (folder / "figures.json").write_text(json.dumps(figures))
    print(json.dumps(figures, indent=1))
    return figures["result"] != "passed"


def play(name, stage, deadline):
    """The scenario itself, cut short when its time is over."""

    def over(*_):
        raise Late(f"not done after {deadline} s")

    signal.signal(signal.SIGALRM, over)
    signal.alarm(deadline)
    try:
        importlib.import_module(f"scenarios.{name}").run(stage)
        stage.never_failed()
    finally:
        signal.alarm(0)


def nothing_wrong(stage):
    """Whether a scenario that was cut short has kept the rule of all of them so far."""
    try:
        stage.never_failed()
    except Exception:
        traceback.print_exc()
        return False
    return True


def explain(stage):
    """What the daemon itself says of the projects, for whoever looks for what went wrong."""
    if not daemon.installed():
        return
    for arguments in [["status"], *(["why", project.name] for project in stage.projects)]:
        done = subprocess.run(["autoscaler", *arguments], text=True, capture_output=True)
        print("# autoscaler", *arguments, f"\n{done.stdout}{done.stderr}")


def clean_up():
    """Removes every project and the daemon's configuration; the daemon stays installed."""
    daemon.stop()
    for unit in systemd.UNITS.glob("*"):
        if unit.is_file() and not unit.is_symlink() and unit.name not in ("scenarios.service",):
            name = unit.name.replace("@.", "@*.")
            systemd.systemctl("kill", "--signal=SIGCONT", name, check=False)
            systemd.systemctl("stop", name, check=False)
            systemd.systemctl("reset-failed", name, check=False)
            unit.unlink()
    subprocess.run("rm -rf /run/systemd/system.control/* /etc/systemd/system.control/* /home/victus/* /home/victus/.config", shell=True)
    systemd.systemctl("daemon-reload")
    until(lambda: not systemd.systemctl("list-jobs", "--no-legend"), "the manager's jobs are done")
