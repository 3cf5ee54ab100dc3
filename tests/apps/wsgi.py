"""A small WSGI site for the tests: each path behaves in one way that a real application may."""

import os
import time

DEADLINE = 3600.0


def burn(seconds):
    """Keep one CPU busy for so much CPU time."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def app(environ, start_response):
    """`/` says which worker answered; `/sleep/S`, `/burn/S` take S seconds."""
    words = environ["PATH_INFO"].strip("/").split("/")
    amount = min(float(words[1]), DEADLINE) if len(words) > 1 else 0.0
    if words[0] == "sleep":
        time.sleep(amount)
    elif words[0] == "burn":
        burn(amount)
    elif words[0]:
        start_response("404 Not Found", [("Content-Length", "0")])
        return [b""]
    body = str(os.getpid()).encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
