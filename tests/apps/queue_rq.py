"""RQ: queue_rq.py put COUNT SECONDS | later COUNT | says"""

import datetime
import json
import os
import sys
import time

import redis
import rq


def work(seconds):
    with open(os.environ["JOURNAL"], "a") as journal:
        journal.write("1\n")
    time.sleep(seconds)


def main(what, count=0, seconds=0):
    import queue_rq

    connection = redis.Redis.from_url(os.environ["BROKER_URL"])
    queue = rq.Queue(os.environ["QUEUE"], connection=connection)
    if what == "put":
        for _ in range(int(count)):
            queue.enqueue(queue_rq.work, int(seconds))
    elif what == "later":
        for _ in range(int(count)):
            queue.enqueue_in(datetime.timedelta(hours=1), queue_rq.work, 0)
        # Waits for a job that has not run, and so not in the queue.
        queue.enqueue(queue_rq.work, 0, depends_on=queue.enqueue_in(datetime.timedelta(hours=1), queue_rq.work, 0))
    else:
        workers = rq.Worker.all(queue=queue)
        says = {
            "waiting": queue.count,
            "running": queue.started_job_registry.count,
            "later": queue.scheduled_job_registry.count + queue.deferred_job_registry.count,
            "busy": sorted(worker.pid for worker in workers if worker.get_state() == "busy"),
            "workers": sorted(worker.pid for worker in workers),
        }
        print(json.dumps(says))


if __name__ == "__main__":
    main(*sys.argv[1:])
