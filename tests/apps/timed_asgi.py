"""The ASGI twin of timed.py."""

import asyncio
import os
import time

LOG = os.open(os.environ["REQUEST_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    start = time.monotonic_ns()
    words = scope["path"].strip("/").split("/")
    if words[0] == "sleep":
        await asyncio.sleep(float(words[1]))
    elif words[0] == "upload":
        while (await receive()).get("more_body"):
            pass
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"2")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"ok"})
    if words[0]:
        os.write(LOG, f"{start} {time.monotonic_ns()}\n".encode())
