"""Huey: queue_huey.py put COUNT SECONDS | later COUNT | says. Workers: huey_consumer queue_huey.huey"""

import json
import os
import sys
import time

from huey import PriorityRedisHuey, RedisHuey

kind = PriorityRedisHuey if os.environ.get("PRIORITIES") else RedisHuey
huey = kind(os.environ["QUEUE"], url=os.environ["BROKER_URL"], results=False)


@huey.task()
def work(seconds):
    with open(os.environ["JOURNAL"], "a") as journal:
        journal.write("1\n")
    time.sleep(seconds)


def main(what, count=0, seconds=0):
    import queue_huey

    if what == "put":
        for _ in range(int(count)):
            queue_huey.work(int(seconds))
    elif what == "later":
        for _ in range(int(count)):
            queue_huey.work.schedule((0,), delay=3600)
    else:
        print(json.dumps({"waiting": huey.pending_count(), "later": huey.scheduled_count()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
