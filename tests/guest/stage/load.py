"""A load client: keeps so many requests under way, counts every one and every one that failed."""

import collections
import socket
import threading
import time

# A request that failed: when it began and when it failed, in seconds of the monotonic clock, and what was wrong.
Failure = collections.namedtuple("Failure", "began ended error")


class Load:
    """Requests to one project, each on a connection of its own, from `clients` threads, until `stop`."""

    def __init__(self, port, path="/", clients=4, pause=0.0, limit=100_000):
        self.port, self.path, self.pause, self.limit = port, path, pause, limit
        self.sent = 0
        self.failures = []
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._client, daemon=True) for _ in range(clients)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def failed(self):
        return len(self.failures)

    def stop(self):
        """Lets the requests under way end, and no other begin."""
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _client(self):
        while not self._over.is_set():
            with self._lock:
                if self.sent >= self.limit:
                    return
                self.sent += 1
            began = time.monotonic()
            try:
                request(self.port, self.path)
            except Exception as error:
                with self._lock:
                    self.failures.append(Failure(began, time.monotonic(), repr(error)))
                self._over.wait(0.5)
            self._over.wait(self.pause)


def connect(port, timeout=120):
    """A connection to a port of this host, or to the Unix socket at a path."""
    if isinstance(port, int):
        return socket.create_connection(("127.0.0.1", port), timeout=timeout)
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(timeout)
    try:
        connection.connect(port)
    except OSError:
        connection.close()
        raise
    return connection


def request(port, path="/", timeout=120):
    """One request. Returns the body; raises unless the answer is a whole one of status 200."""
    with connect(port, timeout) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    head, found, body = answer.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    if not found or " 200 " not in lines[0] + " ":
        raise ConnectionError(f"answer {lines[0]!r} of {len(answer)} bytes")
    fields = dict(line.lower().split(": ", 1) for line in lines[1:])
    if "content-length" in fields and int(fields["content-length"]) != len(body):
        raise ConnectionError(f"{len(body)} bytes of {fields['content-length']}")
    return body
