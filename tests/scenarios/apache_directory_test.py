#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A store directory that Apache RocketMQ 5.5.0 wrote opens in Bolide with all that is in it. Needs Java."""
import os
import random
import shutil
import signal
import subprocess
import unittest
import zlib

import harness
import remoting

ORACLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../interop/java/oracle")
SEGMENT_BYTES = 1 << 20
TOPICS = {"orders": 4, "events": 2, "t" * 127: 1}
GROUP, OTHER_GROUP = "readers", "others"
MESSAGES = 3000
COMPRESSED = 1  # a bit of sysFlag
TOPIC_FIELDS = ("topicName", "readQueueNums", "writeQueueNums", "perm", "order", "topicFilterType", "topicSysFlag", "attributes")
GROUP_FIELDS = ("groupName", "consumeEnable", "consumeBroadcastEnable", "retryMaxTimes", "retryQueueNums",
                "consumeMessageOrderly", "consumeTimeoutMinute")
SETTINGS = ("broker.pull_max_messages=1024", "broker.offset_flush_interval_ms=500")


def write_messages(client, rng):
    """Topics, groups, progress, and messages of every kind that a directory may hold."""
    for topic, queues in TOPICS.items():
        client.put_topic(topic, queues, order=topic == "orders")
    client.put_group(GROUP, consumeEnable=True, consumeBroadcastEnable=False, retryMaxTimes=3, retryQueueNums=2)
    client.put_group(OTHER_GROUP, consumeEnable=True, retryMaxTimes=16, retryQueueNums=1)
    for number in range(MESSAGES):
        topic = rng.choice(list(TOPICS))
        properties = {"UNIQ_KEY": f"{number:032X}", "TAGS": rng.choice("ABC"), "KEYS": f"key-{number} pair-{number // 2}",
                      "name": f"Größe {number} 中文"}
        body, more = rng.randbytes(rng.randrange(1, 1800)), {"h": number}
        if number % 50 == 0:
            body, more = zlib.compress(body * 4), {"h": number, "f": COMPRESSED}
        client.send(topic, body, rng.randrange(TOPICS[topic]), properties=properties, **more)
    client.send_batch("events", [(b"batch %d" % at, {"UNIQ_KEY": f"B{at:031X}", "KEYS": "batch"}) for at in range(20)], 1)
    for topic, queues in TOPICS.items():
        for queue in range(queues):
            client.commit(GROUP, topic, queue, client.max_offset(topic, queue) // 2)
    client.commit(OTHER_GROUP, "orders", 3, 7)


def whole_state(client):
    """All that a directory must keep, as a client sees it."""
    state = {}
    for topic, queues in TOPICS.items():
        config = client.topic_config(topic)
        state[topic, "config"] = {name: config.get(name) or config.get(name, {}) for name in TOPIC_FIELDS}
        for queue in range(queues):
            state[topic, queue] = client.pull_all(topic, queue)
            state[topic, queue, "range"] = client.min_offset(topic, queue), client.max_offset(topic, queue)
            state[topic, queue, "committed"] = [client.committed(group, topic, queue) for group in (GROUP, OTHER_GROUP)]
            middle = state[topic, queue][len(state[topic, queue]) // 2]
            state[topic, queue, "by time"] = client.search_offset(topic, queue, middle.store_ms)
    for group in (GROUP, OTHER_GROUP):
        config = client.group_config(group)
        state[group] = {name: config[name] for name in GROUP_FIELDS}
    return state


class Apache:
    def __init__(self, folder, *more):
        """`more`: further lines of broker.conf."""
        self.folder, self.more = folder, more
        self.naming, self.broker = harness.free_ports()
        self.store = os.path.join(folder, "store")

    def start(self):
        subprocess.run([ORACLE, "start", self.folder, str(self.naming), str(self.broker),
                        f"mappedFileSizeCommitLog={SEGMENT_BYTES}", "flushConsumerOffsetInterval=500",
                        *self.more],
                       check=True, timeout=300, stdin=subprocess.DEVNULL)

    def stop(self):
        subprocess.run([ORACLE, "stop", self.folder], check=True, timeout=90, stdin=subprocess.DEVNULL)

    def kill_broker(self):
        path = os.path.join(self.folder, "store/config/consumerOffset.json")
        harness.wait_until(lambda: OTHER_GROUP in self.text(path), 60, "the group's progress on the disk")
        with open(os.path.join(self.folder, "broker.pid"), encoding="ascii") as file:
            pid = int(file.read())
        os.kill(pid, signal.SIGKILL)
        harness.wait_until(lambda: not self.runs(pid), what="the end of Apache's broker")

    @staticmethod
    def text(path):
        try:
            with open(path, encoding="utf-8") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    @staticmethod
    def runs(pid):
        try:
            with open(f"/proc/{pid}/stat", encoding="ascii") as file:
                return file.read().rpartition(")")[2].split()[0] != "Z"
        except FileNotFoundError:
            return False


class ApacheDirectoryTest(unittest.TestCase):
    def setUp(self):
        self.maxDiff = 2000
        self.folder = harness.temporary_folder()
        self.addCleanup(shutil.rmtree, self.folder, True)

    def fill(self, apache):
        """Writes through Apache's broker and returns what it then shows."""
        with remoting.Client(apache.broker, timeout=30) as client:
            write_messages(client, random.Random(5))
            total = MESSAGES + 20
            harness.wait_until(lambda: sum(client.max_offset(topic, queue) for topic, queues in TOPICS.items()
                                           for queue in range(queues)) == total, 30, "all messages in Apache's queues")
            harness.wait_until(lambda: client.query_key("orders", "key-0") or client.query_key("events", "key-0")
                               or client.query_key("t" * 127, "key-0"), 30, "Apache's key index")
            return whole_state(client)

    def assert_same(self, found, expected):
        self.assertEqual(found.keys(), expected.keys())
        for name, value in expected.items():
            if not isinstance(value, list) or found[name] == value:
                self.assertEqual(found[name], value, name)
                continue
            self.assertEqual(len(found[name]), len(value), name)
            for one, other in zip(found[name], value):
                self.assertEqual(one, other, name)

    def check(self, server, expected):
        with server.client(timeout=30) as client:
            self.assert_same(whole_state(client), expected)
            for topic, queues in TOPICS.items():
                for queue in range(queues):
                    for record in expected[topic, queue][::97]:
                        for key in record.properties["KEYS"].split():
                            self.assertIn(record, client.query_key(topic, key))
                        self.assertIn(record, client.query_key(topic, record.properties["UNIQ_KEY"]))
                        self.assertEqual(client.view(record.position, topic), record)

    def append(self, server, expected):
        """Writes on; `expected` learns what is new."""
        with server.client() as client:
            for topic, queues in TOPICS.items():
                for queue in range(queues):
                    end = expected[topic, queue, "range"][1]
                    for at in range(30):
                        _, offset, _ = client.send(topic, b"n" * 900, queue, properties={"KEYS": f"new-{at}"})
                        self.assertEqual(offset, end + at)
                    client.commit(GROUP, topic, queue, end + 10)
            harness.wait_until(lambda: all(server.kept_offset(GROUP, topic, queue) == expected[topic, queue, "range"][1] + 10
                                           for topic, queues in TOPICS.items() for queue in range(queues)),
                               what="the commits are written")
            after = whole_state(client)
            for name, old in expected.items():
                if isinstance(old, list) and len(name) == 2:
                    self.assertEqual(after[name][:len(old)], old, name)
            return after

    def opens_here(self, end_apache):
        apache = Apache(os.path.join(self.folder, "apache"))
        apache.start()
        try:
            expected = self.fill(apache)
            end_apache(apache)
        finally:
            apache.stop()
        self.assertGreater(len(os.listdir(os.path.join(apache.store, "commitlog"))), 2)
        data = os.path.join(self.folder, "data")
        shutil.copytree(apache.store, data)
        with harness.Server(data, settings=SETTINGS) as server:
            print(f"\nopened in {server.start_seconds * 1000:.0f} ms:",
                  *[line.strip() for line in server.lines if "recovery" in line])
            self.check(server, expected)
            expected = self.append(server, expected)
            server.kill()
            server.start()
            self.check(server, expected)
            self.assertEqual(server.stop(), 0)
            server.start()
            self.check(server, expected)

    def test_a_directory_that_was_closed_in_good_order(self):
        self.opens_here(lambda apache: apache.stop())

    def test_a_directory_whose_broker_was_killed(self):
        self.opens_here(lambda apache: apache.kill_broker())


if __name__ == "__main__":
    unittest.main()
