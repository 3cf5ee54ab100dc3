"""One scenario in its own process: its figures, its failure, and what is removed after it."""

import importlib
import json
import subprocess
import traceback

from . import daemon, systemd
from .stage import Stage
from .wait import until

INSIDE = "/payload/in"


def run_inside(name, folder):
    """Runs a scenario and leaves `figures.json` in the folder. Returns the exit code."""
    stage = Stage(folder)
    figures = {"result": "passed", "detail": ""}
    try:
        scenario = importlib.import_module(f"scenarios.{name}")
        scenario.run(stage)
        stage.never_failed()
    except BaseException as error:
        traceback.print_exc()
        explain(stage)
        figures = {"result": "failed", "detail": f"{error}".strip() or type(error).__name__}
    figures["detail"] = figures["detail"] or "; ".join(stage.notes)
    figures.update(stage.figures())
    (folder / "figures.json").write_text(json.dumps(figures))
    print(json.dumps(figures, indent=1))
    return figures["result"] != "passed"


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
