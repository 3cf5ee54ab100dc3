"""Template units, units in a slice of their own, units with delegated cgroups and a user's own are found and scaled."""

import subprocess
from pathlib import Path

from stage import daemon, systemd

DEADLINE = 600


def run(stage):
    template = stage.installed("app", unit="app@.service")
    template.unit = "app@1.service"
    template.start()
    sliced = stage.project("sliced", service="Slice=web-shop.slice")
    delegated = stage.project("delegated", service="Delegate=yes")
    personal, manager = of_user(stage, "personal")
    try:
        names = {"app": "app@1.service", "sliced": "sliced.service", "delegated": "delegated.service"}
        entries = {name: daemon.entry(2, service_name=unit) for name, unit in names.items()}
        # systemd's system manager knows nothing of a user's units: the cgroup names it.
        entries["personal"] = daemon.entry(2, cgroup="/" + str(personal.cgroup.relative_to(systemd.CGROUPS)))
        stage.autoscaler(entries)
        for project in (template, sliced, delegated, personal):
            with project.load("/burn?ms=50", clients=6):
                project.reaches(2)
            project.reaches(1)
    finally:
        stage.bounded({})
        systemd.stop_user_manager(manager)
    assert "web-shop.slice" in str(sliced.cgroup), sliced.cgroup
    assert systemd.show("app@1.service", "MemoryMax") == str(160 << 20), systemd.show("app@1.service", "MemoryMax")


def of_user(stage, name):
    """A project that the user's own systemd runs, and the unit of that systemd."""
    project = stage.installed(name)
    system_unit = systemd.UNITS / project.unit
    folder = Path("/home/victus/.config/systemd/user")
    wanted = folder / "default.target.wants"
    wanted.mkdir(parents=True, exist_ok=True)
    (folder / project.unit).write_text(system_unit.read_text().replace("User=victus\n", ""))
    (wanted / project.unit).symlink_to(folder / project.unit)
    subprocess.run(["chown", "-R", "victus:", "/home/victus/.config"], check=True)
    system_unit.unlink()
    manager = systemd.start_user_manager("victus")
    project.cgroup = systemd.cgroup(manager) / "app.slice" / project.unit
    project.answers()
    return project, manager
