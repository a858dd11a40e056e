"""A publisher and a consumer that connect again, at any broker, when theirs is gone."""

import json
import sys
import threading
import time
from collections import Counter

import pika
from pika.exceptions import AMQPError

QUEUE = "failover"


class Books:
    """What was published and seen, by id."""

    def __init__(self):
        self.attempts = Counter()
        self.confirmed = set()
        self.seen = Counter()
        self.unflagged = 0

    def delivered(self, body, is_redelivered):
        # Who publishes again after a failure may have published twice.
        if self.seen[body] > 0 and not is_redelivered and self.attempts[body] == 1:
            self.unflagged += 1
        self.seen[body] += 1

    def missing(self):
        return len([body for body in self.confirmed if body not in self.seen])


def reach(urls):
    """A connection to the first broker that lets one in."""
    while True:
        try:
            return pika.BlockingConnection([pika.URLParameters(url) for url in urls])
        except AMQPError:
            time.sleep(0.05)


def consume(urls, books):
    while True:
        try:
            channel = reach(urls).channel()
            channel.basic_qos(prefetch_count=20)
            for method, _, body in channel.consume(QUEUE):
                books.delivered(body, method.redelivered)
                channel.basic_ack(method.delivery_tag)
        except AMQPError:
            continue


def publish(urls, books, is_enough):
    """One after the other, each until it is confirmed."""
    channel = None
    while not is_enough(len(books.confirmed)):
        body = b"%d" % len(books.confirmed)
        try:
            if channel is None:
                channel = reach(urls).channel()
                channel.confirm_delivery()
            books.attempts[body] += 1
            channel.basic_publish("", QUEUE, body, pika.BasicProperties(delivery_mode=2))
            books.confirmed.add(body)
        except AMQPError:
            channel = None


def survive(urls):
    """Says `running`, is told when a broker was killed, and goes on for a while."""
    books = Books()
    killed = threading.Event()
    target = None

    def wait():
        sys.stdin.readline()
        killed.set()

    def is_enough(confirmed):
        nonlocal target
        if confirmed == 50:
            print("running", flush=True)
        if killed.is_set() and target is None:
            target = confirmed + 50
        return target is not None and confirmed >= target

    for work in (wait, lambda: consume(urls, books)):
        threading.Thread(target=work, daemon=True).start()
    publish(urls, books, is_enough)
    deadline = time.monotonic() + 60
    while books.missing() > 0 and time.monotonic() < deadline:
        time.sleep(0.02)
    report = {"confirmed": len(books.confirmed), "missing": books.missing()}
    print("report", json.dumps({**report, "unflagged": books.unflagged}), flush=True)
