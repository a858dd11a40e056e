"""A message that pika gives back until its queue gives it up: prints what it was told of it."""

import sys

import pika

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
for method, properties, body in channel.consume("python-limited", inactivity_timeout=2):
    if method is None:
        break
    print("count", (properties.headers or {}).get("x-delivery-count", 0), flush=True)
    channel.basic_reject(method.delivery_tag, requeue=True)
channel.cancel()
method, properties, body = next(channel.consume("python-dead", inactivity_timeout=10))
print("dead", body.decode(), properties.headers["x-death"][0]["reason"], flush=True)
channel.basic_ack(method.delivery_tag)
connection.close()
