# SPDX-License-Identifier: Apache-2.0
"""Consumers: sharing, take-over, broadcasting, order, filters, pulling. A case's name is a sentence."""
from ctx import QUEUES as _QUEUES, equal as _equal, until as _until


def one_consumer_gets_every_message_once(t):
    topic = t.topic()
    bodies = t.send_many(topic, 100, "early ")
    sink = t.push(topic)
    sink.await_count(100)
    sink.await_exactly(bodies + t.send_many(topic, 100, "late "))


def a_group_continues_where_it_stopped(t):
    topic, group = t.topic(), t.unique("G")
    first = t.push(topic, group)
    first.await_exactly(t.send_many(topic, 20, "first "))
    first.stop()
    later = t.send_many(topic, 20, "later ")
    sink = t.push(topic, group)
    _until("the later ones", 30, lambda: set(later) <= set(sink.texts()), sink.texts)


def two_members_share_the_queues_and_one_takes_over(t):
    topic, group = t.topic(), t.unique("G")
    a, b = t.push(topic, group), t.push(topic, group)
    waves = [0]

    def shared():
        before = len(a.got), len(b.got)
        waves[0] += 1
        for queue in range(_QUEUES):
            t.send_to(topic, queue, f"wave {waves[0]} {queue}")
        _until("a wave", 15, lambda: len(a.got) + len(b.got) >= sum(before) + _QUEUES, lambda: (a.texts(), b.texts()))
        return [len({one.queue for one in sink.got[start:]}) for sink, start in zip((a, b), before)] == [2, 2]

    _until("two queues each", 25, shared, lambda: (a.texts(), b.texts()))
    a.stop()
    last = t.send_many(topic, 40, "last ")
    _until("everything at the last member", 30, lambda: set(last) <= set(b.texts()), b.texts)


def broadcasting_gives_each_member_every_message(t):
    topic, group = t.topic(), t.unique("G")
    a, b = t.push(topic, group, broadcasting=True), t.push(topic, group, broadcasting=True)
    t.send(topic, "ready")
    _until("both ready", 30, lambda: a.got and b.got or t.send(topic, "ready") and False, lambda: (a.texts(), b.texts()))
    bodies = t.send_many(topic, 40, "b ")
    for sink in (a, b):
        _until("all", 30, lambda: set(bodies) <= set(sink.texts()), sink.texts)


def an_orderly_consumer_gets_each_queue_in_order(t):
    topic = t.topic()
    sink = t.push(topic, orderly=True)
    for i in range(100):
        t.send_to(topic, i % _QUEUES, f"{i:03d}")
    sink.await_count(100)
    for queue in range(_QUEUES):
        texts = [one.text for one in sink.got if one.queue == queue]
        _equal("order", sorted(texts), texts)
    _equal("messages", 100, len(sink.got))


def tags_select_what_a_consumer_gets(t):
    topic = t.topic()
    every = []
    for i in range(30):
        tag = ("red", "green", "blue")[i % 3]
        every.append(f"{tag} {i}")
        t.send(topic, every[i], tag)
    some, everything = t.push(topic, tags="red || blue"), t.push(topic)
    everything.await_exactly(every)
    some.await_exactly([body for body in every if not body.startswith("green")])


def pulling_gives_every_message(t):
    topic = t.topic()
    bodies, consumer, got = t.send_many(topic, 50, "p "), t.puller(), []

    def all_there():
        got.extend(one.body.decode() for one in consumer.pull(topic) if one.body != b"seed")
        return len(got) >= 50

    _until("all of them", 30, all_there, lambda: got)
    _equal("bodies", sorted(bodies), sorted(got))


def pulling_by_tag_gives_only_that_tag(t):
    topic = t.topic()
    for i in range(20):
        t.send(topic, str(i), ("even", "odd")[i % 2])
    consumer, got = t.puller(), []

    def all_there():
        got.extend(int(one.body) for one in consumer.pull(topic, "odd"))
        return len(got) >= 10

    _until("all of them", 30, all_there, lambda: got)
    _equal("bodies", list(range(1, 20, 2)), sorted(got))
