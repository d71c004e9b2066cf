#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""semantics_kill_test [--rounds N] [--only transactions|delays|order] [--seed N] [--million]: kill -9 in the middle of what takes several steps.

Each round lets clients work, some of which die at a random moment too, kills the server and starts it again. Afterwards:
transactions: what its producer committed is visible once, what was rolled back never, whether it said so at once or was asked;
delays: what was acknowledged comes, once, never before its time, and soon after it or after the start that followed it;
order: a queue is worked on by the holder of its lock alone, message after message; what comes again is what its last holder had
       not committed.
Repeats are counted, and none comes without a kill.
--million: a million messages that wait, their memory, and the time of a start with them.
"""
import argparse
import json
import random
import struct
import threading
import time
from collections import Counter, defaultdict

import harness
import remoting

LOCK, UNLOCK, END_TRANSACTION, CHECK_TRANSACTION = 41, 42, 37, 39
COMMIT, ROLLBACK = 8, 12  # values of an END_TRANSACTION
TURN_MS = 20
LATE_SECONDS = 1.0  # of a delivery, on a machine that runs other tests beside
PATIENCE_SECONDS = 60.0
MEMORY_MORE, READY_SECONDS = 100 << 20, 2.0


def now_ms():
    return int(time.time() * 1000)


def guarded(work, failures):
    """The work in a thread; a connection that ends, ends it."""
    def run():
        try:
            work()
        except (OSError, struct.error):
            pass
        except Exception as error:  # pylint: disable=broad-except
            failures.append(error)
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


class Campaign:
    """Rounds of work on one server that is killed after each. A subclass says what the work is, and what must be true then."""
    settings = ()

    def __init__(self, rounds, seed):
        self.rounds, self.rng = rounds, random.Random(f"{seed}/{type(self).__name__}")
        self.lock = threading.Lock()
        self.failures = []

    def run(self):
        with harness.Server(settings=[*self.settings]) as server:
            self.server = server
            with server.client() as client:
                self.prepare(client)
            for number in range(self.rounds):
                threads = [guarded(work, self.failures) for work in self.workers(number)]
                time.sleep(self.rng.uniform(0.3, 1.5))
                assert server.alive(), f"the server died under load:\n{server.said()}"
                server.kill()
                for thread in threads:
                    thread.join(20)
                    assert not thread.is_alive(), "a client still waits for a dead server"
                if self.failures:
                    raise self.failures[0]
                server.start()
                self.started(number)
            self.finish()
        print(f"{type(self).__name__.lower()}: {self.rounds} kills, {self.summary()}", flush=True)


class Transactions(Campaign):
    """What becomes of a transaction stands in its name: c(ommit), r(ollback); asked: only when the broker asks."""
    TOPIC, QUEUES, GROUP = "paid", 2, "payers"
    settings = ("broker.transaction_timeout_ms=300", "broker.transaction_check_interval_ms=200",
                "broker.transaction_checks_max=100000")

    def __init__(self, rounds, seed):
        super().__init__(rounds, seed)
        self.held = set()  # acknowledged
        self.ended = set()  # an outcome was sent
        self.asked = Counter()

    def prepare(self, client):
        client.put_topic(self.TOPIC, self.QUEUES)

    def workers(self, number):
        return [lambda n=n: self.produce(number, n, random.Random(f"{self.rng.random()}/{n}")) for n in range(3)]

    def beat(self, client):
        client.call(remoting.HEART_BEAT, body=json.dumps({
            "clientID": "payer", "producerDataSet": [{"groupName": self.GROUP}], "consumerDataSet": []}).encode())

    def produce(self, number, worker, rng):
        dies_at = time.monotonic() + rng.uniform(0.2, 3.0)
        with self.server.client() as client:
            self.beat(client)
            for counter in range(1 << 30):
                if time.monotonic() > dies_at:
                    return  # the connection ends with transactions open
                name = f"{number}-{worker}-{counter}-{rng.choice('ccr')}{rng.choice(('', '', '-asked'))}"
                properties = {"TRAN_MSG": "true", "PGROUP": self.GROUP, "UNIQ_KEY": name}
                answer = self.call(client, remoting.SEND_V2, remoting.send_fields(
                    self.TOPIC, rng.randrange(self.QUEUES), properties, f=4, a=self.GROUP), name.encode())
                with self.lock:
                    self.held.add(name)
                if not name.endswith("-asked"):
                    self.end(client, name, int(answer.ext["queueOffset"]), answer.ext["msgId"], False)

    def call(self, client, code, ext, body=b""):
        """As client.call; answers the broker's questions in between."""
        opaque = client.post(code, ext, body)
        client.flush()
        while True:
            answer = client.read()
            if answer.flag & remoting.RESPONSE and answer.opaque == opaque:
                assert answer.code == remoting.SUCCESS, (answer.code, answer.remark)
                return answer
            self.answer_question(client, answer)

    def answer_question(self, client, question):
        if question.code != CHECK_TRANSACTION:
            return
        name = next(remoting.records(question.body)).body.decode()
        with self.lock:
            self.asked[name] += 1
        self.end(client, name, int(question.ext["tranStateTableOffset"]), None, True,
                 position=int(question.ext["commitLogOffset"]))

    def end(self, client, name, half_offset, message_id, asked, position=None):
        if position is None:
            position = int(message_id[-16:], 16)
        value = COMMIT if name.split("-")[3] == "c" else ROLLBACK
        with self.lock:
            self.ended.add(name)
        client.post(END_TRANSACTION, {
            "producerGroup": self.GROUP, "tranStateTableOffset": half_offset, "commitLogOffset": position,
            "commitOrRollback": value, "fromTransactionCheck": asked, "msgId": name, "transactionId": name,
            "topic": self.TOPIC}, flag=remoting.ONEWAY)
        client.flush()

    def started(self, _):
        pass

    def visible(self):
        with self.server.client() as client:
            return Counter(record.body.decode() for queue in range(self.QUEUES) for record in client.pull_all(self.TOPIC, queue))

    def finish(self):
        """A producer that only answers, until all that is due is visible and no question comes any more."""
        stop = threading.Event()

        def answer():
            with self.server.client(timeout=0.5) as client:
                self.beat(client)
                while not stop.is_set():
                    try:
                        self.answer_question(client, client.read())
                    except TimeoutError:
                        pass
        thread = guarded(answer, self.failures)
        due = {name for name in self.held if name.split("-")[3] == "c"}
        harness.wait_until(lambda: due <= set(self.visible()), PATIENCE_SECONDS, "all committed messages to be visible")
        seen = sum(self.asked.values())
        deadline = time.monotonic() + PATIENCE_SECONDS

        def quiet():
            nonlocal seen
            before, seen = seen, sum(self.asked.values())
            return before == seen
        while True:
            threading.Event().wait(1.0)  # five times the interval of questions: none in it means that none is open
            if quiet():
                break
            assert time.monotonic() < deadline, "the broker goes on asking"
        stop.set()
        thread.join(5)
        if self.failures:
            raise self.failures[0]
        self.found = self.visible()
        wrong = [name for name in self.found if name.split("-")[3] == "r"]
        assert not wrong, f"rolled back, and visible: {wrong[:5]}"
        twice = [name for name, times in self.found.items() if times > 1]
        assert not twice, f"visible twice: {twice[:5]}"
        assert self.found and self.asked, "the campaign did nothing"

    def summary(self):
        return (f"{len(self.held)} transactions held, {len(self.found)} committed, {sum(self.asked.values())} questions, "
                "none lost, none wrong, none twice")


