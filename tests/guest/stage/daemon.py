"""The daemon: installed from its package, configured, watched."""

from . import systemd

UNIT = "autoscaler.service"


def stop():
    """Stops the daemon if it runs."""
    systemd.systemctl("stop", UNIT, check=False)
    systemd.systemctl("reset-failed", UNIT, check=False)
