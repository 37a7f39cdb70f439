"""Eclipse paho's client against a server on a port of this machine: what an independent implementation makes of it.

usage: paho_peer.py PORT

Every scenario runs in versions 3.1.1 and 5.0 where both have it. Ends with 0, and a line a scenario, or with 1 and what went
wrong.
"""

import queue
import sys
import time

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCodes
from paho.mqtt.subscribeoptions import SubscribeOptions

PORT = int(sys.argv[1])
WAIT = 10
SILENCE = 0.3


class Peer:
    """A client with its own network thread: what it is told waits in queues."""

    def __init__(self, name, version, clean=True, expiry=0, will=None, properties=None, connects=True):
        self.version = version
        self.messages, self.grants, self.ends, self.sent = (queue.Queue() for _ in range(4))
        self.connack = queue.Queue()
        if version == mqtt.MQTTv5:
            self.client = mqtt.Client(name, protocol=version)
        else:
            self.client = mqtt.Client(name, clean_session=clean, protocol=version)
        self.client.on_connect = lambda c, u, flags, code, *rest: self.connack.put((flags, code, *rest))
        self.client.on_message = lambda c, u, message: self.messages.put(message)
        self.client.on_subscribe = lambda c, u, mid, granted, *rest: self.grants.put(granted)
        self.client.on_unsubscribe = lambda c, u, mid, *rest: self.grants.put(rest[-1] if rest else None)
        self.client.on_publish = lambda c, u, mid: self.sent.put(mid)
        self.client.on_disconnect = lambda c, u, code, *rest: self.ends.put(code)
        if will:
            self.client.will_set(**will)
        options = {}
        if version == mqtt.MQTTv5:
            properties = properties or Properties(PacketTypes.CONNECT)
            if expiry:
                properties.SessionExpiryInterval = expiry
            options = {"clean_start": clean, "properties": properties}
        self.client.connect("127.0.0.1", PORT, 30, **options)
        self.client.loop_start()
        self.flags, self.code, *self.told = self.connack.get(timeout=WAIT)
        if connects:
            expect(self.code, 0, "CONNACK")

    def subscribe(self, *arguments, **options):
        self.client.subscribe(*arguments, **options)
        return self.grants.get(timeout=WAIT)

    def publish(self, topic, payload, qos=1, **options):
        info = self.client.publish(topic, payload, qos, **options)
        info.wait_for_publish(WAIT)
        if not info.is_published():
            raise AssertionError(f"no acknowledgement of {topic} at QoS {qos}")

    def get(self):
        return self.messages.get(timeout=WAIT)

    def expect(self, *wanted):
        for topic, payload in wanted:
            message = self.get()
            expect((message.topic, message.payload.decode()), (topic, payload), "message")

    def expect_nothing(self):
        try:
            message = self.messages.get(timeout=SILENCE)
        except queue.Empty:
            return
        raise AssertionError(f"unexpected message {message.topic} {message.payload}")

    def leave(self, **options):
        self.client.disconnect(**options)
        self.ends.get(timeout=WAIT)
        self.client.loop_stop()

    def drop(self):
        """The network is gone: no DISCONNECT."""
        self.client.loop_stop()
        self.client._sock_close()


def expect(found, wanted, what):
    if found != wanted:
        raise AssertionError(f"{what}: expected {wanted!r}, got {found!r}")


def granted(grants):
    return [getattr(grant, "value", grant) for grant in grants]


def every_qos_both_ways(version):
    with_qos = {}
    reader = Peer(f"reader{version}", version)
    for qos in range(3):
        expect(granted(reader.subscribe(f"q{qos}/+", qos)), [qos], "SUBACK")
    writer = Peer(f"writer{version}", version)
    for wanted in range(3):
        for qos in range(3):
            writer.publish(f"q{wanted}/{qos}", "x", qos)
            message = reader.get()
            expect((message.topic, message.qos, message.retain), (f"q{wanted}/{qos}", min(qos, wanted), 0), "delivery")
    reader.client.unsubscribe("q1/+")
    reader.grants.get(timeout=WAIT)
    writer.publish("q1/9", "x")
    reader.expect_nothing()
    reader.leave()
    writer.leave()


