"""What the machine says of itself on the kernel's command line: `guest.NAME=VALUE`."""

import pathlib


def said(name, otherwise=None):
    """The value of `guest.NAME`, as text."""
    words = pathlib.Path("/proc/cmdline").read_text().split()
    return next((word.split("=", 1)[1] for word in words if word.startswith(f"guest.{name}=")), otherwise)


# How many times as long everything may take: an emulated CPU of another architecture is slower still.
PATIENCE = int(said("patience", "1"))