class Delays(Campaign):
    TOPIC, QUEUES = "later", 2
    settings = ("broker.delay_levels=1s 2s 3s",)

    def __init__(self, rounds, seed):
        super().__init__(rounds, seed)
        self.stored = {}  # name -> the time that it is due, as its sender knows
        self.up = []  # when the server was ready again

    def prepare(self, client):
        client.put_topic(self.TOPIC, self.QUEUES)

    def workers(self, number):
        return [lambda n=n: self.produce(number, n, random.Random(f"{self.rng.random()}/{n}")) for n in range(3)]

    def produce(self, number, worker, rng):
        with self.server.client() as client:
            for counter in range(1 << 30):
                name = f"{number}-{worker}-{counter}"
                before, how = now_ms(), rng.randrange(3)
                delay_ms = rng.randrange(50, 3000)
                if how == 0:
                    level = rng.randrange(1, 4)
                    properties, due = {"DELAY": level}, before + 1000 * level
                elif how == 1:
                    properties, due = {"TIMER_DELAY_MS": delay_ms}, before + delay_ms
                else:
                    due = before + delay_ms
                    properties = {"TIMER_DELIVER_MS": due}
                client.send(self.TOPIC, name.encode(), rng.randrange(self.QUEUES),
                            i=remoting.format_properties({**properties, "UNIQ_KEY": name}))
                with self.lock:
                    # A delay counts from the start of the turn in which the server takes the message.
                    self.stored[name] = due if how == 2 else due - TURN_MS
                time.sleep(0.001)

    def started(self, _):
        self.up.append(now_ms())

    def records(self):
        with self.server.client() as client:
            return [record for queue in range(self.QUEUES) for record in client.pull_all(self.TOPIC, queue)]

    def finish(self):
        harness.wait_until(lambda: set(self.stored) <= {record.body.decode() for record in self.records()},
                           PATIENCE_SECONDS, "all delayed messages to be delivered")
        self.times = Counter()
        self.latest_ms = 0
        for record in self.records():
            name = record.body.decode()
            self.times[name] += 1
            due = self.stored.get(name)
            if due is None:
                continue  # its sender was not answered
            assert record.store_ms >= due, f"{name} was delivered {due - record.store_ms} ms early"
            # It may have been due while the server was down, and be delivered by the start after that.
            late = min([record.store_ms - due, *(record.store_ms - up for up in self.up if due <= up <= record.store_ms)])
            self.latest_ms = max(self.latest_ms, late)
        assert self.latest_ms <= 1000 * LATE_SECONDS, f"one was {self.latest_ms} ms late"
        twice = [name for name, times in self.times.items() if times > 1]
        assert not twice, f"{len(twice)} came twice: {twice[:5]}"
        assert self.stored, "the campaign did nothing"

    def summary(self):
        return f"{len(self.stored)} messages, none lost, none early, none twice, at most {self.latest_ms} ms late"