def overlapping_filters(version):
    reader = Peer(f"overlap{version}", version)
    reader.subscribe([("o/#", 2), ("o/+", 1)])
    reader.publish("o/x", "once", 2)
    reader.expect(("o/x", "once"))
    reader.expect_nothing()
    reader.leave()


def retained(version):
    writer = Peer(f"keeper{version}", version)
    for topic in ["r/a", "r/b", "r/c"]:
        writer.publish(topic, topic, retain=True)
    writer.publish("r/b", "", retain=True)
    reader = Peer(f"late{version}", version)
    reader.subscribe("r/#", 1)
    found = sorted((m.topic, m.retain) for m in (reader.get(), reader.get()))
    expect(found, [("r/a", 1), ("r/c", 1)], "retained messages")
    reader.expect_nothing()
    for topic in ["r/a", "r/c"]:
        writer.publish(topic, "", retain=True)
    reader.leave()
    writer.leave()


def offline_messages(version):
    def sleeper(clean=False):
        return Peer(f"sleeper{version}", version, clean=clean, expiry=300)

    sleeper(clean=True).leave()
    peer = sleeper()
    peer.subscribe("off/+", 2)
    peer.leave()
    writer = Peer(f"waker{version}", version)
    for qos in (1, 2):
        writer.publish(f"off/{qos}", "kept", qos)
    peer = sleeper()
    expect(peer.flags["session present"], 1, "session present")
    peer.expect(("off/1", "kept"), ("off/2", "kept"))
    peer.leave()
    peer = sleeper()
    peer.expect_nothing()
    peer.leave()
    peer = sleeper(clean=True)
    expect(peer.flags["session present"], 0, "session present")
    peer.leave()
    writer.leave()


def will(version):
    watcher = Peer(f"watcher{version}", version)
    watcher.subscribe("will/#", 1)
    peer = Peer(f"mortal{version}", version, will={"topic": "will/x", "payload": "gone", "qos": 1})
    peer.drop()
    watcher.expect(("will/x", "gone"))
    peer = Peer(f"mortal{version}", version, will={"topic": "will/x", "payload": "gone", "qos": 1})
    peer.leave()
    watcher.expect_nothing()
    watcher.leave()


def take_over(version):
    first = Peer(f"twin{version}", version)
    second = Peer(f"twin{version}", version)
    first.ends.get(timeout=WAIT)
    first.client.loop_stop()
    second.publish("t", "x")
    second.leave()


def dollar_topics(version):
    reader = Peer(f"all{version}", version)
    reader.subscribe("#", 1)
    reader.publish("plain", "x")
    reader.expect(("plain", "x"))
    reader.expect_nothing()
    reader.leave()


def shared_subscriptions(version):
    members = [Peer(f"member{version}{n}", version) for n in range(3)]
    for member in members:
        member.subscribe(f"$share/group{version}/s/#", 1)
    writer = Peer(f"sharer{version}", version)
    for n in range(30):
        writer.publish(f"s/{n}", "x")
    counts = []
    for member in members:
        counts.append([member.get().topic for _ in range(10)])
        member.expect_nothing()
    expect(len(set(sum(counts, []))), 30, "messages to the group")
    for peer in [*members, writer]:
        peer.leave()


def properties(version):
    reader = Peer("properties", version)
    reader.subscribe("p", options=SubscribeOptions(qos=1), properties=identifier(77))
    sent = Properties(PacketTypes.PUBLISH)
    sent.PayloadFormatIndicator = 1
    sent.MessageExpiryInterval = 100
    sent.ContentType = "text/plain"
    sent.ResponseTopic = "answers"
    sent.CorrelationData = b"\x00\xff"
    sent.UserProperty = [("a", "1"), ("a", "2")]
    reader.publish("p", "x", properties=sent)
    found = reader.get().properties
    expect(found.ContentType, "text/plain", "content type")
    expect(found.ResponseTopic, "answers", "response topic")
    expect(found.CorrelationData, b"\x00\xff", "correlation data")
    expect(found.UserProperty, [("a", "1"), ("a", "2")], "user properties")
    expect(found.PayloadFormatIndicator, 1, "payload format")
    expect(found.SubscriptionIdentifier, [77], "subscription id")
    if not 95 <= found.MessageExpiryInterval <= 100:
        raise AssertionError(f"expiry {found.MessageExpiryInterval}")
    reader.leave()


