"""A small WSGI site for the tests: each path behaves in one way that a real application may."""

import fcntl
import os
import time

DEADLINE = 3600.0


def burn(seconds):
    """Keep one CPU busy for so much CPU time."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def queue(seconds):
    """Wait for so long as everybody else who asks does, one after the other: a database with one connection."""
    with open(__file__) as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        time.sleep(seconds)


def perform(words):
    """Do what the pairs of words say, in order; True if all of them are known."""
    actions = {"sleep": time.sleep, "burn": burn, "queue": queue}
    pairs = list(zip(words[::2], words[1::2]))
    if len(words) % 2 or any(action not in actions for action, _ in pairs):
        return False
    for action, seconds in pairs:
        actions[action](min(float(seconds), DEADLINE))
    return True


def app(environ, start_response):
    """`/` says which worker answered; `/sleep/S`, `/burn/S`, `/queue/S` and pairs of them take S seconds each, and say how many ns."""
    start = time.monotonic_ns()
    words = [word for word in environ["PATH_INFO"].split("/") if word]
    if not perform(words):
        start_response("404 Not Found", [("Content-Length", "0")])
        return [b""]
    body = str(time.monotonic_ns() - start if words else os.getpid()).encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
