"""A systemd unit that is `docker run`: the project is its container, in a cgroup of its own, through restarts with new ids."""

from stage import daemon, systemd
from stage.container import IMAGE, Contained, image
from stage.project import make_user
from stage.wait import until

DEADLINE = 1500
NEEDS = "runtimes"
DOCKER_UNITS = ["docker.socket", "docker.service", "containerd.service"]
# Far enough apart for an emulated CPU on a crowded machine.
RUNGS = {"scale_up_2": 30, "scale_down_1": 10}

UNIT = """[Unit]
After=docker.service
Requires=docker.service

[Service]
ExecStart=/usr/bin/docker run --rm {arguments}
ExecStop=/usr/bin/docker stop {name}
"""


class InUnit(Contained):
    """A container that a unit runs in the foreground."""

    def start(self):
        """Writes the unit, starts it and waits for the first answer."""
        arguments = " ".join(self.arguments())
        systemd.write_unit(f"{self.name}.service", UNIT.format(arguments=arguments, name=self.name))
        systemd.systemctl("daemon-reload")
        systemd.systemctl("start", f"{self.name}.service")
        self._cgroup = None
        self.answers()
        return self


def run(stage):
    make_user()
    packed = image()
    systemd.systemctl("unmask", *DOCKER_UNITS)
    systemd.systemctl("start", "docker.service")
    shop = InUnit("shop", ["docker"], ["--network", "host"])
    try:
        shop.call("import", str(packed), IMAGE)
        shop.install().start()
        stage.projects.append(shop)
        log = stage.autoscaler(
            {"shop": daemon.entry(2, container="shop", cpu_thresholds=RUNGS, scale_up_on_saturated_host=True)}, language="en"
        )
        up_and_down(shop)
        before = shop.inspect("{{.Id}}")
        with stage.server_dead(shop):
            systemd.systemctl("restart", "shop.service")
            until(lambda: shop.call("ps", "--quiet", "--no-trunc", "--filter", "name=shop") not in ("", before), "another id")
        up_and_down(shop)
        with stage.server_dead(shop):
            systemd.systemctl("stop", "shop.service")
            log.wait("shop:", "container")
            systemd.systemctl("start", "shop.service")
        up_and_down(shop)
    finally:
        stage.bounded({})
        systemd.systemctl("stop", "shop.service", check=False)
        systemd.systemctl("stop", *DOCKER_UNITS)


def up_and_down(project):
    with project.load("/burn?ms=50", clients=6):
        project.reaches(2)
    project.reaches(1)
