"""The signed repository: apt installs and upgrades from it, refuses what was tampered with, and purging leaves nothing behind."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from stage import daemon, systemd
from stage.wait import until

DEADLINE = 900
NEEDS = "repository"
PORT = 8099
SERVED = Path("/run/repository")
KEYRING = Path("/usr/share/keyrings/autoscaler-archive-keyring.gpg")
SOURCE = Path("/etc/apt/sources.list.d/autoscaler.sources")
# The guest reaches no other archive.
OPTIONS = ["-o", "Dir::Etc::sourcelist=/dev/null", "-o", "APT::Update::Error-Mode=any"]
OWNED = ["/etc/autoscaler", "/var/lib/autoscaler", "/run/autoscaler", "/etc/systemd/system/multi-user.target.wants/autoscaler.service"]


def run(stage):
    if daemon.installed():
        daemon.dpkg("--purge", "autoscaler")
    before = traces()
    with served():
        try:
            added(stage)
            play(stage, before)
        finally:
            for path in (KEYRING, SOURCE):
                path.unlink(missing_ok=True)


def play(stage, before):
    refuses(stage)
    serve(daemon.IN / "apt-1")
    apt("update")
    apt("install", "autoscaler")
    until(lambda: systemd.show(daemon.UNIT, "ActiveState") == "active", "the daemon runs after installation")
    assert verified() == "", verified()
    files = daemon.dpkg("--listfiles", "autoscaler").splitlines()

    project = stage.project("backdipro")
    stage.autoscaler({"backdipro": daemon.entry(2)})
    with project.load("/burn?ms=50", clients=6):
        project.reaches(2)
        workers, pid, config = project.workers(), daemon.pid(), daemon.CONFIG.read_text()
        rows = until(history, "the history has checks")
        serve(daemon.IN / "apt-2")
        apt("update")
        apt("install", "--only-upgrade", "autoscaler")
        until(lambda: daemon.pid() not in (0, pid), "the upgrade restarted the daemon")
        assert version().endswith("-2"), version()
        assert project.workers() == workers, "the upgrade touched the workers"
        assert daemon.CONFIG.read_text() == config, "the upgrade touched the configuration"
        kept = until(history, "the history has checks")
        assert kept[: len(rows)] == rows, "the upgrade lost checks of the history"
        # All but what the administrator wrote.
        assert [line.split()[-1] for line in verified().splitlines()] == [str(daemon.CONFIG)], verified()
        apt("purge", "autoscaler")
        assert daemon.pid() == 0
        assert project.workers() == workers, "the removal touched the workers"
    left = [path for path in [*files, *OWNED] if "autoscaler" in path and os.path.lexists(path)]
    assert not left, f"left after purging: {left}"
    assert traces() == before, f"left after purging: {traces() - before}"
    assert not systemd.show(daemon.UNIT, "FragmentPath"), "the unit is left after purging"
    stage.note(f"installed and upgraded by apt; {len(rows)} checks of the history kept; nothing left")


def refuses(stage):
    """Neither a package nor a list that is not what was signed is taken, nor lists that nobody signed."""
    good = daemon.IN / "apt-1"
    package = next((good / "pool").rglob("*.deb")).relative_to(good)
    lists = next((good / "dists").rglob("Packages.gz")).relative_to(good)
    for changed, step in ((package, "install"), (lists, "update"), (lists.with_suffix(""), "update"), (None, "update")):
        bad = stage.folder / "tampered"
        shutil.rmtree(bad, ignore_errors=True)
        shutil.copytree(good, bad)
        if changed is None:
            for name in ("InRelease", "Release.gpg"):
                (bad / f"dists/stable/{name}").unlink()
        else:
            if step == "update" and changed.suffix == "":
                # apt takes the compressed list where there is one.
                (bad / f"{changed}.gz").unlink()
            content = bytearray((bad / changed).read_bytes())
            content[len(content) // 2] ^= 1
            (bad / changed).write_bytes(content)
        serve(bad)
        done = try_apt("update")
        if step == "install":
            assert done.returncode == 0, done.stderr
            done = try_apt("install", "autoscaler")
        assert done.returncode != 0, f"apt took {changed or 'unsigned lists'}"
        assert not daemon.installed()
        shutil.rmtree(bad)


def added(stage):
    """Adds the repository as an administrator would: the key, and a file that says where it is."""
    shutil.copy(daemon.IN / "apt-1" / KEYRING.name, KEYRING)
    SOURCE.write_text(
        f"Types: deb\nURIs: http://127.0.0.1:{PORT}/\nSuites: stable\nComponents: main\nSigned-By: {KEYRING}\n"
    )


@contextlib.contextmanager
def served():
    """A web server that knows nothing but files."""
    serve(daemon.IN / "apt-1")
    command = [sys.executable, "-m", "http.server", str(PORT), "--bind", "127.0.0.1", "--directory", str(SERVED)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        server.terminate()
        server.wait()
        SERVED.unlink()


def serve(folder):
    """Has this folder served from now on."""
    new = SERVED.with_suffix(".new")
    new.symlink_to(folder)
    new.rename(SERVED)
    # apt asks for what has changed since, to the second.
    subprocess.run("rm -rf /var/lib/apt/lists/*stable* /var/cache/apt/archives/autoscaler*", shell=True, check=True)


def try_apt(*arguments):
    """Runs apt-get as a person would who answers every question with yes."""
    end = time.monotonic() + 60
    while True:
        done = subprocess.run(["apt-get", *OPTIONS, "--yes", *arguments], text=True, capture_output=True)
        print("# apt-get", *arguments, f"\n{done.stdout}{done.stderr}")
        # The server may not listen yet.
        if "Connection refused" not in done.stdout + done.stderr or time.monotonic() > end:
            return done
        time.sleep(1)


def apt(*arguments):
    """Runs apt-get, which has to succeed."""
    done = try_apt(*arguments)
    assert done.returncode == 0, f"apt-get {' '.join(arguments)}: {done.stderr or done.stdout}"


def verified():
    """What `dpkg -V` has against the installed files."""
    return subprocess.run(["dpkg", "--verify", "autoscaler"], text=True, capture_output=True).stdout.strip()


def version():
    """The version that is installed."""
    asked = ["dpkg-query", "-W", "-f", "${Version}", "autoscaler"]
    return subprocess.run(asked, text=True, capture_output=True, check=True).stdout


def history():
    """The project's checks, oldest first, but for the last, which may still be added to."""
    asked = ["autoscaler", "history", "backdipro", "--json"]
    done = subprocess.run(asked, text=True, capture_output=True)
    return [check["timestamp"] for check in json.loads(done.stdout)["checks"]][:-1] if done.returncode == 0 else []


def traces():
    """Files of the system's own that name the package."""
    folders = ["/etc", "/var/lib/systemd", "/var/lib/dpkg", "/usr/lib/systemd", "/usr/share", "/run/systemd", "/usr/bin"]
    found = subprocess.run(["find", *folders, "-name", "*autoscaler*"], text=True, capture_output=True).stdout.split()
    return {path for path in found if path not in (str(KEYRING), str(SOURCE))}
