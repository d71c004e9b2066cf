#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""dlq_test [--rounds N] [--seed N] [--letters N]: dead letters listed, shown, discarded, and replayed exactly once.

Letters are made by a consumer that gives messages up. First the filters, the bounds and the errors of `bolide dlq`. Then the campaign:
`bolide dlq replay` is killed with kill -9 at a random moment, or its broker is, and run again, until it ends well; then each letter has
exactly one copy in its topic. --rounds: how often with each of the two (3).
"""
import argparse
import json
import random
import subprocess
import sys
import time
import uuid

import harness
import remoting

SEND_BACK, PUT_STATIC_TOPIC = 36, 513
SECONDS = 120
UNAVAILABLE = 69


class Desk:
    """A server, and commands against it."""

    def __init__(self, server):
        self.server = server
        self.environment = harness.clean_environment() | {"NAMESRV_ADDR": f"127.0.0.1:{server.naming}"}

    def start(self, *words):
        return subprocess.Popen([harness.program(), *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, env=self.environment)

    def run(self, *words, status=0):
        process = self.start(*words)
        out, err = process.communicate(timeout=SECONDS)
        assert process.returncode == status, f"{words} ended with {process.returncode}:\n{out}{err}"
        return out

    def json(self, *words, status=0):
        return json.loads(self.run(*words, "-o", "json", status=status))

    def letters(self, group, topic, messages, queues=4):
        """Sends (body, properties) and gives each up for the group at once."""
        with self.server.client() as client:
            client.put_topic(topic, queues)
            positions = []
            for number, (body, properties) in enumerate(messages):
                client.send(topic, body, number % queues, i=remoting.format_properties(properties))
            for queue in range(queues):
                positions += [record.position for record in client.pull_all(topic, queue)]
            for position in sorted(positions):
                client.call(SEND_BACK, {"group": group, "offset": position, "delayLevel": -1, "originTopic": topic,
                                        "originMsgId": "", "unitMode": False, "maxReconsumeTimes": 16})

    def copies(self, topic, queues=4):
        """The replayed messages of a topic."""
        with self.server.client() as client:
            return [record for queue in range(queues) for record in client.pull_all(topic, queue)
                    if "BOLIDE_DLQ_LETTER" in record.properties]


def fresh(prefix):
    return f"{prefix}-{uuid.uuid4().hex[:8]}"


def commands(desk):
    group, topic = fresh("billing"), fresh("orders")
    messages = [(f"order {n}".encode(), {"TAGS": "red" if n % 2 else "blue", "KEYS": f"k{n}", "amount": str(n),
                                         "UNIQ_KEY": f"U{n}"}) for n in range(10)]
    desk.letters(group, topic, messages)

    row, = [row for row in desk.json("dlq", "list") if row["group"] == group]
    assert (row["letters"], row["open"]) == (10, 10), row
    shown = desk.json("dlq", "show", group)
    assert sorted(letter["body"] for letter in shown) == sorted(body.decode() for body, _ in messages), shown
    assert all(letter["origin_topic"] == topic and letter["state"] == "open" for letter in shown)
    assert len(desk.json("dlq", "show", group, "--tag", "red")) == 5
    assert [letter["body"] for letter in desk.json("dlq", "show", group, "--key", "k3")] == ["order 3"]
    assert len(desk.json("dlq", "show", group, "--property", "amount=7")) == 1
    assert len(desk.json("dlq", "show", group, "--topic", "other")) == 0
    assert len(desk.json("dlq", "show", group, "--to", "1h")) == 0
    assert len(desk.json("dlq", "show", group, "--from", "1h", "-n", "3")) == 3
    assert "order" not in desk.run("dlq", "show", group, "--key", "none")
    desk.run("dlq", "show", fresh("nobody"), status=66)
    desk.run("dlq", "replay", group, "--into", "%DLQ%other", status=64)

    assert desk.json("dlq", "replay", group, "--tag", "red", "--dry-run")["replayed"] == 5
    assert not desk.copies(topic), "a dry run has sent something"
    missing = fresh("missing")
    for how in (["--dry-run"], []):
        report = desk.json("dlq", "replay", group, "--tag", "red", "--into", missing, *how, status=75)
        assert (report["replayed"], report["failed"]) == (0, 5) and missing in report["refusal"], report
    _, err = desk.start("dlq", "replay", group, "--into", missing, "--dry-run").communicate(timeout=SECONDS)
    assert f"bolide topic create {missing}" in err, err
    report = desk.json("dlq", "replay", group, "--tag", "red")
    assert report["replayed"] == 5 and report["exactly_once"], report
    copies = desk.copies(topic)
    assert sorted(copy.body for copy in copies) == sorted(body for body, more in messages if more["TAGS"] == "red")
    for copy in copies:
        said = copy.properties
        assert said["amount"] == copy.body.decode().split()[1] and said["TAGS"] == "red", said
        assert said["BOLIDE_DLQ_GROUP"] == group and said["BOLIDE_DLQ_ORIGIN_TOPIC"] == topic, said
        assert said["BOLIDE_DLQ_REPLAYS"] == "1" and len(said["BOLIDE_DLQ_ORIGIN_MESSAGE_ID"]) == 32, said
        assert int(said["BOLIDE_DLQ_ORIGIN_OFFSET"]) >= 0 and int(said["BOLIDE_DLQ_TIME"]) > 0, said
        assert "RETRY_TOPIC" not in said and "ORIGIN_MESSAGE_ID" not in said, said
    report = desk.json("dlq", "replay", group, "--tag", "red")
    assert (report["replayed"], report["handled_before"]) == (0, 5), report

    assert desk.json("dlq", "discard", group, "--key", "k0")["discarded"] == 1
    assert desk.json("dlq", "discard", group, "--key", "k0")["discarded"] == 0
    row, = [row for row in desk.json("dlq", "list") if row["group"] == group]
    assert (row["letters"], row["open"], row["replayed"], row["discarded"]) == (10, 4, 5, 1), row
    states = {letter["body"]: letter["state"] for letter in desk.json("dlq", "show", group, "--all")}
    assert states["order 0"] == "discarded" and states["order 1"] == "replayed" and states["order 2"] == "open", states

    elsewhere = fresh("elsewhere")
    desk.run("topic", "create", elsewhere)
    report = desk.json("dlq", "replay", group, "--into", elsewhere)
    assert (report["replayed"], report["handled_before"]) == (4, 6), report
    assert len(desk.copies(elsewhere)) == 4 and len(desk.copies(topic)) == 5
    report = desk.json("dlq", "replay", group, "--again", "--tag", "blue", "-n", "2")
    assert report["replayed"] == 2 and len(desk.copies(topic)) == 7, report


def loops(desk):
    """What dies again and again is left alone in the end."""
    group, topic = fresh("loopers"), fresh("loop")
    desk.letters(group, topic, [(b"poison", {})], queues=1)
    for round_number in range(1, 4):
        report = desk.json("dlq", "replay", group)
        assert report["replayed"] == 1, report
        newest = max(desk.copies(topic, 1), key=lambda copy: copy.offset)
        assert newest.properties["BOLIDE_DLQ_REPLAYS"] == str(round_number), newest
        with desk.server.client() as client:
            client.call(SEND_BACK, {"group": group, "offset": newest.position, "delayLevel": -1, "originTopic": topic,
                                    "originMsgId": "", "unitMode": False, "maxReconsumeTimes": 16})
    report = desk.json("dlq", "replay", group)
    assert (report["replayed"], report["replayed_too_often"]) == (0, 1), report
    assert desk.json("dlq", "replay", group, "--max-replays", "4")["replayed"] == 1


def refusals(desk):
    """Letters without a place are told, and open again."""
    group, topic = fresh("refused"), fresh("gone")
    desk.letters(group, topic, [(b"a", {}), (b"b", {})], queues=1)
    desk.run("topic", "delete", topic)
    report = desk.json("dlq", "replay", group, status=75)
    assert report["failed"] == 2 and topic in report["refusal"], report
    desk.run("topic", "create", topic, "--queues", "1")
    assert desk.json("dlq", "replay", group)["replayed"] == 2
    assert len(desk.copies(topic, 1)) == 2


def stuck(desk):
    """A replay that was cut off, and whose broker has gone since, holds up no other letter."""
    group, topic = fresh("stuck"), fresh("stuck")
    desk.letters(group, topic, [(b"a", {}), (b"b", {}), (b"c", {})], queues=1)
    with desk.server.client() as client:
        client.send("bolide_dlq_ledger", f"replay\nletters %DLQ%{group} 0 0-1\ntarget {topic} broker-z 1\n".encode())
    for replayed in (1, 0):
        report = desk.json("dlq", "replay", group, status=75)
        assert (report["replayed"], report["stuck"]) == (replayed, 2) and "broker-z" in report["stuck_by"], report
    assert "--give-up" in desk.run("dlq", "replay", group, status=75)
    report = desk.json("dlq", "replay", group, "--give-up")
    assert (report["replayed"], report["given_up"], report["stuck"]) == (0, 2, 0), report
    report = desk.json("dlq", "replay", group)
    assert (report["replayed"], report["handled_before"]) == (0, 3), report
    assert desk.json("dlq", "replay", group, "--again", "-n", "2")["replayed"] == 2
    assert [copy.body for copy in desk.copies(topic, 1)] == [b"c", b"a", b"b"]


def to_a_static_topic(desk):
    """No copy there can be promised to be the only one; another topic takes them."""
    group, topic, plain = fresh("static"), fresh("static"), fresh("plain")
    desk.letters(group, topic, [(b"a", {}), (b"b", {})], queues=1)
    desk.run("topic", "delete", topic)
    queue = {"bname": "broker-a", "gen": 0, "queueId": 0, "logicOffset": 0, "startOffset": 0, "endOffset": -1,
             "timeOfStart": -1, "timeOfEnd": -1}
    with desk.server.client() as client:
        client.call(PUT_STATIC_TOPIC, {"topic": topic, "defaultTopic": "TBW102", "readQueueNums": 1, "writeQueueNums": 1, "perm": 6,
                                       "topicFilterType": "SINGLE_TAG", "order": False, "force": False},
                    json.dumps({"topic": topic, "bname": "broker-a", "epoch": 5, "scope": "__global__", "totalQueues": 1,
                                "hostedQueues": {"0": [queue]}, "currIdMap": {}, "dirty": False}).encode())
    wait_until_static(desk, group, topic)
    report = desk.json("dlq", "replay", group, status=75)
    assert (report["replayed"], report["failed"], report["stuck"]) == (0, 2, 0), report
    assert topic in report["refusal"] and "--into" in report["refusal"], report
    desk.run("topic", "create", plain, "--queues", "1")
    assert desk.json("dlq", "replay", group, "--into", plain)["replayed"] == 2
    assert len(desk.copies(plain, 1)) == 2


def wait_until_static(desk, group, topic):
    """The name server has heard of it."""
    deadline = time.monotonic() + SECONDS
    while "static" not in desk.json("dlq", "replay", group, "--dry-run", status=75)["refusal"]:
        assert time.monotonic() < deadline, f"the route of {topic} does not come"


def ledger(desk):
    """What was replayed is not deleted by mistake, and is nobody's topic."""
    ledger_topic = "bolide_dlq_ledger"
    shown = {row["topic"] for row in desk.json("topic", "list")}
    assert shown and ledger_topic not in shown, shown
    assert ledger_topic in {row["topic"] for row in desk.json("topic", "list", "--all")}
    process = desk.start("topic", "delete", ledger_topic)
    out, err = process.communicate(timeout=SECONDS)
    assert process.returncode == 64 and "replay" in err, f"{process.returncode}: {out}{err}"
    assert ledger_topic in {row["topic"] for row in desk.json("topic", "list", "--all")}


