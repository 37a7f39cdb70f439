"""Prints the port of the node that leads a stream. Usage: rabbitmq_leader.py PORT STREAM"""
import asyncio
import sys

from rstream.client import Client


async def main():
    client = Client("127.0.0.1", int(sys.argv[1]), frame_max=1 << 20, heartbeat=60)
    await client.start()
    await client.authenticate("/", "guest", "guest")
    leader, _ = await client.query_leader_and_replicas(sys.argv[2])
    print(leader.port)
    await client.close()


asyncio.run(main())
