"""What people do with pika, against the brokers whose URLs are given: prints a line for each thing
that works, and ends at the first that does not."""

import sys
import threading

import pika

from survive import survive


def works(what):
    print("ok", what, flush=True)


def connect(url):
    return pika.BlockingConnection(pika.URLParameters(url))


def ready(url, queue):
    """Messages that are ready, as a connection of its own is told."""
    connection = connect(url)
    count = connection.channel().queue_declare(queue, passive=True).method.message_count
    connection.close()
    return count


def confirms(url, channel):
    channel.queue_declare("python-jobs", durable=True)
    channel.confirm_delivery()
    persistent = pika.BasicProperties(delivery_mode=2)
    for i in range(10):
        channel.basic_publish("", "python-jobs", b"%d" % i, persistent, mandatory=True)
    try:
        channel.basic_publish("", "python-nowhere", b"lost", mandatory=True)
        raise AssertionError("a message without a queue was taken")
    except pika.exceptions.UnroutableError as error:
        assert error.messages[0].body == b"lost"
    assert ready(url, "python-jobs") == 10
    works("confirms")


def prefetch_and_nack(url, channel):
    got = []

    def take(_channel, method, _properties, body):
        got.append((method.delivery_tag, method.redelivered, int(body)))

    def next_one(count):
        while len(got) < count:
            channel.connection.process_data_events(time_limit=1)
        return got[count - 1]

    channel.basic_qos(prefetch_count=3)
    tag = channel.basic_consume("python-jobs", take)
    next_one(3)
    assert ready(url, "python-jobs") == 7, "3 of 10 were not handed out"
    works("prefetch")
    channel.basic_nack(got[1][0], requeue=True)
    channel.basic_ack(got[0][0])
    channel.basic_ack(got[2][0])
    for count in range(4, 12):
        channel.basic_ack(next_one(count)[0])
    # New ones come in their order, and somewhere among them what was given back.
    assert [body for _, again, body in got if not again] == list(range(10)), got
    assert [body for _, again, body in got if again] == [1], got
    channel.basic_cancel(tag)
    works("nack")


def get(channel):
    assert channel.basic_get("python-jobs")[0] is None, "something was left, or came again"
    headers = {"n": 7, "list": ["a", 1], "table": {"deep": True}}
    properties = pika.BasicProperties(headers=headers, content_type="text/plain")
    channel.basic_publish("", "python-jobs", "é", properties)
    method, got, body = channel.basic_get("python-jobs")
    assert body.decode() == "é" and got.headers == headers and got.content_type == "text/plain"
    channel.basic_ack(method.delivery_tag)
    works("get")


def serve(url):
    """Answers five questions at another broker."""
    connection = connect(url)
    channel = connection.channel()
    channel.queue_declare("python-questions")
    for method, properties, body in channel.consume("python-questions"):
        reply = pika.BasicProperties(correlation_id=properties.correlation_id)
        channel.basic_publish("", properties.reply_to, b"re: " + body, reply)
        channel.basic_ack(method.delivery_tag)
        if method.delivery_tag == 5:
            break
    connection.close()


def call(url, other):
    connection = connect(url)
    channel = connection.channel()
    channel.queue_declare("python-questions")
    server = threading.Thread(target=serve, args=(other,))
    server.start()
    replies = []

    def take(_channel, _method, properties, body):
        replies.append((properties.correlation_id, body))

    channel.basic_consume("amq.rabbitmq.reply-to", take, auto_ack=True)
    for i in range(5):
        question = pika.BasicProperties(
            reply_to="amq.rabbitmq.reply-to", correlation_id=str(i)
        )
        channel.basic_publish("", "python-questions", b"%d" % i, question)
        while len(replies) == i:
            connection.process_data_events(time_limit=1)
    assert replies == [(str(i), b"re: %d" % i) for i in range(5)], replies
    server.join()
    connection.close()
    works("rpc")


def main(urls):
    connection = connect(urls[0])
    channel = connection.channel()
    confirms(urls[0], channel)
    prefetch_and_nack(urls[0], channel)
    get(channel)
    call(urls[0], urls[1])
    connection.close()
    survive(urls)


main(sys.argv[1:])
