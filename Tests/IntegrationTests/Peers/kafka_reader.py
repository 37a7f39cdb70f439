"""Reads a topic from its beginning with librdkafka, checksums checked: a line `PARTITION OFFSET KEY VALUE` a record, where
OFFSET is Forebay's. Usage: kafka_reader.py BROKER TOPIC PARTITIONS"""
import sys

from confluent_kafka import Consumer, KafkaError, TopicPartition

broker, topic, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
consumer = Consumer({
    "bootstrap.servers": broker, "group.id": "reader", "check.crcs": True, "enable.partition.eof": True,
    "enable.auto.commit": False,
})
consumer.assign([TopicPartition(topic, partition, 0) for partition in range(count)])
ended = set()
while len(ended) < count:
    message = consumer.poll(20)
    if message is None:
        sys.exit("nothing comes, and no end either")
    if message.error():
        if message.error().code() != KafkaError._PARTITION_EOF:
            sys.exit(str(message.error()))
        ended.add(message.partition())
        continue
    headers = dict(message.headers())
    print(message.partition(), headers["forebay-offset"].decode(), message.key().decode(), message.value().decode())
