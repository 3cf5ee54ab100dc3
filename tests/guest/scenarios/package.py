"""The package: install, upgrade under load with the configuration kept, remove, purge; hardened to 2.5 or better."""

import json
import re
import subprocess
from pathlib import Path

from stage import daemon, systemd
from stage.wait import until

DEADLINE = 600
FILES = ["/usr/bin/autoscaler", "/usr/share/man/man1/autoscaler.1.gz", "/usr/share/bash-completion/completions/autoscaler"]


def run(stage):
    if daemon.installed():
        daemon.dpkg("--purge", "autoscaler")
    daemon.dpkg("--install", daemon.package(1))
    for path in FILES:
        assert Path(path).exists(), f"{path} is not installed"
    until(lambda: systemd.show(daemon.UNIT, "ActiveState") == "active", "the daemon runs after installation")
    assert systemd.systemctl("is-enabled", daemon.UNIT) == "enabled"
    assert oct(daemon.CONFIG.stat().st_mode & 0o022) == "0o0" and daemon.CONFIG.stat().st_uid == 0
    exposure(stage)
    own_limits()

    project = stage.project("backdipro")
    stage.autoscaler({"backdipro": daemon.entry(2)})
    with project.load("/burn?ms=50", clients=6):
        project.reaches(2)
        workers, pid, config = project.workers(), daemon.pid(), daemon.CONFIG.read_text()
        daemon.dpkg("--install", daemon.package(2))
        until(lambda: daemon.pid() not in (0, pid), "the upgrade restarted the daemon")
        assert project.workers() == workers, "the upgrade touched the workers"
        assert daemon.CONFIG.read_text() == config, "the upgrade touched the configuration"
        daemon.dpkg("--remove", "autoscaler")
        assert daemon.pid() == 0
        assert daemon.CONFIG.exists(), "removing is not purging"
        assert project.workers() == workers, "the removal touched the workers"
        daemon.dpkg("--purge", "autoscaler")
        assert project.workers() == workers
    for path in [*FILES, "/etc/autoscaler", "/var/lib/autoscaler", "/run/autoscaler"]:
        assert not Path(path).exists(), f"{path} is left after purging"
    assert not systemd.show(daemon.UNIT, "FragmentPath"), "the unit is left after purging"


def own_limits():
    """What the unit asks for, as systemd read it and as the kernel has it."""
    version = int(re.match(r"systemd (\d+)", systemd.systemctl("--version"))[1])
    wanted = {
        # The older ones serve reloads by ExecReload= alone.
        "Type": "notify-reload" if version >= 253 else "notify",
        "WatchdogUSec": "1min",
        "MemoryMax": str(512 << 20),
        "OOMScoreAdjust": "-900",
    }
    seen = {name: systemd.show(daemon.UNIT, name) for name in wanted}
    assert seen == wanted, seen
    assert (systemd.cgroup(daemon.UNIT) / "memory.max").read_text().strip() == wanted["MemoryMax"]
    assert Path(f"/proc/{daemon.pid()}/oom_score_adj").read_text().strip() == wanted["OOMScoreAdjust"]


def exposure(stage):
    """At most 2.5, and the unit's comments name all that is left, in their last list."""
    command = ["systemd-analyze", "security", "--no-pager", daemon.UNIT]
    report = subprocess.run(command, text=True, capture_output=True).stdout
    (stage.folder / "security.txt").write_text(report)
    found = re.search(r"exposure level for autoscaler.service: ([\d.]+)", report)
    assert found, report[-300:]
    stage.note(f"exposure {found[1]}")
    assert float(found[1]) <= 2.5, f"exposure {found[1]}"
    rows = json.loads(subprocess.run([*command, "--json=short"], text=True, capture_output=True, check=True).stdout)
    left = {row["name"].split("=")[0] for row in rows if row["exposure"] and not row["set"]}
    assert left, rows
    comments = Path(systemd.show(daemon.UNIT, "FragmentPath")).read_text().split("# Left open,")[1]
    unexplained = [name for name in left if not re.search(rf"^# .*\b{name}=.*  ", comments, re.M)]
    assert not unexplained, f"exposures without a reason in the unit: {unexplained}"