def with_a_consumer(desk):
    """Letters of `bolide sub`: a member whose messages are given up by the broker's rule, after one attempt."""
    group, topic = fresh("members"), fresh("work")
    desk.run("topic", "create", topic, "--queues", "2")
    desk.run("group", "create", group, "--retries", "0")
    desk.run("pub", topic, "one", "two", "three")
    with desk.server.client() as client:
        for queue in range(2):
            for record in client.pull_all(topic, queue):
                client.call(SEND_BACK, {"group": group, "offset": record.position, "delayLevel": 0, "originTopic": topic,
                                        "originMsgId": "", "unitMode": False})
    assert desk.json("dlq", "replay", group)["replayed"] == 3
    read = desk.run("sub", topic, "--group", group, "--from", "first", "-n", "6", "--wait", "20s").split()
    assert sorted(read) == sorted(["one", "two", "three"] * 2), read


def cut_off(desk, rng, letters, kill_broker):
    """Kills a replay, or the broker under it, until one ends well; returns how often."""
    group, topic = fresh("cut"), fresh("cut")
    desk.letters(group, topic, [(b"letter %d" % n, {}) for n in range(letters)])
    kills, deadline = 0, time.monotonic() + SECONDS
    while True:
        assert time.monotonic() < deadline, "no replay ended in time"
        process = desk.start("dlq", "replay", group, "--rate", "2000")
        if kills < 4:
            time.sleep(rng.uniform(0.01, 0.3))
        if kills < 4 and process.poll() is None:
            kills += 1
            if kill_broker:
                desk.server.kill()
                time.sleep(rng.uniform(0, 0.3))
                desk.server.start()
            else:
                process.kill()
        out, err = process.communicate(timeout=SECONDS)
        if process.returncode == 0:
            break
        assert process.returncode in (-9, UNAVAILABLE, 75, 66), f"{process.returncode}: {out}{err}"
    told = [copy.body for copy in desk.copies(topic)]
    assert len(told) == len(set(told)), f"{len(told) - len(set(told))} of {letters} letters have more than one copy"
    assert len(told) == letters, f"{letters - len(told)} of {letters} letters have no copy: {out}{err}"
    report = desk.json("dlq", "replay", group)
    assert (report["replayed"], report["finished"], report["handled_before"]) == (0, 0, letters), report
    return kills


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--letters", type=int, default=400)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    options = parser.parse_args()
    rng = random.Random(options.seed)
    with harness.Server(settings=("broker.pull_max_messages=4096",)) as server:
        desk = Desk(server)
        for case in (commands, loops, refusals, stuck, to_a_static_topic, ledger, with_a_consumer):
            begin = time.monotonic()
            case(desk)
            print(f"{case.__name__}: {time.monotonic() - begin:.1f} s", flush=True)
        for kill_broker in (False, True):
            kills = sum(cut_off(desk, rng, options.letters, kill_broker) for _ in range(options.rounds))
            print(f"{kills} kills of {'the broker' if kill_broker else 'the command'} in {options.rounds} replays of "
                  f"{options.letters} letters: each has one copy (seed {options.seed})", flush=True)


if __name__ == "__main__":
    sys.exit(main())
