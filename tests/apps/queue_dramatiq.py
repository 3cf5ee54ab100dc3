"""Dramatiq: queue_dramatiq.py put COUNT SECONDS | later COUNT | says. Workers: dramatiq queue_dramatiq"""

import json
import os
import sys
import time

import dramatiq

url, queue = os.environ["BROKER_URL"], os.environ["QUEUE"]
if url.startswith("amqp"):
    from dramatiq.brokers.rabbitmq import RabbitmqBroker

    broker = RabbitmqBroker(url=url)
else:
    from dramatiq.brokers.redis import RedisBroker

    broker = RedisBroker(url=url, namespace=os.environ.get("NAMESPACE", "dramatiq"))
dramatiq.set_broker(broker)


@dramatiq.actor(queue_name=queue, max_retries=0, time_limit=3_600_000)
def work(seconds):
    with open(os.environ["JOURNAL"], "a") as journal:
        journal.write("1\n")
    time.sleep(seconds)


def of_rabbitmq():
    ready, later, dead = broker.get_queue_message_counts(queue)
    return {"waiting": ready, "later": later}


def of_redis():
    # Its own count is of all messages, those that were taken counted twice: once in the hash, once in the worker's set.
    client, prefix = broker.client, f"{broker.namespace}:{queue}"
    taken = sum(client.scard(key) for key in client.scan_iter(f"{broker.namespace}:__acks__.*.{queue}"))
    later = client.hlen(f"{prefix}.DQ.msgs")
    return {"waiting": client.hlen(f"{prefix}.msgs") - taken, "taken": taken, "later": later}


def main(what, count=0, seconds=0):
    if what == "put":
        for _ in range(int(count)):
            work.send(int(seconds))
    elif what == "later":
        for _ in range(int(count)):
            work.send_with_options(args=(0,), delay=3_600_000)
    else:
        print(json.dumps(of_rabbitmq() if url.startswith("amqp") else of_redis()))


if __name__ == "__main__":
    main(*sys.argv[1:])