class Order(Campaign):
    """Consumers lock a queue, read on from the committed offset, and commit after each message; some die with the lock."""
    TOPIC, QUEUES, GROUP = "steps", 3, "walkers"

    def __init__(self, rounds, seed):
        super().__init__(rounds, seed)
        self.done = defaultdict(list)  # queue -> (client, offset)
        self.holders = {}  # queue -> the client that works on it now
        self.stored = 0
        self.refused = 0

    def prepare(self, client):
        client.put_topic(self.TOPIC, self.QUEUES)
        client.put_group(self.GROUP)

    def workers(self, number):
        self.holders.clear()
        kept = [f"walker-{n}" for n in range(2)]  # they are there again after the kill
        return [self.produce] + [lambda name=name: self.consume(name, random.Random(f"{number}/{name}")) for name in kept]

    def produce(self):
        with self.server.client() as client:
            while True:
                for queue in range(self.QUEUES):
                    client.send(self.TOPIC, b"step", queue)
                with self.lock:
                    self.stored += self.QUEUES
                time.sleep(0.002)

    def lock_body(self, name, queues):
        return json.dumps({"consumerGroup": self.GROUP, "clientId": name, "onlyThisBroker": False, "mqSet": [
            {"topic": self.TOPIC, "brokerName": "broker-a", "queueId": queue} for queue in queues]}).encode()

    def take(self, client, name, queues):
        answer = client.call(LOCK, body=self.lock_body(name, queues))
        return [one["queueId"] for one in json.loads(answer.body)["lockOKMQSet"]]

    def consume(self, name, rng):
        """Wants every queue; works on those that it gets, and gives them back now and then."""
        held = set()
        try:
            with self.server.client() as client:
                while True:
                    for queue in self.take(client, name, range(self.QUEUES)):
                        held.add(queue)
                        with self.lock:
                            other = self.holders.setdefault(queue, name)
                        if other != name:
                            raise AssertionError(f"queue {queue} is locked by {name} while {other} works on it")
                    with self.lock:
                        self.refused += self.QUEUES - len(held)
                    for queue in sorted(held):
                        self.walk(client, name, queue, rng)
                    if held and rng.random() < 0.2:
                        queue = held.pop()
                        with self.lock:
                            del self.holders[queue]
                        client.call(UNLOCK, body=self.lock_body(name, [queue]))
                    time.sleep(0.001)
        finally:
            self.left = name

    def walk(self, client, name, queue, rng):
        offset = client.committed(self.GROUP, self.TOPIC, queue) or 0
        answer = client.pull(self.TOPIC, queue, offset, group=self.GROUP, maximum=8)
        if answer.code != remoting.SUCCESS:
            return
        for record in remoting.records(answer.body):
            with self.lock:
                self.done[queue].append((name, record.offset))
            client.commit(self.GROUP, self.TOPIC, queue, record.offset + 1)
            if rng.random() < 0.1:
                return

    def started(self, number):
        """Who held a queue when the server was killed still holds it: nobody else gets it."""
        with self.server.client() as client:
            for queue, holder in list(self.holders.items()):
                assert not self.take(client, "stranger", [queue]), f"queue {queue} of {holder} was given to a stranger"

    def finish(self):
        self.repeats = 0
        for queue, steps in self.done.items():
            reached = -1
            for name, offset in steps:
                assert offset <= reached + 1, f"queue {queue}: {name} came to {offset} after {reached}"
                self.repeats += offset <= reached
                reached = max(reached, offset)
        assert len(self.done) == self.QUEUES and self.refused > 0, "the campaign did nothing"

    def summary(self):
        steps = sum(len(steps) for steps in self.done.values())
        return f"{self.stored} messages, {steps} consumed in order, {self.repeats} again, {self.refused} locks refused"


