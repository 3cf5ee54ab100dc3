"""Servers in containers of Docker and Podman, root's and a user's, are scaled by their names, through restarts and faults."""

import json
import subprocess
from pathlib import Path

from stage import daemon, systemd
from stage.container import IMAGE, Contained, image
from stage.project import make_user
from stage.wait import until

DEADLINE = 2400
NEEDS = "runtimes"
DOCKER_UNITS = ["docker.socket", "docker.service", "containerd.service"]
MIB = 1 << 20
# Far enough apart for an emulated CPU on a crowded machine.
RUNGS = {"scale_up_2": 30, "scale_down_1": 10}


def run(stage):
    make_user()
    packed = image()
    systemd.systemctl("unmask", *DOCKER_UNITS, "podman.socket", "podman.service")
    # Containers outlive the engine, as an administrator would have it who upgrades Docker; its proxy for ports would not.
    Path("/etc/docker").mkdir(exist_ok=True)
    Path("/etc/docker/daemon.json").write_text(json.dumps({"live-restore": True, "userland-proxy": False}))
    systemd.systemctl("start", "docker.service")
    manager = systemd.start_user_manager("victus")
    made = []
    try:
        made += containers(stage, packed)
        stage.note(", ".join(f"{project.name} in {project.cgroup.parent.name}" for project in made))
        entries = {
            "docker": entry(container="docker"),
            "podman": entry(container="podman:podman"),
            "rootless": entry(container="rootless", container_user="victus"),
        }
        stage.autoscaler(entries, language="en")
        for project in made:
            up_and_down(stage, project)
        docker, podman, _ = made
        started_anew(stage, docker)
        paused(stage, docker)
        engine_away(stage, docker)
        one_name(stage, docker)
        runtime_knows(podman)
    finally:
        stage.bounded({})
        for project in made:
            project.remove()
        systemd.stop_user_manager(manager)
        systemd.systemctl("stop", "podman.socket", *DOCKER_UNITS)


def entry(**more):
    return daemon.entry(2, cpu_thresholds=RUNGS, scale_up_on_saturated_host=True, **more)


def containers(stage, packed):
    """One of each kind: behind Docker's own network, below a shell in root's Podman, and in a user's own."""
    user = ["runuser", "--user", "victus", "--", "env", *systemd.user_environment("victus"), "podman"]
    docker = Contained("docker", ["docker"])
    docker.more = ["--publish", f"127.0.0.1:{docker.port}:{docker.port}"]
    podman = Contained("podman", ["podman"], ["--network", "host"], shell=True)
    rootless = Contained("rootless", user, ["--network", "host"], user="victus")
    packed.chmod(0o644)
    for project in (docker, podman, rootless):
        project.call("import", str(packed), IMAGE)
        project.install().start()
        stage.projects.append(project)
    return docker, podman, rootless


def up_and_down(stage, project):
    with project.load("/burn?ms=50", clients=6):
        project.reaches(2)
        # The files of a user's own cgroup are the user's: the daemon's unit may not write them.
        if project.name != "rootless":
            until(lambda: project.memory_max() == 260 * MIB, f"{project.name}: a limit for two", 30)
        if project.name == "docker":
            assert project.inspect("{{.HostConfig.Memory}}") == str(260 * MIB), project.inspect("{{.HostConfig.Memory}}")
        if project.name == "podman":
            scope = project.cgroup.name
            assert systemd.show(scope, "MemoryMax") == str(260 * MIB), systemd.show(scope, "MemoryMax")
    project.reaches(1)
    if project.name != "rootless":
        until(lambda: project.memory_max() == 160 * MIB, f"{project.name}: a limit for one", 30)


def started_anew(stage, docker):
    """A restart keeps the id and has other processes; a new container has another id. Both are followed."""
    with stage.server_dead(docker):
        docker.call("restart", docker.name)
    up_and_down(stage, docker)
    log = daemon.Log()
    with stage.server_dead(docker):
        docker.call("stop", docker.name)
        log.wait("docker:", "the container docker does not run (exited)")
        before = docker.inspect("{{.Id}}")
        docker.remove()
        docker.start()
        assert docker.inspect("{{.Id}}") != before
    up_and_down(stage, docker)


def paused(stage, docker):
    log = daemon.Log()
    docker.call("pause", docker.name)
    log.wait("docker:", "is frozen")
    docker.call("unpause", docker.name)
    docker.answers()
    log.wait("docker:", "no longer blocked")


def engine_away(stage, docker):
    """The engine is stopped, as for an upgrade: its containers go on, and so does the scaling."""
    log = daemon.Log()
    systemd.systemctl("stop", *DOCKER_UNITS[:2])
    with docker.load("/burn?ms=50", clients=6):
        docker.reaches(2)
        assert docker.memory_max() == 260 * MIB
    log.wait("docker:", "does not know of the limit")
    docker.reaches(1)
    systemd.systemctl("start", *DOCKER_UNITS[:2])
    until(lambda: docker.inspect("{{.HostConfig.Memory}}") == str(160 * MIB), "Docker knows the limit again", 60)


def one_name(stage, docker):
    """Podman runs one of the same name: it is not guessed which is meant."""
    log = daemon.Log()
    other = Contained("docker", ["podman"], ["--network", "host"]).install()
    try:
        other.start()
        log.wait("docker:", "Docker and Podman each run a container docker")
    finally:
        other.remove()
    log.wait("docker:", "no longer blocked")


def runtime_knows(podman):
    """With Podman's API switched on, Podman itself has the limit."""
    systemd.systemctl("start", "podman.socket")
    with podman.load("/burn?ms=50", clients=6):
        podman.reaches(2)
        until(lambda: podman.memory_max() == 260 * MIB, "a limit for two", 30)
    podman.reaches(1)
    said = subprocess.run(["autoscaler", "check"], text=True, capture_output=True)
    assert "Podman's container" in said.stdout, said.stdout
