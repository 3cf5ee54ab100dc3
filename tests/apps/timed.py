"""A WSGI site that keeps a log: `/sleep/S` takes S seconds, `/upload` reads all that is sent; each
is written down from its start to after its answer was sent. `/` is not."""

import os
import time

LOG = os.open(os.environ["REQUEST_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)


class Answer:
    """Told by the server when the answer has been sent (PEP 3333)."""

    def __init__(self, start):
        self.start = start

    def __iter__(self):
        yield b"ok"

    def close(self):
        os.write(LOG, f"{self.start} {time.monotonic_ns()}\n".encode())


def app(environ, start_response):
    start = time.monotonic_ns()
    words = environ["PATH_INFO"].strip("/").split("/")
    if words[0] == "sleep":
        time.sleep(float(words[1]))
    elif words[0] == "upload":
        while environ["wsgi.input"].read(1 << 16):
            pass
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "2")])
    return Answer(start) if words[0] else [b"ok"]