def run_million(count=1_000_000):
    """A million messages for some time within three years: the memory they take, and the time of a start with them."""
    rng, years_ms = random.Random(3), 1094 * 24 * 3600 * 1000
    with harness.Server() as server:
        with server.client(serialize=remoting.BINARY_HEADER) as client:
            client.put_topic("later", 4)
            client.send("later", b"x" * 64, i=remoting.format_properties({"TIMER_DELIVER_MS": now_ms() + years_ms}))
            before, posted, answered = server.resident_bytes(), 0, 0
            while answered < count:
                while posted < count and posted - answered < 512:
                    due = now_ms() + 600_000 + rng.randrange(years_ms - 600_000)
                    client.post(remoting.SEND_V2, remoting.send_fields("later", posted % 4, {"TIMER_DELIVER_MS": due}), b"x" * 64)
                    posted += 1
                client.flush()
                for _ in range(min(256, posted - answered)):
                    answer, answered = client.read(), answered + 1
                    assert answer.code == remoting.SUCCESS, (answer.code, answer.remark)
            more = server.resident_bytes() - before
        server.kill()
        server.start()
        after_kill = server.start_seconds
        assert server.stop() == 0
        server.start()
        print(f"{count} messages that wait: {more / (1 << 20):.0f} MiB more, ready after kill -9 in {after_kill * 1000:.0f} ms, after "
              f"a stop in {server.start_seconds * 1000:.0f} ms ({server.resident_bytes() / (1 << 20):.0f} MiB in all)", flush=True)
        assert more <= MEMORY_MORE, f"{more} bytes more"
        assert max(after_kill, server.start_seconds) < READY_SECONDS


CAMPAIGNS = {"transactions": Transactions, "delays": Delays, "order": Order}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=4, help="kills per campaign")
    parser.add_argument("--only", choices=CAMPAIGNS)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--million", action="store_true")
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    if arguments.million:
        run_million()
        return
    for name, campaign in CAMPAIGNS.items():
        if arguments.only in (None, name):
            campaign(arguments.rounds, arguments.seed).run()


if __name__ == "__main__":
    main()
