"""The tutorial, typed as written: install, configure, check, order by hand, ask why, metrics."""

import re
import shutil
import subprocess

from stage import daemon, systemd, tutorial
from stage.wait import until

DEADLINE = 600


def run(stage):
    # "Set --workers of the service to min_workers": that is the project as it stands here.
    project = stage.project("backdipro")
    checkout = stage.folder / "checkout"
    install(checkout)
    until(lambda: systemd.show(daemon.UNIT, "ActiveState") == "active", "the daemon runs after installation")
    log = daemon.Log()
    daemon.CONFIG.write_text(tutorial.block("Configure", "jsonc"))
    enter_all("Configure", checkout)
    log.wait("configuration reloaded")
    stage.bounded({"backdipro": {"min_workers": 1, "max_workers": 6}})
    for command, said in enter_all("Check", checkout):
        assert "backdipro" in said, f"{command}: {said}"

    with project.load("/burn?ms=50", clients=2):
        [(_, said)] = enter_all("Give a count by hand", checkout)
        assert "scaled to 3 workers (memory limit: 500M per worker)" in said, said
        project.reaches(3)
        assert project.memory_max() == 3 * 500 << 20, project.memory_max()
        serve_metrics(log)
        answers = enter_all("Ask what it did", checkout) + enter_all("Let Prometheus watch", checkout)
        for command, said in answers:
            assert "backdipro" in said, f"{command}: {said}"
        told = [command for command, said in answers if "3 workers" in said]
        assert len(told) >= 3, f"the order is told by {told} alone"
        (stage.folder / "answers.txt").write_text("\n".join(f"# {c}\n{said}" for c, said in answers))
        enter_all("Let the thresholds rule", checkout)
        enter("autoscaler scale backdipro 1", checkout)
        project.reaches(1)
    [(_, said)] = enter_all("See who uses the CPU", checkout)
    assert "backdipro.service" in said, said


def serve_metrics(log):
    """What the tutorial says to write into `global`, written, and taken up."""
    line = re.search(r'`("metrics": \{.*?\})` into `global`', tutorial.section("Let Prometheus watch"))[1]
    daemon.CONFIG.write_text(daemon.CONFIG.read_text().replace('"global": {', '"global": { ' + line + ",", 1))
    log.wait("metrics are served at http://127.0.0.1:9919/metrics")


def install(checkout):
    """Types the section "Install"; its first line was typed where the package was built."""
    if daemon.installed():
        daemon.dpkg("--purge", "autoscaler")
    built, *commands = tutorial.typed("Install")
    assert built == "cargo xtask dist", built
    (checkout / "target/dist").mkdir(parents=True)
    shutil.copy(daemon.package(1), checkout / "target/dist")
    for command in commands:
        enter(command, checkout)
    shutil.rmtree(checkout)
    checkout.mkdir()
    assert daemon.installed()


def enter_all(title, folder):
    """Types what a section types, and returns each command with what it printed."""
    return [(command, enter(command, folder)) for command in tutorial.typed(title)]


def enter(command, folder):
    """Types a command as root and returns what it prints."""
    print("#", command)
    done = subprocess.run(command, shell=True, cwd=folder, text=True, capture_output=True)
    print(done.stdout, done.stderr, sep="")
    assert done.returncode == 0, f"{command}: ended with {done.returncode}: {done.stderr or done.stdout}"
    return done.stdout + done.stderr
