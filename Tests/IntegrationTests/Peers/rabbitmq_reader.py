"""Reads a stream from its beginning with RabbitMQ's Python client: a line `OFFSET TOPIC PAYLOAD LANE` a record, where OFFSET is
Forebay's, and LANE `-` where the record does not say. Ends when nothing has come for two seconds. Usage: rabbitmq_reader.py PORT STREAM"""
import asyncio
import sys
import time

import zstandard
from rstream import AMQPMessage, Consumer, ConsumerOffsetSpecification, OffsetType, amqp_decoder
from rstream.exceptions import StreamNotAvailable
from rstream.compression import CompressionType, NoneCompressionCodec, StreamCompressionCodecs


class ZstdCodec(NoneCompressionCodec):
    def uncompress(self, compressed_data, uncompressed_data_size):
        data = zstandard.ZstdDecompressor().decompress(compressed_data, max_output_size=uncompressed_data_size)
        assert len(data) == uncompressed_data_size
        return data


StreamCompressionCodecs.register_codec(CompressionType.Zstd, ZstdCodec())
last = time.monotonic()


def text(value):
    return value.decode() if isinstance(value, bytes) else str(value)


def take(message: AMQPMessage, context):
    global last
    last = time.monotonic()
    properties = {text(key): value for key, value in message.application_properties.items()}
    print(text(properties["forebay-offset"]), text(properties["forebay-topic"]), text(message.body),
          text(properties.get("forebay-lane", "-")))


async def subscribe():
    """A replica that has just been started may not serve yet."""
    for attempt in range(40):
        consumer = Consumer("127.0.0.1", int(sys.argv[1]), username="guest", password="guest")
        await consumer.start()
        try:
            await consumer.subscribe(
                sys.argv[2], take, decoder=amqp_decoder,
                offset_specification=ConsumerOffsetSpecification(OffsetType.FIRST))
            return consumer
        except StreamNotAvailable:
            await consumer.close()
            await asyncio.sleep(0.5)
    sys.exit("the stream is not available")


async def main():
    global last
    consumer = await subscribe()
    last = time.monotonic()
    while time.monotonic() - last < 2:
        await asyncio.sleep(0.1)
    sys.stdout.flush()
    await consumer.close()


asyncio.run(main())
