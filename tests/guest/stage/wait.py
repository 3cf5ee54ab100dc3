"""Conditions with a deadline. The clock is the monotonic one: scenarios step the other."""

import time


class Late(AssertionError):
    """A condition did not come true in time."""


def until(condition, what, seconds=120, every=0.5):
    """Waits until `condition()` is truthy and returns its value; raises Late, saying `what` was waited for."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Late(f"not within {seconds} s: {what() if callable(what) else what}")
        time.sleep(every)


def always(condition, what, seconds, every=0.5):
    """Checks that `condition()` stays true for this long."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not condition():
            raise AssertionError(f"did not stay true: {what() if callable(what) else what}")
        time.sleep(every)
