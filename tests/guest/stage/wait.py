"""Conditions with a deadline. The clock is the monotonic one: scenarios step the other."""

import time

from . import guest

# What a loop of looks is to take of one CPU. An emulated CPU on a crowded machine is slow, and the projects are to have it.
SHARE = 0.02
# Seconds; what lasts longer is seen however slow the machine is.
LONGEST = 2


class Late(AssertionError):
    """A condition did not come true in time."""


def pause(every, before):
    """Seconds to wait until the next look: `every`, or more after a dear one. `before`: the thread's CPU time before it."""
    cost = time.thread_time() - before
    return max(every, min(cost / SHARE, LONGEST))


def until(condition, what, seconds=120, every=0.5):
    """Waits until `condition()` is truthy and returns its value; raises Late, saying `what` was waited for."""
    seconds *= guest.PATIENCE
    end = time.monotonic() + seconds
    while True:
        before = time.thread_time()
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Late(f"not within {seconds} s: {what() if callable(what) else what}")
        time.sleep(pause(every, before))


def always(condition, what, seconds, every=0.5):
    """Checks that `condition()` stays true for this long."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        before = time.thread_time()
        if not condition():
            raise AssertionError(f"did not stay true: {what() if callable(what) else what}")
        time.sleep(pause(every, before))
