"""arq: queue_arq.py put COUNT SECONDS | later COUNT | says. Workers: arq queue_arq.Worker"""

import asyncio
import json
import os
import sys

from arq import create_pool
from arq.connections import RedisSettings
from arq.jobs import Job, JobStatus

settings, queue = RedisSettings.from_dsn(os.environ["BROKER_URL"]), os.environ["QUEUE"]


async def work(_, seconds):
    with open(os.environ["JOURNAL"], "a") as journal:
        journal.write("1\n")
    await asyncio.sleep(seconds)


class Worker:
    functions = [work]
    redis_settings = settings
    queue_name = queue
    max_jobs = 2
    job_timeout = 3600


async def main(what, count=0, seconds=0):
    pool = await create_pool(settings, default_queue_name=queue)
    if what == "put":
        for _ in range(int(count)):
            await pool.enqueue_job("work", int(seconds))
    elif what == "later":
        for _ in range(int(count)):
            await pool.enqueue_job("work", 0, _defer_by=3600)
    else:
        jobs = [job.decode() for job in await pool.zrange(queue, 0, -1)]
        states = [await Job(job, pool, queue).status() for job in jobs]
        says = {
            "waiting": states.count(JobStatus.queued),
            "running": states.count(JobStatus.in_progress),
            "later": states.count(JobStatus.deferred),
        }
        print(json.dumps(says))
    await pool.aclose()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