def identifier(number):
    found = Properties(PacketTypes.SUBSCRIBE)
    found.SubscriptionIdentifier = number
    return found


def subscription_options(version):
    peer = Peer("options", version)
    peer.publish("so/kept", "x", retain=True)
    peer.subscribe("so/#", options=SubscribeOptions(qos=1, noLocal=True, retainHandling=2))
    peer.publish("so/mine", "x")
    peer.expect_nothing()
    other = Peer("options-other", version)
    other.subscribe("so/#", options=SubscribeOptions(qos=1, retainAsPublished=True, retainHandling=1))
    expect(other.get().retain, 1, "retained on a new subscription")
    other.subscribe("so/#", options=SubscribeOptions(qos=1, retainAsPublished=True, retainHandling=1))
    other.expect_nothing()
    peer.publish("so/flag", "x", retain=True)
    expect(other.get().retain, 1, "retain as published")
    for topic in ["so/kept", "so/flag"]:
        peer.publish(topic, "", retain=True)
    other.leave()
    peer.leave()


def topic_aliases(version):
    peer = Peer("aliases", version)
    peer.subscribe("al/+", 1)
    first = Properties(PacketTypes.PUBLISH)
    first.TopicAlias = 3
    peer.publish("al/x", "1", properties=first)
    peer.client.publish("", "2", 1, properties=first)
    peer.expect(("al/x", "1"), ("al/x", "2"))
    peer.leave()


def assigned_client_id(version):
    peer = Peer("", version)
    expect(len(peer.told[0].AssignedClientIdentifier) > 4, True, "assigned client id")
    peer.leave()


def refusals(version):
    asked = Properties(PacketTypes.CONNECT)
    asked.AuthenticationMethod = "SCRAM-SHA-1"
    peer = Peer("refused", version, properties=asked, connects=False)
    expect(peer.code.value, 0x8C, "CONNACK")
    peer.client.loop_stop()
    peer = Peer("expired", version, will=None)
    short = Properties(PacketTypes.PUBLISH)
    short.MessageExpiryInterval = 1
    sleeper = Peer("expired-reader", version, clean=False, expiry=60)
    sleeper.subscribe("e", 1)
    sleeper.leave()
    peer.publish("e", "x", properties=short)
    time.sleep(2.1)
    sleeper = Peer("expired-reader", version, clean=False, expiry=60)
    sleeper.expect_nothing()
    sleeper.leave()
    peer.leave()


def disconnect_with_will(version):
    watcher = Peer("dw-watcher", version)
    watcher.subscribe("dw", 1)
    peer = Peer("dw", version, will={"topic": "dw", "payload": "asked for", "qos": 1})
    peer.leave(reasoncode=ReasonCodes(PacketTypes.DISCONNECT, "Disconnect with will message"))
    watcher.expect(("dw", "asked for"))
    watcher.leave()


BOTH = [
    every_qos_both_ways, overlapping_filters, retained, offline_messages, will, take_over, dollar_topics,
    shared_subscriptions,
]
VERSION_5 = [
    properties, subscription_options, topic_aliases, assigned_client_id, refusals, disconnect_with_will,
]


def main():
    failed = 0
    runs = [(scenario, version) for version in (mqtt.MQTTv311, mqtt.MQTTv5) for scenario in BOTH]
    runs += [(scenario, mqtt.MQTTv5) for scenario in VERSION_5]
    for scenario, version in runs:
        name = f"{scenario.__name__} in version {5 if version == mqtt.MQTTv5 else '3.1.1'}"
        try:
            scenario(version)
            print("ok", name, flush=True)
        except (AssertionError, queue.Empty) as problem:
            failed = 1
            print("FAILED", name, repr(problem), flush=True)
    return failed


sys.exit(main())
