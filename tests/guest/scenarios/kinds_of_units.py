"""Template units, units in a slice of their own and units with delegated cgroups are found and scaled."""

from stage import daemon, systemd

DEADLINE = 600


def run(stage):
    template = stage.installed("app", unit="app@.service")
    template.unit = "app@1.service"
    template.start()
    sliced = stage.project("sliced", service="Slice=web-shop.slice")
    delegated = stage.project("delegated", service="Delegate=yes")
    names = {"app": "app@1.service", "sliced": "sliced.service", "delegated": "delegated.service"}
    stage.autoscaler({name: daemon.entry(2, service_name=unit) for name, unit in names.items()})
    for project in (template, sliced, delegated):
        with project.load("/burn?ms=50", clients=6):
            project.reaches(2)
        project.reaches(1)
    assert "web-shop.slice" in str(sliced.cgroup), sliced.cgroup
    assert systemd.show("app@1.service", "MemoryMax") == str(160 << 20), systemd.show("app@1.service", "MemoryMax")
