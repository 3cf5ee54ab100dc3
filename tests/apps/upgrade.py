"""A master that is upgraded in place as gunicorn is, and stands still at the two moments in question.

USR2 forks a child, which stops itself before its exec, and again right after it, before it handles any signal.
"""

import os
import signal
import sys

GENERATION = int(os.environ.get("GENERATION", "1"))


def stand_still():
    os.kill(os.getpid(), signal.SIGSTOP)


def upgrade(*_):
    if os.fork() == 0:
        stand_still()
        with open("/proc/self/cmdline", "rb") as file:
            arguments = file.read().decode().split("\0")[:-1]
        os.execve(sys.executable, arguments, {**os.environ, "GENERATION": str(GENERATION + 1)})


if GENERATION > 1:
    stand_still()
for name in ("SIGHUP", "SIGTTIN", "SIGTTOU", "SIGCHLD"):
    signal.signal(getattr(signal, name), lambda *_: None)
signal.signal(signal.SIGUSR2, upgrade)
print("ready", flush=True)
while True:
    signal.pause()
