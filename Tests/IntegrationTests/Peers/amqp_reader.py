"""Reads so many messages of a queue, or of a stream from its beginning, over AMQP 0-9-1: a line `OFFSET TOPIC PAYLOAD` a
message, OFFSET being Forebay's, or `-` where it does not say. Usage: amqp_reader.py PORT queue|stream NAME COUNT"""
import os
import sys

import pika

port, kind, queue, count = int(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
arguments = {"x-stream-offset": "first"} if kind == "stream" else {}
connection = pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", port, blocked_connection_timeout=20))
channel = connection.channel()
channel.basic_qos(prefetch_count=200)
seen = 0
for method, properties, body in channel.consume(queue, arguments=arguments, inactivity_timeout=20):
    if method is None:
        sys.exit(f"nothing comes after {seen} messages")
    headers = properties.headers or {}
    print(headers.get("forebay-offset", "-"), headers.get("forebay-topic", method.routing_key), body.decode())
    channel.basic_ack(method.delivery_tag)
    seen += 1
    if seen == count:
        break
sys.stdout.flush()
# Without good-byes: what has been fetched ahead would only be counted.
os._exit(0)
