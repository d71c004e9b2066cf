#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""dedupe_kill_test [--rounds N] [--level async|sync] [--seed N]: kill -9 under producers that send again what was not acknowledged.

Producers number their messages and batches in each queue and have many on the way; others send messages with keys to a topic with a
window. Each round kills the server at a random moment, and everything without an answer is sent again to the new one, in any order,
some of it twice, and some of what had its answer too. Then, and at the end, when everything has been read:
  - every message is there exactly once, and those of a batch in their order;
  - every answer to a repeat names the queue and the offset where the message stands.
"""
import argparse
import random
import threading
import time
import zlib
from collections import Counter
from dataclasses import dataclass

import harness
import remoting

TOPIC, KEYED, QUEUES, PRODUCERS, KEY_PRODUCERS = "numbered", "keyed", 3, 3, 2
WINDOW = 64  # on the way per producer: all of them may go to one queue
WINDOW_MS = 3_600_000
SETTINGS = ("store.segment_bytes=5MiB", "store.index_run_bytes=1MiB", "broker.pull_max_messages=8192", "broker.pull_max_bytes=8MiB")


@dataclass
class Send:
    """A send that must be stored once."""
    queue: int
    bodies: list
    properties: dict
    offsets: set  # of the first message, by every answer; of messages with keys (queue, offset)


class Producer:
    """Sends on until the server is gone, and knows what it has not been told."""

    def __init__(self, name, keyed, rng):
        self.name, self.keyed, self.rng = name, keyed, rng
        self.next, self.counter = [0] * QUEUES, 0
        self.open, self.done = [], []

    def make(self):
        queue = self.rng.randrange(QUEUES)
        count = 1 if self.keyed else self.rng.choice((1, 1, 1, 4))
        bodies = []
        for _ in range(count):
            bodies.append(b"%s-%d|" % (self.name.encode(), self.counter) + b"x" * self.rng.randrange(1500))
            self.counter += 1
        if self.keyed:
            properties = {"KEYS": f"{self.name}-{self.counter}", "UNIQ_KEY": f"{self.name}-{self.counter}-{self.rng.random()}"}
        else:
            check = zlib.crc32(f"{TOPIC}/{queue}".encode())
            properties = {"__PRODUCER_ID": self.name, "__PRODUCER_SEQ": f"{self.next[queue]}@{check:08X}"}
            self.next[queue] += 1
        return Send(queue, bodies, properties, set())

    def post(self, client, send):
        topic = KEYED if self.keyed else TOPIC
        # A key is known in whichever queue it comes again.
        queue = self.rng.randrange(QUEUES) if self.keyed else send.queue
        if len(send.bodies) == 1:
            return client.post(remoting.SEND_V2, remoting.send_fields(topic, queue, send.properties), send.bodies[0])
        messages = [(body, {"UNIQ_KEY": f"{self.name}-{body[:24].hex()}"}) for body in send.bodies]
        return client.post(remoting.SEND_BATCH, remoting.send_fields(topic, queue, send.properties, m=True),
                           remoting.batch_body(messages))

    def take(self, answer, send):
        if answer.code != remoting.SUCCESS:
            raise remoting.RemotingError(answer.code, answer.remark)
        send.offsets.add((int(answer.ext["queueId"]), int(answer.ext["queueOffset"])))

    def repeat(self, server):
        """Sends what has no answer again, and of the rest some; in any order."""
        with server.client() as client:
            again = self.open + self.open[: len(self.open) // 3] + self.done[-20:]
            self.rng.shuffle(again)
            waiting = {self.post(client, send): send for send in again}
            client.flush()
            for _ in range(len(waiting)):
                answer = client.read()
                self.take(answer, waiting[answer.opaque])
        self.done += self.open
        self.open = []

    def run(self, server):
        waiting = {}
        with server.client(serialize=remoting.BINARY_HEADER) as client:
            while True:
                while len(self.open) < WINDOW:
                    send = self.make()
                    self.open.append(send)
                    waiting[self.post(client, send)] = send
                client.flush()
                for _ in range(WINDOW // 2):
                    answer = client.read()
                    send = waiting.pop(answer.opaque)
                    self.take(answer, send)
                    self.open.remove(send)
                    self.done.append(send)


def load(server, producers, seconds):
    """All producers at once, until the server is killed."""
    failures = []

    def guard(producer):
        try:
            producer.run(server)
        except OSError:
            pass  # the server was killed
        except Exception as error:  # pylint: disable=broad-except
            failures.append(error)

    threads = [threading.Thread(target=guard, args=(producer,), daemon=True) for producer in producers]
    for thread in threads:
        thread.start()
    time.sleep(seconds)
    server.kill()
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive(), "a client still waits for a dead server"
    if failures:
        raise failures[0]


def check(server, producers):
    """Reads everything: each message stands once, where every answer has said."""
    stored = {}
    with server.client() as client:
        for topic in (TOPIC, KEYED):
            for queue in range(QUEUES):
                for body in client.pull_bodies(topic, queue):
                    for offset, data in remoting.bodies(body):
                        stored.setdefault(bytes(data).split(b"|")[0], []).append((topic, queue, offset))
    twice = {identity: places for identity, places in stored.items() if len(places) > 1}
    assert not twice, f"{len(twice)} of {len(stored)} messages are there twice: {list(twice.items())[:3]}"
    sent = 0
    for producer in producers:
        for send in producer.done:
            places = [stored.pop(body.split(b"|")[0], [None])[0] for body in send.bodies]
            sent += len(places)
            assert None not in places, f"{send.bodies[0][:30]} of {len(places)} is not there"
            assert len(send.offsets) == 1, f"{send.bodies[0][:30]}: the answers differ: {send.offsets}"
            assert places[0][1:] in send.offsets, f"{send.bodies[0][:30]} stands at {places[0]}, not at {send.offsets}"
            offsets = [place[2] for place in places]
            assert offsets == sorted(offsets), f"a batch is out of order: {places}"
    assert not stored, f"{len(stored)} messages that nobody sent: {list(stored)[:3]}"
    return sent


def campaign(rounds, level, seed):
    rng = random.Random(seed)
    producers = [Producer(f"p{n}", False, random.Random(f"{seed}/p{n}")) for n in range(PRODUCERS)]
    producers += [Producer(f"k{n}", True, random.Random(f"{seed}/k{n}")) for n in range(KEY_PRODUCERS)]
    counts = Counter()
    with harness.Server(settings=(f"store.reply_level={level}", *SETTINGS)) as server:
        with server.client() as client:
            client.put_topic(TOPIC, QUEUES)
            client.put_topic(KEYED, QUEUES, attributes=f"+bolide.dedupe.window.ms={WINDOW_MS}")
        for number in range(rounds):
            load(server, producers, rng.uniform(0.3, 1.2))
            server.start()
            if rng.random() < 0.3:  # and again, while it has just begun
                server.kill()
                server.start()
            counts["open"] += sum(len(producer.open) for producer in producers)
            for producer in producers:
                producer.repeat(server)
            counts["messages"] = check(server, producers)
            if number % 5 == 4:
                assert server.stop() == 0
                server.start()
                for producer in producers:
                    producer.repeat(server)
                check(server, producers)
    print(f"{level}: {rounds} kills, {counts['messages']} messages, each of them once; {counts['open']} sends without an answer "
          f"were sent again (seed {seed})")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--level", choices=("async", "sync"))
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    options = parser.parse_args()
    for level in [options.level] if options.level else ["async", "sync"]:
        campaign(options.rounds, level, options.seed)


if __name__ == "__main__":
    main()
