#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""kill_test [--rounds N] [--level async|sync] [--seed N] [--big]: kill -9 under load, over and over, and nothing is lost.

Each round loads a server, kills it at a random moment, sometimes again while it recovers, starts it and pulls everything:
  - every message that was acknowledged is there, once, at the offset that was told;
  - what stood at an offset in an earlier round, or was seen by a consumer, still stands there;
  - the offsets of each queue are dense;
  - topics and groups that were made are there, also those that a send made;
  - a group's progress is at most a second older than what was committed.
--big: a gigabyte of records of 1 KiB, kill -9, and the time until it is ready again.
"""
import argparse
import itertools
import json
import random
import statistics
import threading
import time
from dataclasses import dataclass, field

import harness
import remoting

TOPICS, QUEUES, PRODUCERS = 4, 3, 4
WINDOW = 48  # requests on the way per producer
GROUP = "progress"
COMMIT_SECONDS, COMMIT_LOSS_SECONDS = 0.1, 1.0
BIG_BYTES, BIG_READY_SECONDS = 1 << 30, 1.0
PROGRESS = ("broker.offset_flush_interval_ms=500",)
READING = ("broker.pull_max_messages=8192", "broker.pull_max_bytes=8MiB")
SMALL_STORE = ("store.segment_bytes=16MiB", "store.index_run_bytes=1MiB")


def topic_name(index):
    return f"kill-{index}"


ALL_QUEUES = [(topic_name(topic), queue) for topic in range(TOPICS) for queue in range(QUEUES)]


@dataclass
class History:
    """What the outside has been told. `log` is what was read after earlier crashes: a body's id for each offset."""
    log: dict = field(default_factory=lambda: {queue: [] for queue in ALL_QUEUES})
    acknowledged: list = field(default_factory=list)  # (queue, offset, id), of this round
    seen: list = field(default_factory=list)  # the same, by a consumer
    made: list = field(default_factory=list)  # (topic, group), of this round
    commits: dict = field(default_factory=dict)  # queue -> [(time of the answer, offset)]
    total: int = 0


