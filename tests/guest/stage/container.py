"""A project in a container: the same application, run by Docker or Podman from an image made of the guest's own files."""

import glob
import pathlib
import re
import subprocess

from . import processes, systemd
from .project import APPLICATION, HOME, NEWEST, TOLD, Project, make_user

IMAGE = "application"
ROOT = pathlib.Path("/run/image.tar")


def image():
    """Packs Python, gunicorn and a shell, with the libraries that they need: what both runtimes import as an image."""
    python = sorted(glob.glob("/usr/bin/python3*")) + glob.glob("/usr/lib/python3.*")
    programs = ["/usr/bin/python3", "/bin/sh", *glob.glob("/usr/lib/python3.*/lib-dynload/*.so")]
    told = subprocess.run(["ldd", *programs], text=True, capture_output=True).stdout
    libraries = {str(pathlib.Path(path).resolve()) for path in re.findall(r"(/\S+\.so\S*) \(", told)}
    names = set(re.findall(r"(/\S+\.so\S*) \(", told))
    paths = ["/bin", "/lib", "/lib64", "/usr/bin/sh", "/usr/bin/dash", "/etc/passwd", "/etc/group", NEWEST]
    paths += [*python, *sorted(libraries), *sorted(usr(name) for name in names)]
    listed = "\n".join(sorted({path.lstrip("/") for path in paths}))
    command = ["tar", "--create", "--file", str(ROOT), "--directory", "/", "--exclude=__pycache__", "--files-from=-"]
    subprocess.run(command, input=listed, text=True, check=True)
    return ROOT


def usr(path):
    """The same file below /usr, where /lib and /lib64 are links."""
    return path if path.startswith("/usr/") else f"/usr{path}"


class Contained(Project):
    """A container of `runtime`, a command and its first arguments. `more` are options of its `run`; `shell`: gunicorn is below
    a shell and not the container's first process."""

    def __init__(self, name, runtime, more=(), shell=False, user=None):
        self.runtime, self.more, self.shell, self.user = list(runtime), list(more), shell, user
        super().__init__(name, unit=name)

    def install(self):
        """Writes the application."""
        make_user()
        self.home = HOME / f"container-{self.port}"
        self.home.mkdir(parents=True, exist_ok=True)
        (self.home / "application.py").write_text(APPLICATION)
        return self

    def arguments(self):
        """What the runtime's `run` is given."""
        served = f"python3 -m gunicorn --workers 1 --bind 0.0.0.0:{self.port} application:app"
        command = ["sh", "-c", f"{served}; true"] if self.shell else served.split()
        options = ["--name", self.name, "--volume", f"{self.home}:/app:ro", "--workdir", "/app"]
        # gunicorn keeps its workers' heartbeats in a folder for temporary files.
        options += ["--tmpfs", "/tmp", "--env", "HOME=/tmp", "--env", f"PYTHONPATH={NEWEST}", *self.more]
        return [*options, IMAGE, *command]

    def start(self):
        """Makes the container and waits for its first answer."""
        self.call("run", "--detach", *self.arguments())
        self._cgroup = None
        try:
            self.answers()
        except AssertionError:
            logs = subprocess.run([*self.runtime, "logs", self.name], text=True, capture_output=True)
            print(f"# the container {self.name}\n{logs.stdout}{logs.stderr}")
            raise
        return self

    def call(self, *arguments, check=True):
        """Runs a command of the runtime and returns its output."""
        done = subprocess.run([*self.runtime, *arguments], text=True, capture_output=True)
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(self.runtime)} {' '.join(arguments)}: {done.stderr or done.stdout}")
        return done.stdout.strip()

    def inspect(self, template):
        """A figure that the runtime has of the container."""
        return self.call("inspect", "--format", template, self.name)

    def remove(self):
        """Ends the container, if there is one."""
        self.call("rm", "--force", self.name, check=False)

    @property
    def cgroup(self):
        """The cgroup of the container as it is now."""
        if self._cgroup is None or not self._cgroup.is_dir():
            container = self.inspect("{{.Id}}")
            found = systemd.CGROUPS.glob(f"**/*{container}*")
            self._cgroup = next(path for path in found if path.is_dir() and "conmon" not in path.name)
        return self._cgroup

    @property
    def master(self):
        """gunicorn's arbiter; 0 if there is none."""
        try:
            pids = processes.in_cgroup(self.cgroup)
        except (OSError, StopIteration, AssertionError):
            return 0
        servers = [pid for pid in pids if processes.command(pid).startswith("python3 -m gunicorn")]
        return next((pid for pid in servers if processes.parent(pid) not in servers), 0)

    def _handled(self):
        logs = subprocess.run([*self.runtime, "logs", self.name], text=True, capture_output=True)
        return sum(bool(TOLD.search(line)) for line in (logs.stdout + logs.stderr).splitlines())
