# SPDX-License-Identifier: Apache-2.0
"""What the cases share, and what one case works with: names of its own, topics, producers, consumers that keep what they get."""
import itertools
import random
import threading
import time

from rocketmq.client import Message, Producer, PullConsumer, PushConsumer, SendStatus
from rocketmq.ffi import MessageModel

QUEUES = 4  # of a topic that the server creates for its first message


class Server:
    def __init__(self, namesrv):
        self.namesrv = namesrv
        self.run = f"{random.randrange(1 << 30):x}"
        self.names = itertools.count(1)
        self.starting = threading.Lock()  # of clients: the library's factory is shared
        self.producer = Producer(self.unique("P"), timeout=20000, max_message_size=4 << 20)
        self.producer.set_namesrv_addr(namesrv)
        self.producer.start()
        deadline = time.monotonic() + 30
        while True:  # the broker may be new to the name server
            try:
                self.producer.send_sync(message(self.unique("seed"), "seed"))
                return
            except Exception:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.5)

    def unique(self, stem):
        return f"{stem}_py_{self.run}_{next(self.names)}"


def message(topic, body, tags="", keys="", **properties):
    made = Message(topic)
    made.set_body(body)
    if tags:
        made.set_tags(tags)
    if keys:
        made.set_keys(keys)
    for key, value in properties.items():
        made.set_property(key, value)
    return made


def routed(send):
    """The client now and then has no route for a moment, and has sent nothing then: it is asked again."""
    deadline = time.monotonic() + 10
    while True:
        try:
            return send()
        except Exception as error:
            if "No route info" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.1)


class Got:
    """What a message said: the library frees the message after the callback."""
    def __init__(self, received):
        self.body, self.tags, self.keys = received.body, received.tags, received.keys
        self.topic, self.id, self.queue, self.offset = received.topic, received.id, received.queue_id, received.queue_offset
        self.born, self.stored = received.born_timestamp, received.store_timestamp
        self.property = received.get_property("colour")

    @property
    def text(self):
        return self.body.decode()


class Sink:
    def __init__(self, consumer):
        self.consumer, self.got, self.open = consumer, [], True

    def texts(self):
        return [one.text for one in list(self.got)]

    def await_count(self, count):
        until(f"{count} messages", 30, lambda: len(self.got) >= count, lambda: len(self.got))

    def await_exactly(self, texts):
        """These in any order, and a moment later nothing more."""
        self.await_count(len(texts))
        time.sleep(0.1)
        equal("bodies", sorted(texts), sorted(self.texts()))

    def stop(self):
        if self.open:
            self.open = False
            self.consumer.shutdown()


def brief(value):
    text = repr(value)
    return text if len(text) <= 300 else text[:300] + "..."


def equal(what, expected, got):
    assert expected == got, f"{what}: expected {brief(expected)}, got {brief(got)}"


def until(what, seconds, holds, state):
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"{what} not within {seconds} s; there is {brief(state())}"
        time.sleep(0.02)


class Ctx:
    def __init__(self, server):
        self.server, self.owned = server, []
        self.unique = server.unique
        self.producer = server.producer

    def topic(self):
        """Made by its first message, which a consumer gets too: "seed"."""
        topic = self.unique("T")
        self.send(topic, "seed")
        return topic

    def send(self, topic, body, *more, **properties):
        sent = routed(lambda: self.producer.send_sync(message(topic, body, *more, **properties)))
        equal("status of the send", SendStatus.OK, sent.status)
        return sent

    def send_many(self, topic, count, prefix):
        bodies = [f"{prefix}{i}" for i in range(count)]
        for body in bodies:
            self.send(topic, body)
        return bodies

    def send_to(self, topic, queue, body):
        return routed(lambda: self.producer.send_orderly(message(topic, body), queue))

    def push(self, topic, group="", tags="*", orderly=False, broadcasting=False):
        """Starts a consumer; a message whose body is "seed" is not kept."""
        consumer = PushConsumer(group or self.unique("G"), orderly=orderly,
                                message_model=MessageModel.BROADCASTING if broadcasting else MessageModel.CLUSTERING)
        consumer.set_namesrv_addr(self.server.namesrv)
        consumer.set_instance_name(self.unique("c"))
        sink = Sink(consumer)

        def receive(received):
            if received.body != b"seed":
                sink.got.append(Got(received))

        consumer.subscribe(topic, receive, tags)
        with self.server.starting:
            consumer.start()
        self.owned.append(sink.stop)
        return sink

    def puller(self, group=""):
        consumer = PullConsumer(group or self.unique("G"))
        consumer.set_namesrv_addr(self.server.namesrv)
        with self.server.starting:
            consumer.start()
        self.owned.append(consumer.shutdown)
        return consumer

    def close(self):
        for end in reversed(self.owned):
            try:
                end()
            except Exception as error:
                print("closing:", error, flush=True)
