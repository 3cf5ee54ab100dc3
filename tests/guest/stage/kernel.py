"""What the guest's kernel has."""

import os
import platform


def lends_current_task():
    """Whether BPF programs may ask for the running task (bpf_get_current_task_btf, since 5.11): the kernel programs need
    it, and without them there is no run-queue wait."""
    major, minor = os.uname().release.split(".")[:2]
    return (int(major), int(minor)) >= (5, 11)


def sees_requests_by():
    """By what requests are seen: tracepoints for what a socket receives and sends (since 6.3), the functions in which that
    happens, or listening sockets alone. On 64-bit ARM programs can be called at functions since 6.4 alone
    (HAVE_DYNAMIC_FTRACE_WITH_DIRECT_CALLS, arch/arm64/Kconfig)."""
    major, minor = os.uname().release.split(".")[:2]
    if (int(major), int(minor)) >= (6, 3):
        return "tracepoints"
    functions = lends_current_task() and platform.machine() != "aarch64"
    return "functions" if functions else "listen_queues"
