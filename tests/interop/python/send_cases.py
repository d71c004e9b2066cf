# SPDX-License-Identifier: Apache-2.0
"""Producers: the ways to send, what a message carries, limits. A case's name is a sentence."""
import os as _os
import threading as _threading

from ctx import QUEUES as _QUEUES, equal as _equal, message as _message, until as _until


def sync_sends_count_the_offsets_of_a_queue(t):
    topic = t.topic()
    first = t.send_to(topic, 1, "m").offset
    for i in range(1, 10):
        _equal("offset", first + i, t.send_to(topic, 1, "m").offset)


def async_sends_answer_each_message(t):
    topic, answers, errors, mutex = t.topic(), [], [], _threading.Lock()
    bodies = [f"a{i}" for i in range(50)]

    def answered(sent):
        with mutex:
            answers.append(sent.msg_id)

    messages = [_message(topic, body) for body in bodies]
    for one in messages:
        t.producer.send_async(one, answered, errors.append)
    _until("all answers", 30, lambda: len(answers) + len(errors) >= 50, lambda: (len(answers), errors))
    _equal("errors", [], errors)
    _equal("different ids", 50, len(set(answers)))
    t.push(topic).await_exactly(bodies)


def one_way_sends_arrive(t):
    topic, bodies = t.topic(), [f"o{i}" for i in range(50)]
    for body in bodies:
        t.producer.send_oneway(_message(topic, body))
    t.push(topic).await_exactly(bodies)


def a_selector_chooses_the_queue(t):
    topic = t.topic()
    for i in range(20):
        t.send_to(topic, i, str(i))
    sink = t.push(topic)
    sink.await_count(20)
    _equal("queues", [(i, i % _QUEUES) for i in range(20)], sorted((int(one.text), one.queue) for one in sink.got))


def a_message_carries_tag_keys_and_properties(t):
    topic = t.topic()
    sent = t.send(topic, "body", "tag", "k1 k2", colour="green a=b;c&d")
    sink = t.push(topic, tags="tag")
    sink.await_count(1)
    got = sink.got[0]
    _equal("tag, keys, property", (b"tag", b"k1 k2", b"green a=b;c&d"), (got.tags, got.keys, got.property))
    _equal("id and offset", (sent.msg_id, sent.offset), (got.id, got.offset))
    _equal("topic", topic, got.topic)
    assert abs(got.born - got.stored) < 60000, f"born {got.born}, stored {got.stored}"


def unicode_bodies_and_properties_come_back_whole(t):
    topic, text = t.topic(), 'žluť 消息 \U0001f680 "quoted" \\ {[,:]}'
    t.send(topic, text, "štítek", "клюЧ", colour=text)
    sink = t.push(topic)
    sink.await_count(1)
    got = sink.got[0]
    _equal("body", text, got.text)
    _equal("tag, keys, property", ["štítek", "клюЧ", text], [one.decode() for one in (got.tags, got.keys, got.property)])


def a_big_body_arrives(t):
    topic, body = t.topic(), _os.urandom(500000).hex()
    t.send(topic, body)
    sink = t.push(topic)
    sink.await_count(1)
    assert sink.got[0].text == body, "another body"


def a_compressed_body_comes_back_whole(t):
    topic, body = t.topic(), "compress me " * 10000
    t.send(topic, body)
    sink = t.push(topic)
    sink.await_count(1)
    assert sink.got[0].text == body, "another body"
