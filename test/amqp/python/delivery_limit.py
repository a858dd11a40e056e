"""A message that pika gives back until its queue gives it up: prints what it was told of it."""

import sys

import pika


def give_back(channel, method, properties, _body):
    print("count", (properties.headers or {}).get("x-delivery-count", 0), flush=True)
    channel.basic_reject(method.delivery_tag, requeue=True)


def take(channel, method, properties, body):
    print("dead", body.decode(), properties.headers["x-death"][0]["reason"], flush=True)
    channel.basic_ack(method.delivery_tag)
    channel.stop_consuming()


connection = pika.BlockingConnection(pika.URLParameters(sys.argv[1]))
channel = connection.channel()
channel.queue_declare("python-dead", durable=True)
limit = {
    "x-delivery-limit": 1,
    "x-dead-letter-exchange": "",
    "x-dead-letter-routing-key": "python-dead",
}
channel.queue_declare("python-limited", durable=True, arguments=limit)
channel.basic_publish("", "python-limited", b"poison")
channel.basic_consume("python-limited", give_back)
channel.basic_consume("python-dead", take)
channel.start_consuming()
connection.close()