class Load:
    """Producers and a consumer that go on until the server is gone."""

    def __init__(self, server, history, prefix, seed):
        self.server, self.history, self.prefix = server, history, prefix
        self.lock = threading.Lock()
        self.failures = []
        workers = [(self.produce, number) for number in range(PRODUCERS)]
        workers += [(self.consume, 0), (self.commit, 0), (self.make, 0)]
        self.threads = [threading.Thread(target=self.guard, args=(work, random.Random(f"{seed}/{work.__name__}/{number}"),
                                                                  number), daemon=True) for work, number in workers]
        for thread in self.threads:
            thread.start()

    def join(self):
        for thread in self.threads:
            thread.join(20)
            if thread.is_alive():
                raise AssertionError("a client still waits for a dead server")
        if self.failures:
            raise self.failures[0]

    def guard(self, work, rng, number):
        try:
            work(rng, number)
        except OSError:
            pass  # the server was killed
        except Exception as error:  # pylint: disable=broad-except
            self.failures.append(error)

    def produce(self, rng, number):
        serialize = remoting.JSON_HEADER if number % 2 else remoting.BINARY_HEADER
        acknowledged, waiting, counter = [], {}, 0
        try:
            with self.server.client(serialize=serialize) as client:
                while True:
                    while len(waiting) < WINDOW:
                        topic, queue = rng.choice(ALL_QUEUES)
                        ids = []
                        for _ in range(rng.choice((1, 1, 1, 5))):
                            ids.append(b"%s-%d-%d" % (self.prefix, number, counter))
                            counter += 1
                        bodies = [identity + b"|" + b"x" * rng.randrange(1800) for identity in ids]
                        if len(bodies) == 1:
                            opaque = client.post(remoting.SEND_V2, remoting.send_fields(topic, queue), bodies[0])
                        else:
                            messages = [(body, {"UNIQ_KEY": identity.decode()}) for body, identity in zip(bodies, ids)]
                            opaque = client.post(remoting.SEND_BATCH, remoting.send_fields(topic, queue, m=True),
                                                 remoting.batch_body(messages))
                        waiting[opaque] = (topic, queue), ids
                    client.flush()
                    for _ in range(WINDOW // 2):
                        answer = client.read()
                        place, ids = waiting.pop(answer.opaque)
                        if answer.code != remoting.SUCCESS:
                            raise remoting.RemotingError(answer.code, answer.remark)
                        first = int(answer.ext["queueOffset"])
                        acknowledged += ((place, first + index, identity) for index, identity in enumerate(ids))
        finally:
            with self.lock:
                self.history.acknowledged += acknowledged

    def consume(self, rng, _):
        """Looks at the ends of queues: what it has seen must still be there afterwards."""
        seen = []
        try:
            with self.server.client() as client:
                while True:
                    topic, queue = rng.choice(ALL_QUEUES)
                    start = max(0, client.max_offset(topic, queue) - 16)
                    answer = client.pull(topic, queue, start, maximum=64)
                    if answer.code == remoting.SUCCESS:
                        seen += (((topic, queue), offset, body.split(b"|")[0]) for offset, body
                                 in remoting.bodies(answer.body))
                    time.sleep(0.005)
        finally:
            with self.lock:
                self.history.seen += seen

    def commit(self, _rng, _number):
        with self.server.client() as client:
            while True:
                for topic, queue in ALL_QUEUES:
                    offset = client.max_offset(topic, queue)
                    client.commit(GROUP, topic, queue, offset)
                    with self.lock:
                        self.history.commits.setdefault((topic, queue), []).append((time.monotonic(), offset))
                time.sleep(COMMIT_SECONDS)

    def make(self, _rng, _number):
        """Makes topics by sending to them, and groups."""
        with self.server.client() as client:
            for counter in itertools.count():
                name = f"made-{self.prefix.decode()}-{counter}"
                if counter % 2:
                    assert client.send(name, name.encode())[1] == 0
                    self.history.made.append((name, None))
                else:
                    client.put_group(name)
                    self.history.made.append((None, name))
                time.sleep(0.02)


def read_queue(client, place, offset, end):
    """The ids of a queue's messages from `offset` to `end`; AssertionError where an offset is missing."""
    ids = []
    for body in client.pull_bodies(*place, offset=offset, end=end):
        for at, message in remoting.bodies(body):
            assert at == offset + len(ids), f"{place}: offset {at} where {offset + len(ids)} should be"
            ids.append(message.split(b"|")[0])
    return ids


def verify(server, history, killed_at):
    """Holds the server against what was told; returns how many messages it has."""
    with server.client() as client:
        groups = json.loads(client.call(remoting.ALL_GROUPS).body)["subscriptionGroupTable"]
        for place in ALL_QUEUES:
            assert client.min_offset(*place) == 0, place
            ids = read_queue(client, place, 0, client.max_offset(*place))
            old = history.log[place]
            if ids[:len(old)] != old:
                at = next(at for at, identity in enumerate(old) if at >= len(ids) or ids[at] != identity)
                raise AssertionError(f"{place}: offset {at} held {old[at]}, now {ids[at] if at < len(ids) else 'nothing'}")
            history.log[place] = ids
        for name, told in (("acknowledged", history.acknowledged), ("seen by a consumer", history.seen)):
            for place, offset, identity in told:
                ids = history.log[place]
                found = ids[offset] if offset < len(ids) else "nothing"
                assert found == identity, f"{place}: {identity} was {name} at {offset}, where there is {found}"
        everything = [identity for ids in history.log.values() for identity in ids]
        assert len(set(everything)) == len(everything), "a message stands in the log twice"
        for topic, group in history.made:
            if topic:
                found = [record.body.decode() for record in client.pull_all(topic, 0)]
                assert found == [topic], f"{topic} holds {found}"
            else:
                assert group in groups, f"group {group} is gone"
        for place, commits in history.commits.items():
            durable = [offset for when, offset in commits if when < killed_at - COMMIT_LOSS_SECONDS]
            found = client.committed(GROUP, *place)
            if durable:
                assert found is not None and found >= durable[-1], f"{place}: {durable[-1]} was committed, {found} is left"
            assert found is None or found <= len(history.log[place]), f"{place}: {found} is beyond the end"
            history.commits[place] = [(0.0, found or 0)]
    return len(everything)


def run_rounds(level, rounds, seed, small):
    """Returns (rounds, messages, start times in seconds)."""
    settings = [f"store.reply_level={level}", *PROGRESS, *READING, *(SMALL_STORE if small else ())]
    history, starts, recovery_kills = History(), [], 0
    rng = random.Random(seed)
    with harness.Server(settings=settings) as server:
        with server.client() as client:
            client.put_group(GROUP)
            for index in range(TOPICS):
                client.put_topic(topic_name(index), QUEUES)
        for number in range(rounds):
            history.acknowledged, history.seen, history.made = [], [], []
            load = Load(server, history, b"r%d" % number, f"{seed}/{number}")
            time.sleep(rng.uniform(0.2, 2.5))
            assert server.alive(), f"the server died under load:\n{server.said()}"
            killed_at = time.monotonic()
            server.kill()
            load.join()
            if rng.random() < 0.3:  # and again while it recovers
                recovery_kills += kill_while_starting(server, rng)
            server.start()
            starts.append(server.start_seconds)
            history.total = verify(server, history, killed_at)
            print(f"  {level}{' small' if small else ''} round {number + 1}: {len(history.acknowledged)} acknowledged, "
                  f"{history.total} in the log, ready in {starts[-1] * 1000:.0f} ms", flush=True)
        assert server.stop() == 0, server.said()
        assert history.total > 0, "no message was ever acknowledged"
        server.start()  # a stop in good order keeps all of it too
        verify(server, history, 0.0)
    print(f"{level}{' small segments' if small else ''}: {rounds} kills ({recovery_kills} more during recovery), "
          f"{history.total} messages, none lost; restart median {statistics.median(starts) * 1000:.0f} ms, "
          f"max {max(starts) * 1000:.0f} ms", flush=True)


def kill_while_starting(server, rng):
    """Kills a start somewhere on its way; returns 1 if it was not ready yet."""
    timer = threading.Timer(rng.uniform(0.002, 0.08), lambda: server.process.kill())
    old = server.process
    waiter = threading.Thread(target=lambda: (harness.wait_until(lambda: server.process is not old), timer.start()))
    waiter.start()
    try:
        server.start()
        early = 0
    except AssertionError:
        early = 1
    waiter.join()
    timer.join()
    server.kill()
    return early


def run_big():
    body = b"x" * 1000
    with harness.Server(settings=[*READING]) as server:
        begin = time.monotonic()
        with server.client(serialize=remoting.BINARY_HEADER) as client:
            client.put_topic("big", 4)
            message = remoting.batch_body([(body, {})] * 256)
            posted = answered = 0
            while answered * 256 * 1024 < BIG_BYTES:
                while posted - answered < 16:
                    client.post(remoting.SEND_BATCH, remoting.send_fields("big", posted % 4, m=True), message)
                    posted += 1
                client.flush()
                answer = client.read()
                assert answer.code == remoting.SUCCESS, answer.remark
                answered += 1
        filled = time.monotonic() - begin
        server.kill()
        server.start()
        with server.client() as client:
            total = sum(client.max_offset("big", queue) for queue in range(4))
            assert answered * 256 <= total <= posted * 256, (answered, total, posted)
            for queue in range(4):
                end = client.max_offset("big", queue)
                assert sum(1 for data in client.pull_bodies("big", queue) for _ in remoting.bodies(data)) == end
        print(f"big: {total} messages in {filled:.1f} s, kill -9, ready again in {server.start_seconds * 1000:.0f} ms; "
              f"{[line.strip() for line in server.lines if 'recovery' in line][0]}", flush=True)
        assert server.start_seconds < BIG_READY_SECONDS, f"ready after {server.start_seconds:.2f} s"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=6, help="kills per reply level")
    parser.add_argument("--level", choices=("async", "sync"), help="only this reply level")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--big", action="store_true")
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    if arguments.big:
        run_big()
        return
    for level in [arguments.level] if arguments.level else ["async", "sync"]:
        run_rounds(level, (arguments.rounds + 1) // 2, f"{arguments.seed}/{level}/large", small=False)
        run_rounds(level, arguments.rounds // 2 or 1, f"{arguments.seed}/{level}/small", small=True)


if __name__ == "__main__":
    main()
