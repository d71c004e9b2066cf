#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""pop_kill_test [--rounds N] [--level async|sync] [--seed N] [--million]: kill -9 in the middle of pops and acknowledgements.

Producers send, consumers of one group pop, acknowledge most, give some back and let some go. Each round kills the server at a random
moment and starts it again. Then, and at the end, when everything has been popped:
  - every message that was acknowledged by the broker to its producer was popped;
  - none that a consumer acknowledged, and was answered for, is ever popped again;
  - a message is popped again only when its time was over, when it was given back, or when its acknowledgement or its pop had no answer:
    each repeat is counted, and must have one of these causes;
  - the attempts that a message carries only grow.
--million: a million leases, their memory, and the time of a start with them.
"""
import argparse
import random
import threading
import time
from collections import defaultdict

import harness
import remoting

POP, ACK, CHANGE = 200050, 200051, 200053  # too large for the code of a binary header
POLLING_TIMEOUT, POLLING_FULL = 210, 209
TOPIC, QUEUES, GROUP = "leases", 4, "workers"
PRODUCERS, CONSUMERS = 2, 4
INVISIBLE_MS = 3_000
MEMORY_MORE, READY_SECONDS = 100 << 20, 2.0


def pop_fields(born_ms, wait_ms=200, maximum=16, invisible_ms=INVISIBLE_MS, queue=-1):
    return {"consumerGroup": GROUP, "topic": TOPIC, "queueId": queue, "maxMsgNums": maximum, "invisibleTime": invisible_ms,
            "pollTime": wait_ms, "bornTime": born_ms, "initMode": 0, "expType": "TAG", "exp": "*"}


def ack_fields(answer, record):
    receipt = " ".join(str(part) for part in (record.offset, answer.ext["popTime"], answer.ext["invisibleTime"],
                                              answer.ext["reviveQid"], 0, "broker-a", record.queue_id, record.offset))
    return {"consumerGroup": GROUP, "topic": TOPIC, "queueId": record.queue_id, "offset": record.offset, "extraInfo": receipt}


def now_ms():
    return int(time.time() * 1000)


class History:
    """What the outside knows. Everything is by the id of a message."""

    def __init__(self):
        self.lock = threading.Lock()
        self.stored = set()  # the producer was answered
        self.acked = {}  # the consumer was answered: when
        self.asked = set()  # an acknowledgement was sent, and its answer may be missing
        self.given_back = set()
        self.deliveries = defaultdict(list)  # (time of the pop, attempts)
        self.problems = []
        self.unanswered_pops = 0

    def delivered(self, identity, popped_ms, attempts):
        with self.lock:
            if identity in self.acked and self.acked[identity] < popped_ms:
                self.problems.append(f"{identity} was acknowledged and is popped again")
            before = self.deliveries[identity]
            if before and attempts <= before[-1][1]:
                self.problems.append(f"{identity} came with {attempts} attempts after {before[-1][1]}")
            if before and identity not in self.given_back and popped_ms < before[-1][0] + INVISIBLE_MS:
                self.problems.append(f"{identity} was popped again {popped_ms - before[-1][0]} ms after it was given")
            before.append((popped_ms, attempts))


class Round:
    """Producers and consumers that go on until the server is gone."""

    def __init__(self, server, history, prefix, seed):
        self.server, self.history, self.prefix = server, history, prefix
        self.failures = []
        work = [(self.produce, n) for n in range(PRODUCERS)] + [(self.consume, n) for n in range(CONSUMERS)]
        self.threads = [threading.Thread(target=self.guard, args=(call, random.Random(f"{seed}/{call.__name__}/{n}"), n),
                                         daemon=True) for call, n in work]
        for thread in self.threads:
            thread.start()

    def join(self):
        for thread in self.threads:
            thread.join(20)
            assert not thread.is_alive(), "a client still waits for a dead server"
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
        with self.server.client(serialize=remoting.BINARY_HEADER) as client:
            for counter in range(1 << 30):
                identity = f"{self.prefix}-{number}-{counter}"
                client.send(TOPIC, identity.encode(), rng.randrange(QUEUES))
                with self.history.lock:
                    self.history.stored.add(identity)
                time.sleep(0.001)

    def consume(self, rng, _):
        history = self.history
        with self.server.client() as client:
            while True:
                with history.lock:
                    history.unanswered_pops += 1
                answer = client.call(POP, pop_fields(now_ms()), expect=(0, POLLING_TIMEOUT))
                with history.lock:
                    history.unanswered_pops -= 1
                if answer.code == 0:
                    self.settle(client, answer, rng)

    def settle(self, client, answer, rng):
        history, popped_ms = self.history, int(answer.ext["popTime"])
        for record in remoting.records(answer.body):
            identity = record.body.decode()
            history.delivered(identity, popped_ms, record.reconsume_times)
        for record in remoting.records(answer.body):
            identity, chance = record.body.decode(), rng.random()
            if chance < 0.8:
                with history.lock:
                    history.asked.add(identity)
                client.call(ACK, ack_fields(answer, record))
                with history.lock:
                    history.acked.setdefault(identity, now_ms())
            elif chance < 0.9:
                with history.lock:
                    history.given_back.add(identity)
                client.call(CHANGE, {**ack_fields(answer, record), "invisibleTime": 100})


def drain(server, history):
    """Pops and acknowledges until nothing comes for longer than a lease lasts."""
    quiet_since = time.monotonic()
    with server.client() as client:
        while time.monotonic() - quiet_since < INVISIBLE_MS / 1000 + 1.0:
            answer = client.call(POP, pop_fields(now_ms(), wait_ms=500, maximum=32), expect=(0, POLLING_TIMEOUT))
            if answer.code != 0:
                continue
            quiet_since = time.monotonic()
            for record in remoting.records(answer.body):
                identity = record.body.decode()
                history.delivered(identity, int(answer.ext["popTime"]), record.reconsume_times)
                client.call(ACK, ack_fields(answer, record))
                history.acked[identity] = now_ms()
        for queue in range(QUEUES):
            end = client.max_offset(TOPIC, queue)
            found = client.committed(GROUP, TOPIC, queue)
            assert found == end, f"queue {queue}: {found} is committed of {end}, and all is acknowledged"


def run_rounds(level, rounds, seed):
    history, rng = History(), random.Random(seed)
    with harness.Server(settings=[f"store.reply_level={level}"]) as server:
        with server.client() as client:
            client.put_topic(TOPIC, QUEUES)
            client.put_group(GROUP, retryMaxTimes=1000)
        for number in range(rounds):
            work = Round(server, history, f"r{number}", f"{seed}/{number}")
            time.sleep(rng.uniform(0.3, 2.0))
            assert server.alive(), f"the server died under load:\n{server.said()}"
            server.kill()
            work.join()
            server.start()
            assert not history.problems, "\n".join(history.problems[:5])
        drain(server, history)
    assert not history.problems, "\n".join(history.problems[:5])
    lost = history.stored - set(history.deliveries)
    assert not lost, f"{len(lost)} messages were never popped: {sorted(lost)[:5]}"
    deliveries = sum(len(times) for times in history.deliveries.values())
    repeats = deliveries - len(history.deliveries)
    assert history.stored and repeats >= 0
    print(f"{level}: {rounds} kills, {len(history.stored)} messages stored, {deliveries} deliveries, {repeats} of them repeats with a "
          f"cause, {history.unanswered_pops} pops without an answer, none lost", flush=True)


def run_million(count=1_000_000):
    with harness.Server() as server:
        with server.client() as client:
            client.put_topic(TOPIC, QUEUES)
            client.put_group(GROUP)
            batch = remoting.batch_body([(b"x" * 16, {})] * 500)
            for index in range(count // 500):
                client.post(remoting.SEND_BATCH, remoting.send_fields(TOPIC, index % QUEUES, m=True), batch)
                client.flush()
                client.read()
            server_bytes = server.resident_bytes()
            popped, waiting = 0, 0
            # One message for each lease: nothing is shared.
            while popped < count:
                while waiting < 64:
                    client.post(POP, pop_fields(now_ms(), wait_ms=0, maximum=1, invisible_ms=3_600_000))
                    waiting += 1
                client.flush()
                for _ in range(32):
                    answer, waiting = client.read(), waiting - 1
                    assert answer.code == 0, (answer.code, answer.remark, popped)
                    popped += 1
            more = server.resident_bytes() - server_bytes
        server.kill()
        server.start()
        after_kill, kill_bytes = server.start_seconds, server.resident_bytes()
        with server.client() as client:
            answer = client.call(POP, pop_fields(now_ms(), wait_ms=0), expect=(0, POLLING_TIMEOUT))
            extra = sum(1 for _ in remoting.records(answer.body)) if answer.code == 0 else 0
            assert extra <= 64, f"{extra} messages that were given are given again"
        assert server.stop() == 0
        server.start()
        print(f"{popped} leases of one message each: {more / (1 << 20):.0f} MiB more, ready after kill -9 in {after_kill * 1000:.0f} ms "
              f"({kill_bytes / (1 << 20):.0f} MiB in all), after a stop in {server.start_seconds * 1000:.0f} ms", flush=True)
        assert more <= MEMORY_MORE, f"{more} bytes more"
        assert max(after_kill, server.start_seconds) < READY_SECONDS


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=4, help="kills per reply level")
    parser.add_argument("--level", choices=("async", "sync"), help="only this reply level")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--million", action="store_true")
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    if arguments.million:
        run_million()
        return
    for level in [arguments.level] if arguments.level else ["async", "sync"]:
        run_rounds(level, arguments.rounds, f"{arguments.seed}/{level}")


if __name__ == "__main__":
    main()
