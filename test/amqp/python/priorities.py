"""Queues with priorities by pika, against the brokers whose URLs are given: prints a line for each
thing that works, and ends at the first that does not."""

import sys

import pika


def works(what):
    print("ok", what, flush=True)


def publish(channel, queue, *priorities):
    for at, priority in enumerate(priorities):
        properties = pika.BasicProperties(priority=priority)
        channel.basic_publish("", queue, b"%d" % at, properties)


def drain(channel, queue):
    """Bodies and priorities of all that is ready."""
    got = []
    while True:
        method, properties, body = channel.basic_get(queue, auto_ack=True)
        if method is None:
            return got
        got.append((int(body), properties.priority))


def order(channel):
    channel.queue_declare("python-ranked", durable=True, arguments={"x-max-priority": 5})
    channel.confirm_delivery()
    publish(channel, "python-ranked", 0, 3, None, 5, 3, 200)
    assert drain(channel, "python-ranked") == [(3, 5), (5, 200), (1, 3), (4, 3), (0, 0), (2, None)]
    works("order")


def returned(channel):
    publish(channel, "python-ranked", 1, 4, 2)
    method, _, body = channel.basic_get("python-ranked")
    assert body == b"1"
    channel.basic_nack(method.delivery_tag, requeue=True)
    assert [body for body, _ in drain(channel, "python-ranked")] == [1, 2, 0]
    works("returned")


def dropped(channel):
    arguments = {"x-max-priority": 5, "x-max-length": 2}
    channel.queue_declare("python-best", durable=True, arguments=arguments)
    publish(channel, "python-best", 5, 0, 3, 1)
    assert [body for body, _ in drain(channel, "python-best")] == [0, 2]
    works("dropped")


def refused(connection):
    for arguments in ({}, {"x-max-priority": 6}, {"x-max-priority": 256}):
        channel = connection.channel()
        try:
            channel.queue_declare("python-ranked", durable=True, arguments=arguments)
            raise AssertionError("it is another queue")
        except pika.exceptions.ChannelClosedByBroker as error:
            assert error.reply_code == 406, error
    works("refused")


def main():
    connection = pika.BlockingConnection(pika.URLParameters(sys.argv[1]))
    channel = connection.channel()
    order(channel)
    returned(channel)
    dropped(channel)
    refused(connection)
    connection.close()


main()
