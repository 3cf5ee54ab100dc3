"""The ASGI twin of wsgi.py: `/` says which worker answered, `/sleep/S` takes S seconds and says how many ns."""

import asyncio
import os
import time

DEADLINE = 3600.0


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
        await asyncio.sleep(min(float(words[1]), DEADLINE))
    body = str(time.monotonic_ns() - start if words[0] else os.getpid()).encode()
    headers = [(b"content-type", b"text/plain"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
