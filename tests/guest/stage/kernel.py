"""What the guest's kernel has."""

import os


def lends_current_task():
    """Whether BPF programs may ask for the running task (bpf_get_current_task_btf, since 5.11): the kernel programs need
    it, and without them there is no run-queue wait."""
    major, minor = os.uname().release.split(".")[:2]
    return (int(major), int(minor)) >= (5, 11)


def tells_of_sockets():
    """Whether there are tracepoints for what a socket receives and sends (sock_recv_length and its like, since 6.3)."""
    major, minor = os.uname().release.split(".")[:2]
    return (int(major), int(minor)) >= (6, 3)
