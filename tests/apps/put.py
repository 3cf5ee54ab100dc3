"""Puts COUNT tasks of SECONDS each into the queue: put.py TASK COUNT SECONDS [FIRST [PRIORITY...]]"""

import sys

import tasks

name, count, seconds, *rest = sys.argv[1:]
first, *priorities = [int(word) for word in rest] or [0]
task = getattr(tasks, name)
with tasks.app.producer_pool.acquire(block=True) as producer:
    for number in range(first, first + int(count)):
        options = {"priority": priorities[number % len(priorities)]} if priorities else {}
        task.apply_async((number, float(seconds)), producer=producer, **options)
