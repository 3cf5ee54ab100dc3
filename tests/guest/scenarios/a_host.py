"""The guest is the host the program is made for: systemd, cgroup v2 with memory, BTF, real gunicorn answering."""

import os
import pathlib

DEADLINE = 240


def run(stage):
    controllers = pathlib.Path("/sys/fs/cgroup/cgroup.controllers").read_text().split()
    assert {"cpu", "memory"} <= set(controllers), f"controllers: {controllers}"
    assert pathlib.Path("/sys/kernel/btf/vmlinux").exists(), "no BTF"
    backdipro = stage.project("backdipro")
    with backdipro.load("/", clients=2) as load:
        backdipro.reaches(1)
        os.kill(backdipro.master, 21)
        backdipro.reaches(2)
        os.kill(backdipro.master, 22)
        backdipro.reaches(1)
    assert load.sent > 0
    assert (backdipro.cgroup / "memory.current").exists()
