"""What a client sees of queues with a length limit, at the broker whose URL is given: prints a line
for each thing that is as with RabbitMQ, and ends at the first that is not."""

import sys
import time

import pika

EXACTLY = {
    "x-max-length": 2,
    "x-overflow": "reject-publish",
}


def works(what):
    print("ok", what, flush=True)


def is_taken(channel, queue, body):
    try:
        channel.basic_publish("", queue, body)
        return True
    except pika.exceptions.NackError:
        return False


def bodies(channel, queue):
    """Takes all that is ready."""
    got = []
    while True:
        method, properties, body = channel.basic_get(queue, auto_ack=True)
        if method is None:
            return got
        death = (properties.headers or {}).get("x-death", [{}])[0]
        got.append((body, death.get("reason")))


def arrive(channel, queue, count):
    """Takes so many, which are on their way."""
    got = []
    while len(got) < count:
        got += bodies(channel, queue)
        time.sleep(0.05)
    return got


def drop_head(channel):
    channel.queue_declare("python-head", arguments={"x-max-length": 2})
    assert all(is_taken(channel, "python-head", body) for body in (b"a", b"b", b"c", b"d"))
    assert bodies(channel, "python-head") == [(b"c", None), (b"d", None)]
    works("drop-head")


def held(channel):
    """What a consumer holds does not count, and all of it may be held."""
    for body in (b"a", b"b"):
        assert is_taken(channel, "python-head", body)
    tags = [channel.basic_get("python-head")[0].delivery_tag for _ in range(2)]
    for body in (b"c", b"d", b"e"):
        assert is_taken(channel, "python-head", body)
    for tag in tags:
        channel.basic_ack(tag)
    assert bodies(channel, "python-head") == [(b"d", None), (b"e", None)]
    works("held")


def reject_publish(channel):
    channel.queue_declare("python-few", arguments=EXACTLY)
    taken = [is_taken(channel, "python-few", b"%d" % i) for i in range(4)]
    assert taken == [True, True, False, False], taken
    assert bodies(channel, "python-few") == [(b"0", None), (b"1", None)]
    works("reject-publish")


def reject_publish_dlx(channel):
    channel.queue_declare("python-dead")
    names = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": "python-dead"}
    limit = {"x-max-length-bytes": 10, "x-overflow": "reject-publish-dlx"}
    channel.queue_declare("python-sorry", arguments={**limit, **names})
    taken = [is_taken(channel, "python-sorry", body) for body in (b"1234567", b"8901", b"890")]
    assert taken == [True, False, True], taken
    assert arrive(channel, "python-dead", 1) == [(b"8901", "maxlen")]
    assert bodies(channel, "python-sorry") == [(b"1234567", None), (b"890", None)]
    works("reject-publish-dlx")


def refused(connection, queue, arguments):
    """The reply code with which a declaration closes its channel."""
    channel = connection.channel()
    try:
        channel.queue_declare(queue, arguments=arguments)
        return None
    except pika.exceptions.ChannelClosedByBroker as error:
        return error.reply_code, error.reply_text


def declarations(connection):
    for arguments in ({**EXACTLY, "x-max-length": 3}, {"x-max-length": 2}, {}):
        code, text = refused(connection, "python-few", arguments)
        assert code == 406 and "python-few" in text, text
    assert refused(connection, "python-few", EXACTLY) is None
    for name, value in (
        ("x-max-length", -1),
        ("x-max-length", "2"),
        ("x-max-length-bytes", -1),
        ("x-overflow", "drop-tail"),
        ("x-overflow", 7),
    ):
        code, text = refused(connection, "python-other", {name: value})
        assert code == 406 and name in text, text
    works("declarations")


def transactions(connection):
    channel = connection.channel()
    channel.tx_select()
    for body in (b"a", b"b", b"c"):
        channel.basic_publish("", "python-few", body)
    try:
        channel.tx_commit()
        raise AssertionError("three messages went into a queue for two")
    except pika.exceptions.ChannelClosedByBroker as error:
        assert error.reply_code == 406, error
    works("transactions")


def main(url):
    connection = pika.BlockingConnection(pika.URLParameters(url))
    channel = connection.channel()
    channel.confirm_delivery()
    drop_head(channel)
    held(channel)
    reject_publish(channel)
    reject_publish_dlx(channel)
    declarations(connection)
    transactions(connection)
    connection.close()


main(sys.argv[1])
