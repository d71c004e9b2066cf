#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A directory goes from Apache RocketMQ 5.5.0 to Bolide, back, and to Bolide again; nothing is lost or changed. Needs Java."""
import glob
import json
import os
import random
import shutil
import subprocess
import unittest

import harness
from apache_directory_test import GROUP, OTHER_GROUP, TOPICS, Apache, whole_state, write_messages

LATE = "made-in-bolide"
LIGHT = ("%LMQ%one", "%LMQ%two")
SETTINGS = ("broker.pull_max_messages=1024", "broker.offset_flush_interval_ms=500")
# Enough segments that the broker cannot index the log anew by itself: it reads the last ten.
SEGMENTS_MIN = 14


class BothWaysTest(unittest.TestCase):
    def setUp(self):
        self.maxDiff = 2000
        self.folder = harness.temporary_folder()
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.apache = Apache(os.path.join(self.folder, "apache"), "enableLmq=true", "enableMultiDispatch=true")
        self.addCleanup(self.apache.stop)

    # --- what is there

    def state(self, client):
        state = whole_state(client)
        config = client.topic_config(LATE)
        if config:
            state[LATE, 0] = client.pull_all(LATE, 0)
            state[LATE, 0, "range"] = client.min_offset(LATE, 0), client.max_offset(LATE, 0)
            state[LATE, 0, "committed"] = client.committed(GROUP, LATE, 0)
            for name in LIGHT:
                state[name, 0] = client.pull_all(name, 0)
                state[name, 0, "range"] = client.min_offset(name, 0), client.max_offset(name, 0)
        return state

    def assert_same(self, found, expected):
        self.assertEqual(found.keys(), expected.keys())
        for name, value in expected.items():
            if isinstance(value, list) and found[name] != value:
                self.assertEqual(len(found[name]), len(value), name)
                for one, other in zip(found[name], value):
                    self.assertEqual(one, other, name)
            self.assertEqual(found[name], value, name)

    def check(self, client, expected, step=97):
        """All is as expected, and found by its keys."""
        self.assert_same(self.state(client), expected)
        for name, records in expected.items():
            if not (isinstance(records, list) and len(name) == 2) or name[0] in LIGHT:
                continue
            for record in records[::step]:
                for key in (record.properties["KEYS"].split()[0], record.properties["UNIQ_KEY"]):
                    self.assertIn(record, client.query_key(name[0], key), (name, key))
                self.assertEqual(client.view(record.position, name[0]), record)

    def write_on(self, client, mark, count, repeat=150):
        """More messages and progress; returns the state after it."""
        wanted = {}
        for topic, queues in TOPICS.items():
            for queue in range(queues):
                end = client.max_offset(topic, queue)
                for at in range(count):
                    properties = {"KEYS": f"{mark}-{at} {mark}", "TAGS": mark, "UNIQ_KEY": f"{mark}-{topic[:8]}-{queue}-{at}"}
                    _, offset, _ = client.send(topic, mark.encode() * repeat, queue, properties=properties)
                    self.assertEqual(offset, end + at, f"{topic}/{queue}")
                wanted[topic, queue] = end + count
                client.commit(GROUP, topic, queue, end + count - 3)
        client.commit(OTHER_GROUP, "events", 0, len(wanted))
        harness.wait_until(lambda: all(client.max_offset(*place) == end for place, end in wanted.items()), 30,
                           "all messages in the queues")
        harness.wait_until(lambda: client.query_key("events", f"{mark}-{count - 1}"), 30, "the key index")
        return self.state(client)

    def write_light(self, client, mark):
        """Messages that light queues name too: all of them the first, every third the second."""
        ends = [client.max_offset(name, 0) for name in LIGHT]
        for at in range(30):
            names = ",".join(LIGHT if at % 3 == 0 else LIGHT[:1])
            client.send(LATE, b"%s %d" % (mark.encode(), at), 0, properties={
                "KEYS": f"{mark}-light-{at}", "UNIQ_KEY": f"{mark}-light-{at}", "INNER_MULTI_DISPATCH": names})
        wanted = [ends[0] + 30, ends[1] + 10]
        harness.wait_until(lambda: [client.max_offset(name, 0) for name in LIGHT] == wanted, 30, "the light queues")

    # --- the stations

    def in_apache(self, work):
        self.apache.start()
        try:
            with harness.remoting.Client(self.apache.broker, timeout=30) as client:
                return work(client)
        finally:
            self.apache.stop()

    def in_bolide(self, work, *settings):
        with harness.Server(self.apache.store, settings=SETTINGS + settings) as server:
            with server.client(timeout=30) as client:
                result = work(client)
            self.assertEqual(server.stop(), 0, server.said())
        return result

    def export(self):
        done = subprocess.run([harness.program(), "store", "export", "--data-dir", self.apache.store, "-o", "json"],
                              capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def fill(self, client):
        write_messages(client, random.Random(7))
        return self.write_on(client, "first", 10)

    def round_trip(self, export):
        settings = () if export else ("store.export_on_stop=true",)
        expected = self.in_apache(self.fill)

        def in_bolide(client):
            self.check(client, expected)
            client.put_topic(LATE, 1)
            properties = {"KEYS": "late", "UNIQ_KEY": "late-1", "TAGS": "x"}
            client.send(LATE, b"late", 0, properties=properties)
            client.commit(GROUP, LATE, 0, 1)
            self.write_light(client, "second")
            return self.write_on(client, "second", 500, repeat=600)

        expected = self.in_bolide(in_bolide, *settings)
        segments = len(glob.glob(os.path.join(self.apache.store, "commitlog/*")))
        self.assertGreaterEqual(segments, SEGMENTS_MIN)
        if export:
            report = self.export()
            self.assertEqual(report["queues"], len([name for name in expected if name[1:] in ((0,), (1,), (2,), (3,))]))
            self.assertEqual(report["messages"], sum(len(records) for name, records in expected.items()
                                                     if isinstance(name[-1], int) and name[0] not in LIGHT))

        def in_apache(client):
            self.check(client, expected)
            self.write_light(client, "third")
            return self.write_on(client, "third", 40)

        expected = self.in_apache(in_apache)

        def again_in_bolide(client):
            self.check(client, expected)
            self.write_light(client, "fourth")
            return self.write_on(client, "fourth", 10)

        expected = self.in_bolide(again_in_bolide, "store.export_on_stop=true")
        self.in_apache(lambda client: self.check(client, expected, step=53))
        self.in_bolide(lambda client: self.check(client, expected, step=53))

    def test_a_directory_goes_back_and_forth_by_the_command(self):
        self.round_trip(export=True)

    def test_a_directory_goes_back_and_forth_by_the_option(self):
        self.round_trip(export=False)


if __name__ == "__main__":
    unittest.main()
