#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The command line against a real server: its own, or any RocketMQ's whose address stands in BOLIDE_TEST_NAMESRV."""
import base64
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest
import uuid

import harness
import shells

NAMESRV = ""
CONFIG_HOME = ""
SECONDS = 30  # for one command; all take far less
# Exit codes (docs: the table of errors in base/errors.cc)
USAGE, MALFORMED, NOT_FOUND, UNAVAILABLE, IN_THE_WAY, IO, TEMPORARY, NO_PERMISSION, CONFIG = 64, 65, 66, 69, 73, 74, 75, 77, 78


def setUpModule():
    global NAMESRV, CONFIG_HOME
    CONFIG_HOME = harness.temporary_folder()
    unittest.addModuleCleanup(shutil.rmtree, CONFIG_HOME, ignore_errors=True)
    NAMESRV = os.environ.get("BOLIDE_TEST_NAMESRV", "")
    if not NAMESRV:
        server = unittest.enterModuleContext(harness.Server())
        NAMESRV = f"127.0.0.1:{server.naming}"


def environment():
    return harness.clean_environment() | {"NAMESRV_ADDR": NAMESRV, "XDG_CONFIG_HOME": CONFIG_HOME}


def run(*arguments, stdin=b"", variables=None):
    return subprocess.run([harness.program(), *arguments], input=stdin, capture_output=True, timeout=SECONDS,
                          env=environment() | (variables or {}))


class Case(unittest.TestCase):
    def bolide(self, *arguments, status=0, **options):
        """Standard output of a command that must end with `status`; errors are looked at where they are expected."""
        done = run(*arguments, **options)
        self.assertEqual(done.returncode, status, f"{arguments}: {done.stderr.decode()}{done.stdout.decode()}")
        if status:
            lines = done.stderr.decode().splitlines()
            self.assertTrue(lines[0].startswith("bolide: "), lines)
            self.assertTrue(lines[-1].startswith("  fix: "), lines)
            return done.stderr.decode()
        return done.stdout.decode()

    def json(self, *arguments, **options):
        return json.loads(self.bolide(*arguments, "-o", "json", **options))

    def json_lines(self, *arguments, **options):
        return [json.loads(line) for line in self.bolide(*arguments, "-o", "json", **options).splitlines()]

    def eventually(self, command):
        """Standard output of a command that succeeds in time: servers index and report a little later."""
        return harness.wait_until(lambda: (lambda done: done.stdout if done.returncode == 0 else None)(command()), SECONDS,
                                  "a command that succeeds")

    def topic(self, *arguments):
        """A new topic of this case's own."""
        name = "cli-" + uuid.uuid4().hex[:12]
        self.bolide("topic", "create", name, *arguments)
        return name

    def read(self, topic, count, *arguments):
        return self.json_lines("sub", topic, "--from", "first", "--count", str(count), *arguments)


class Topics(Case):
    def test_a_topic_is_created_listed_described_and_deleted(self):
        topic = self.topic("--queues", "3")
        self.assertIn(topic, self.bolide("topic", "list").split())
        described = self.json("topic", "describe", topic)
        self.assertEqual(described["topic"], topic)
        self.assertEqual([(b["read_queues"], b["write_queues"], b["perm"]) for b in described["brokers"]], [(3, 3, "rw")])
        self.assertEqual([(q["queue"], q["min_offset"], q["max_offset"]) for q in described["queues"]],
                         [(0, 0, 0), (1, 0, 0), (2, 0, 0)])
        self.assertIn("3", self.bolide("topic", "describe", topic))
        self.assertEqual(self.bolide("topic", "delete", topic), f"topic {topic} deleted\n")
        self.assertNotIn(topic, self.bolide("topic", "list").split())
        self.bolide("topic", "describe", topic, status=NOT_FOUND)

    def test_create_changes_what_is_given_of_a_topic_that_exists(self):
        topic = "cli-" + uuid.uuid4().hex[:12]
        self.assertEqual(self.json("topic", "create", topic, "--queues", "8", "--attribute", "message.type=FIFO"),
                         {"topic": topic, "created": True})
        self.assertEqual(self.bolide("topic", "create", topic, "--order"), f"topic {topic} changed: order no -> yes\n")
        self.assertEqual(self.json("topic", "create", topic, "--queues", "9", "--perm", "r"),
                         {"topic": topic, "created": False, "changes": [{"setting": "queues", "from": 8, "to": 9},
                                                                        {"setting": "perm", "from": "rw", "to": "r"}]})
        self.assertIn("nothing changed", self.bolide("topic", "create", topic, "--queues", "9"))
        [broker] = self.json("topic", "describe", topic)["brokers"]
        self.assertEqual((broker["read_queues"], broker["write_queues"], broker["perm"], broker["order"]), (9, 9, "r", True))
        self.assertEqual(broker["attributes"], {"message.type": "FIFO"})
        self.assertIn("order yes -> no", self.bolide("topic", "create", topic, "--no-order"))
        self.bolide("topic", "create", topic, "--order", "--no-order", status=USAGE)

    def test_queues_with_messages_are_hidden_on_request_only(self):
        topic = self.topic("--queues", "4")
        self.bolide("pub", topic, "x", "--queue", "3")
        told = self.bolide("topic", "create", topic, "--queues", "2", status=USAGE)
        self.assertIn("the 1 message in those from number 2 on", told)
        self.assertIn("--shrink", told)
        self.assertEqual(self.json("topic", "describe", topic)["brokers"][0]["read_queues"], 4)
        self.assertIn("queues 4 -> 2", self.bolide("topic", "create", topic, "--queues", "2", "--shrink"))

    def test_an_attribute_is_taken_away(self):
        topic = self.topic("--attribute", "message.type=NORMAL", "--queues", "3")
        remove = ("topic", "create", topic, "--remove-attribute", "cleanup.policy", "--remove-attribute")
        self.bolide("topic", "create", topic, "--attribute", "reserve.time=1000")
        self.assertEqual(self.bolide(*remove, "reserve.time"), f"topic {topic} changed: reserve.time 1000 -> none\n")
        self.assertIn("nothing changed", self.bolide(*remove, "reserve.time"))
        [broker] = self.json("topic", "describe", topic)["brokers"]
        self.assertEqual((broker["read_queues"], broker["attributes"]), (3, {"message.type": "NORMAL"}))
        self.bolide(*remove, "a", "--attribute", "a=b", status=USAGE)

    def test_servers_own_topics_are_listed_on_request_only(self):
        self.assertNotIn("TBW102", self.bolide("topic", "list").split())
        self.assertIn("TBW102", self.bolide("topic", "list", "--all").split())
        listed = {row["topic"]: row["system"] for row in self.json("topic", "list", "--all")}
        self.assertTrue(listed["TBW102"])

    def test_route_shows_where_a_topic_is(self):
        topic = self.topic("--queues", "2")
        route = self.json("route", topic)
        self.assertEqual(len(route["brokers"]), 1)
        self.assertRegex(route["brokers"][0]["addresses"]["0"], r":\d+$")
        self.assertIn(route["brokers"][0]["addresses"]["0"], self.bolide("route", topic))

    def test_a_topic_that_may_not_be_written_refuses_messages(self):
        topic = self.topic("--perm", "r")
        self.bolide("pub", topic, "x", status=NO_PERMISSION)

    def test_a_bad_name_is_refused(self):
        self.bolide("topic", "create", "a b", status=USAGE)


class Messages(Case):
    def test_a_message_goes_and_comes(self):
        topic = self.topic()
        sent = self.bolide("pub", topic, "hello, world")
        self.assertRegex(sent, rf"^topic={topic} broker=\S+ queue=[0-3] offset=0 id=[0-9A-F]{{32}}\n$")
        self.assertEqual(self.bolide("sub", topic, "--from", "first", "--count", "1"), "hello, world\n")

    def test_json_shows_all_that_belongs_to_a_message(self):
        topic = self.topic()
        before = time.time_ns() // 1_000_000
        sent = self.json("pub", topic, "body", "--tag", "red", "--key", "k1", "--key", "k2", "--property", "a=b=c",
                         "--queue", "2")
        self.assertEqual((sent["queue"], sent["offset"], sent["status"]), (2, 0, "ok"))
        [message] = self.read(topic, 1)
        self.assertEqual(message["body"], "body")
        self.assertEqual(message["topic"], topic)
        self.assertEqual((message["queue"], message["offset"]), (2, 0))
        self.assertEqual(message["id"], sent["id"])
        self.assertEqual(message["offset_id"], sent["offset_id"])
        self.assertEqual((message["tag"], message["keys"]), ("red", ["k1", "k2"]))
        self.assertEqual(message["properties"]["a"], "b=c")
        self.assertTrue(before <= message["born_ms"] <= message["stored_ms"] + 1000)

    def test_bytes_that_are_no_text_come_as_base64(self):
        topic = self.topic()
        body = bytes(range(256))
        self.bolide("pub", topic, "-f", "-", stdin=body)
        [message] = self.read(topic, 1)
        self.assertEqual(base64.b64decode(message["body_base64"]), body)

    def test_a_file_is_one_message(self):
        topic = self.topic()
        with tempfile.NamedTemporaryFile() as file:
            file.write(b"line 1\nline 2\n")
            file.flush()
            self.bolide("pub", topic, "--file", file.name)
        self.assertEqual(self.read(topic, 1)[0]["body"], "line 1\nline 2\n")

    def test_each_line_of_standard_input_is_a_message(self):
        topic = self.topic("--queues", "1")
        bodies = [f"message {i}" for i in range(2000)]
        sent = self.json_lines("pub", topic, stdin="\n".join(bodies).encode())
        self.assertEqual([row["offset"] for row in sent], list(range(2000)))
        self.assertEqual(len({row["id"] for row in sent}), 2000)
        self.assertEqual([message["body"] for message in self.read(topic, 2000)], bodies)

    def test_lines_behind_one_that_fails_are_sent_too(self):
        topic = self.topic("--queues", "1")
        lines = b'{"body": "one"}\nnonsense\n{"body": "two"}\n{}\n{"body": "three"}\n'
        done = run("pub", topic, "--format", "json", "-o", "json", stdin=lines)
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual([json.loads(line)["offset"] for line in done.stdout.splitlines()], [0, 1, 2])
        self.assertIn("bolide: message 2: ", done.stderr.decode())
        self.assertIn("2 of 5 messages were not sent", done.stderr.decode())
        self.assertEqual([message["body"] for message in self.read(topic, 3)], ["one", "two", "three"])

    def test_lines_without_anything_are_counted(self):
        topic = self.topic("--queues", "1")
        for lines, told in ((b"one\n\n\ntwo\n", "2 empty lines skipped"), (b"\nthree\n", "1 empty line skipped"), (b"four\n", "")):
            done = run("pub", topic, stdin=lines)
            self.assertEqual(done.returncode, 0)
            self.assertIn(told, done.stderr.decode())
        self.assertEqual(done.stderr, b"")
        self.assertEqual([message["body"] for message in self.read(topic, 4)], ["one", "two", "three", "four"])

    def test_messages_go_to_the_queues_in_turn(self):
        topic = self.topic("--queues", "4")
        sent = self.json_lines("pub", topic, *[str(i) for i in range(8)])
        self.assertEqual(sorted(row["queue"] for row in sent), [0, 0, 1, 1, 2, 2, 3, 3])
        self.assertEqual(sorted(message["body"] for message in self.read(topic, 8)), [str(i) for i in range(8)])

    def test_only_messages_with_the_tag_are_printed(self):
        topic = self.topic()
        for tag in ("red", "green", "blue"):
            self.bolide("pub", topic, tag, "--tag", tag)
        messages = self.read(topic, 2, "--tag", "red || blue")
        self.assertEqual(sorted(message["body"] for message in messages), ["blue", "red"])

    def test_reading_from_a_time_passes_over_what_is_older(self):
        topic = self.topic("--queues", "1")
        self.bolide("pub", topic, "old")
        stored_ms = self.read(topic, 1)[0]["stored_ms"]
        while time.time_ns() // 1_000_000 <= stored_ms + 1:
            time.sleep(0.001)
        self.bolide("pub", topic, "new")
        self.read(topic, 2)  # both can be read
        self.assertEqual(self.bolide("sub", topic, "--from", str(stored_ms + 1), "--count", "1"), "new\n")
        self.assertEqual(self.bolide("sub", topic, "--from", "1h", "--count", "1"), "old\n")

    def test_a_parked_reader_is_woken_at_once(self):
        topic = self.topic()
        self.bolide("pub", topic, "first")
        reader = subprocess.Popen([harness.program(), "sub", topic, "--from", "first", "--count", "2"], stdout=subprocess.PIPE,
                                  env=environment())
        try:
            ready, _, _ = select.select([reader.stdout], [], [], SECONDS)
            self.assertTrue(ready)
            self.assertEqual(reader.stdout.readline(), b"first\n")
            self.bolide("pub", topic, "second")
            self.assertEqual(reader.stdout.readline(), b"second\n")
            self.assertEqual(reader.wait(SECONDS), 0)
        finally:
            reader.kill()
            reader.wait()
            reader.stdout.close()

    def test_a_topic_is_made_by_its_first_message(self):
        topic = "cli-auto-" + uuid.uuid4().hex[:12]
        self.bolide("pub", topic, "x")
        deadline = time.monotonic() + SECONDS
        while run("route", topic).returncode:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)
        self.assertEqual(self.read(topic, 1)[0]["body"], "x")

    def test_what_cannot_be_sent_is_refused(self):
        topic = self.topic()
        self.bolide("pub", topic, "", status=USAGE)
        self.bolide("pub", topic, "x", "--property", "novalue", status=USAGE)
        self.bolide("pub", topic, "x", "--queue", "99", status=USAGE)
        self.bolide("pub", topic, "-f", "/nonexistent", status=NOT_FOUND)
        self.bolide("pub", topic, "x", "-f", "-", status=USAGE)


    def test_what_sub_prints_pub_reads(self):
        topic, copy = self.topic("--queues", "1"), self.topic("--queues", "1")
        self.bolide("pub", topic, "one", "--tag", "red", "--key", "k1", "--property", "own=x y")
        self.bolide("pub", topic, "-f", "-", stdin=bytes(range(256)))
        lines = self.bolide("sub", topic, "--from", "first", "-n", "2", "-o", "json")
        self.bolide("pub", copy, "--format", "json", stdin=lines.encode())
        first, second = self.read(copy, 2)
        self.assertEqual((first["body"], first["tag"], first["keys"], first["properties"]["own"]),
                         ("one", "red", ["k1"], "x y"))
        self.assertEqual(base64.b64decode(second["body_base64"]), bytes(range(256)))
        self.bolide("pub", copy, "--format", "json", stdin=b"no json\n", status=USAGE)

    def test_messages_are_repeated_at_a_rate(self):
        topic = self.topic()
        start = time.monotonic()
        sent = self.json_lines("pub", topic, "a", "b", "--count", "6", "--rate", "20")
        self.assertGreaterEqual(time.monotonic() - start, 0.25)
        self.assertEqual(len(sent), 6)
        self.assertEqual(sorted(message["body"] for message in self.read(topic, 6)), ["a", "a", "a", "b", "b", "b"])

    def test_messages_of_one_key_stay_in_order(self):
        topic = self.topic("--queues", "8")
        bodies = [str(i) for i in range(50)]
        sent = self.json_lines("pub", topic, "--order-by", "customer-1", stdin="\n".join(bodies).encode())
        self.assertEqual(len({row["queue"] for row in sent}), 1)
        self.assertEqual([message["body"] for message in self.read(topic, 50)], bodies)

    def test_messages_are_printed_as_asked_for(self):
        topic = self.topic("--queues", "1")
        self.bolide("pub", topic, "body", "--tag", "red", "--key", "k")
        shown = self.bolide("sub", topic, "--from", "first", "-n", "1", "--format", "%t:%q:%o:%g:%k:%s")
        self.assertEqual(shown, f"{topic}:0:0:red:k:body\n")
        self.assertIn("\nbody: body\n", self.bolide("sub", topic, "--from", "first", "-n", "1", "-o", "yaml"))
        self.bolide("sub", topic, "--format", "%!", status=USAGE)

    def test_messages_are_selected_by_a_condition(self):
        topic = self.topic("--queues", "1")
        for amount in "50", "150", "250":
            self.bolide("pub", topic, amount, "--tag", "paid", "--property", f"amount={amount}")
        condition = "TAGS = 'paid' AND amount BETWEEN 100 AND 200"
        self.assertEqual(self.bolide("sub", topic, "--from", "first", "-n", "1", "--sql", condition), "150\n")
        group = "cli-" + uuid.uuid4().hex[:12]
        self.assertEqual(self.bolide("sub", topic, "--from", "first", "-n", "1", "--sql", condition, "--group", group), "150\n")
        self.bolide("sub", topic, "--group", group, "--sql", "amount ==", status=USAGE)
        self.bolide("sub", topic, "--sql", condition, "--tag", "paid", status=USAGE)

    def test_a_reader_ends_when_nothing_comes(self):
        topic = self.topic()
        self.assertEqual(self.bolide("sub", topic, "--from", "first", "--wait", "300ms"), "")

    def test_a_message_is_found_by_id_place_and_key(self):
        topic = self.topic()
        sent = self.json("pub", topic, "needle", "--key", "k 1".replace(" ", "-"))
        by_id = self.json("message", "get", sent["offset_id"])
        self.assertEqual((by_id["body"], by_id["id"]), ("needle", sent["id"]))
        by_place = self.json("message", "get", "--topic", topic, "--broker", sent["broker"], "--queue", str(sent["queue"]),
                             "--offset", str(sent["offset"]))
        self.assertEqual(by_place["offset_id"], sent["offset_id"])
        self.assertEqual(self.bolide("message", "get", sent["offset_id"], "--body"), "needle")
        self.assertIn(f"bolide message find TOPIC {sent['id']} --id", self.bolide("message", "get", sent["id"], status=USAGE))
        for arguments in ((topic, "k-1"), (topic, sent["id"], "--id")):
            found = self.eventually(lambda arguments=arguments: run("message", "find", *arguments, "-o", "json"))
            self.assertEqual([message["body"] for message in json.loads(found)], ["needle"])
            self.assertIn(sent["id"], self.bolide("message", "find", *arguments))

    def test_more_messages_of_a_key_are_found_than_a_broker_gives_at_once(self):
        topic = self.topic()
        bodies = [str(n) for n in range(150)]
        for part in range(0, len(bodies), 50):
            self.bolide("pub", topic, *bodies[part:part + 50], "--key", "many")
        found = self.json("message", "find", topic, "many", "-n", "1000")
        self.assertEqual(sorted(message["body"] for message in found), sorted(bodies))
        newest = self.json("message", "find", topic, "many", "-n", "100")
        self.assertEqual(len({message["body"] for message in newest}), 100)

    def test_a_message_that_is_not_there_is_not_found(self):
        topic = self.topic()
        sent = self.json("pub", topic, "x")
        self.bolide("message", "find", topic, "no-such-key", status=NOT_FOUND)
        self.bolide("message", "get", sent["offset_id"][:16] + "0000FFFFFFFFFFFF", status=NOT_FOUND)
        self.bolide("message", "get", "--topic", topic, "--broker", sent["broker"], "--queue", "0", "--offset", "999",
                    status=NOT_FOUND)
        self.bolide("message", "get", "XYZ", status=USAGE)
        self.bolide("message", "get", status=USAGE)


class Groups(Case):
    def group(self, *arguments):
        name = "group-" + uuid.uuid4().hex[:12]
        self.bolide("group", "create", name, *arguments)
        return name

    def lag(self, group, topic):
        described = self.json("group", "describe", group, "--topic", topic)
        self.assertEqual(described["lag"], sum(row["lag"] for row in described["queues"]))
        return described["lag"]

    def test_a_group_is_described_in_one_of_its_topics(self):
        group = self.group()
        one, other = self.topic("--queues", "1"), self.topic("--queues", "1")
        for topic in (one, other):
            self.bolide("pub", topic, "x")
            self.bolide("group", "reset", group, topic, "--to", "first")
        self.assertEqual(self.lag(group, one), 1)
        self.assertEqual(self.json("group", "describe", group)["lag"], 2)

    def test_a_group_is_created_listed_described_and_deleted(self):
        group = self.group("--retries", "5", "--retry-queues", "2", "--no-broadcasting")
        self.assertIn(group, self.bolide("group", "list").split())
        described = self.json("group", "describe", group)
        [settings] = described["brokers"]
        self.assertEqual((settings["retries_max"], settings["retry_queues"], settings["broadcasting"]), (5, 2, False))
        self.assertEqual((described["online"], described["members"], described["lag"]), (False, None, 0))
        self.assertIn("nobody is online", self.bolide("group", "describe", group))
        self.assertEqual(self.bolide("group", "members", group), "nobody is online\n")
        self.assertEqual(self.json("group", "members", group)["clients"], [])
        self.bolide("group", "describe", group, "--topic", "no-such-topic", status=NOT_FOUND)
        self.assertEqual(self.bolide("group", "delete", group), f"group {group} deleted\n")
        self.assertNotIn(group, self.bolide("group", "list").split())

    def test_create_changes_what_is_given_of_a_group_that_exists(self):
        group = self.group("--retries", "1", "--disabled")
        self.assertEqual(self.bolide("group", "create", group, "--ordered"), f"group {group} changed: ordered no -> yes\n")
        self.assertEqual(self.json("group", "create", group, "--enabled", "--retry-queues", "3"),
                         {"group": group, "created": False, "changes": [{"setting": "retry queues", "from": 1, "to": 3},
                                                                        {"setting": "enabled", "from": False, "to": True}]})
        [settings] = self.json("group", "describe", group)["brokers"]
        self.assertEqual((settings["retries_max"], settings["ordered"], settings["enabled"], settings["retry_queues"]),
                         (1, True, True, 3))

    def test_a_member_leaves_to_its_group_what_nobody_read(self):
        topic = self.topic("--queues", "1")
        group = self.group()
        self.bolide("pub", topic, "first")
        member = subprocess.Popen([harness.program(), "sub", topic, "--group", group, "--from", "first"], stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, env=environment())
        try:
            self.assertEqual(member.stdout.readline(), b"first\n")
            member.stdout.close()
            self.bolide("pub", topic, "second")
            self.assertEqual(member.wait(SECONDS), -signal.SIGPIPE)
        finally:
            member.kill()
            member.wait()
        self.assertEqual(self.bolide("sub", topic, "--group", group, "--count", "1"), "second\n")

    def test_every_form_of_sub_ends_as_signals_and_pipes_end_programs(self):
        for form in ((), ("--group", self.group()), ("--group", self.group(), "--pop")):
            topic = self.topic("--queues", "1")
            self.bolide("pub", topic, *[str(i) for i in range(4)])
            for ending in ("signal", "pipe"):
                with self.subTest(form=form, ending=ending):
                    sub = subprocess.Popen([harness.program(), "sub", topic, "--from", "first", *form], stdout=subprocess.PIPE,
                                           stderr=subprocess.PIPE, env=environment())
                    try:
                        self.assertTrue(sub.stdout.readline())
                        if ending == "signal":
                            sub.send_signal(signal.SIGINT)
                        else:
                            sub.stdout.close()
                            self.bolide("pub", topic, "more")
                        self.assertEqual(sub.wait(SECONDS), -signal.SIGINT if ending == "signal" else -signal.SIGPIPE)
                        self.assertEqual(sub.stderr.read(), b"")
                    finally:
                        sub.kill()
                        sub.wait()
                        sub.stdout.close()
                        sub.stderr.close()
                    self.bolide("pub", topic, "for the next")

    def test_a_group_that_does_not_exist_is_not_made_by_asking(self):
        group = "group-" + uuid.uuid4().hex[:12]
        topic = self.topic()
        told = self.bolide("group", "describe", group, status=NOT_FOUND)
        self.assertIn(group, told)
        self.assertIn("group list", self.bolide("group", "delete", group, status=NOT_FOUND))
        self.bolide("group", "reset", group, topic, "--to", "first", status=NOT_FOUND)
        self.bolide("group", "members", group, status=NOT_FOUND)
        self.assertNotIn(group, self.bolide("group", "list").split())

    def test_servers_own_groups_are_listed_on_request_only(self):
        mine = self.group()
        shown = {row["group"]: row["system"] for row in self.json("group", "list", "--all")}
        self.assertFalse(shown[mine])
        self.assertFalse({row["group"] for row in self.json("group", "list")} - {name for name in shown if not shown[name]})

    def test_a_group_remembers_what_was_read(self):
        group, topic = self.group(), self.topic("--queues", "1")
        self.bolide("pub", topic, "a", "b", "c")
        read = self.bolide("sub", topic, "--group", group, "--from", "first", "-n", "2")
        self.assertEqual(read, "a\nb\n")
        self.assertEqual(self.lag(group, topic), 1)
        self.assertEqual(self.bolide("sub", topic, "--group", group, "-n", "1"), "c\n")
        self.assertEqual(self.lag(group, topic), 0)
        self.assertIn(group, self.json("topic", "describe", topic)["groups"])

    def test_a_new_group_begins_where_it_is_told(self):
        topic = self.topic("--queues", "1")
        self.bolide("pub", topic, "old")
        stored_ms = self.read(topic, 1)[0]["stored_ms"]
        self.assertEqual(self.bolide("sub", topic, "--group", self.group(), "--from", "last", "--wait", "3s"), "")
        later = str(stored_ms + 1)
        harness.wait_until(lambda: time.time_ns() // 1_000_000 > stored_ms + 1)
        self.bolide("pub", topic, "new")
        for place, wanted in ((later, "new\n"), ("first", "old\n")):
            self.assertEqual(self.bolide("sub", topic, "--group", self.group(), "--from", place, "-n", "1"), wanted, place)
        group = self.group()
        self.assertEqual(self.bolide("sub", topic, "--group", group, "--from", "first", "-n", "1"), "old\n")
        self.assertEqual(self.bolide("sub", topic, "--group", group, "--from", "first", "-n", "1"), "new\n")

    def test_offsets_are_set_to_first_last_an_offset_and_a_time(self):
        group, topic = self.group(), self.topic("--queues", "1")
        self.bolide("pub", topic, "0", "1", "2", "3")
        self.bolide("sub", topic, "--group", group, "--from", "first", "-n", "4")
        preview = self.json("group", "reset", group, topic, "--to", "first", "--dry-run")
        self.assertFalse(preview["changed"])
        self.assertEqual([(q["queue"], q["from"], q["to"]) for q in preview["queues"]], [(0, 4, 0)])
        stored_ms = self.read(topic, 4)[0]["stored_ms"]
        for place, rest in (("first", "0123"), ("=2", "23"), (str(stored_ms - 1), "0123"), ("=3", "3")):
            changed = self.json("group", "reset", group, topic, "--to", place)
            self.assertEqual([q["to"] for q in changed["queues"]], [4 - len(rest)], place)
            read = self.bolide("sub", topic, "--group", group, "-n", str(len(rest)))
            self.assertEqual(read.split(), list(rest), place)
        self.bolide("group", "reset", group, topic, "--to", "last")
        self.bolide("pub", topic, "new")
        self.assertEqual(self.bolide("sub", topic, "--group", group, "-n", "1"), "new\n")

    def test_a_reset_that_cannot_be_is_refused(self):
        group, topic = self.group(), self.topic("--queues", "1")
        self.bolide("group", "reset", group, "no-such-topic", "--to", "first", status=NOT_FOUND)
        self.bolide("group", "reset", group, topic, "--to", "first", "--queue", "7", status=USAGE)
        self.bolide("group", "reset", group, topic, "--to", "someday", status=USAGE)
        told = self.bolide("group", "reset", group, topic, "--to", "first", "--broker", "no-such-broker", status=NOT_FOUND)
        self.assertIn("no-such-broker", told)
        self.assertIn("bolide route " + topic, told)
        self.bolide("group", "reset", group, topic, status=USAGE)


class Clients(Case):
    @staticmethod
    def online(group):
        """The members of a group, once there are some."""
        done = run("group", "members", group, "-o", "json")
        members = json.loads(done.stdout) if done.returncode == 0 else {"clients": []}
        return members if members["clients"] else None

    def test_members_are_shown_while_they_are_connected(self):
        group, topic = "group-" + uuid.uuid4().hex[:12], self.topic()
        member = subprocess.Popen([harness.program(), "sub", topic, "--group", group, "--from", "first"],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment())
        try:
            members = harness.wait_until(lambda: self.online(group), SECONDS, "a member")
            self.assertEqual(len(members["clients"]), 1)
            self.assertEqual(members["model"], "CLUSTERING")
            self.assertIn(topic, {row["topic"] for row in members["subscriptions"]})
            listed = [row for row in self.json("consumer", "list") if row["group"] == group]
            self.assertEqual([row["client"] for row in listed], [members["clients"][0]["client"]])
            self.assertIn(topic, listed[0]["topics"])
            self.assertTrue(self.json("group", "describe", group)["online"])
            self.assertIn(listed[0]["client"], self.bolide("consumer", "list", "--group", group))
            member.send_signal(signal.SIGTERM)
            self.assertEqual(member.wait(SECONDS), -signal.SIGTERM)
        finally:
            member.kill()
            member.communicate()
        self.assertIsNone(self.online(group))

    def test_producers_are_shown_while_they_are_connected(self):
        topic = self.topic()
        sender = subprocess.Popen([harness.program(), "pub", topic, "x", "--count", "1000", "--rate", "50"],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment())
        try:
            def listed():
                return [row for row in self.json("producer", "list") if row["group"] == "BOLIDE_CLI"]
            harness.wait_until(listed, SECONDS, "a producer")
            self.assertIn("BOLIDE_CLI", self.bolide("producer", "list", "--group", "BOLIDE_CLI"))
            self.assertEqual(self.json("producer", "list", "--group", "none"), [])
        finally:
            sender.kill()
            sender.communicate()


class Admin(Case):
    def test_clusters_and_brokers_are_listed_and_described(self):
        [cluster] = self.json("cluster", "list")
        self.assertEqual((cluster["masters"], cluster["replicas"]), (1, 0))
        [broker] = self.json("broker", "list")
        self.assertEqual((broker["cluster"], broker["role"], broker["id"]), (cluster["cluster"], "master", 0))
        [described] = self.json("cluster", "describe", cluster["cluster"])
        self.assertEqual((described["broker"], described["state"]), (broker["broker"], "up"))
        state = self.json("broker", "describe", broker["broker"])["state"]
        self.assertIn("bootTimestamp", state)
        settings = self.json("broker", "describe", broker["address"], "--settings")["settings"]
        self.assertEqual(settings["brokerName"], broker["broker"])
        self.assertIn(broker["address"], self.bolide("cluster", "describe"))
        self.bolide("cluster", "describe", "no-such-cluster", status=NOT_FOUND)
        self.bolide("broker", "describe", "no-such-broker", status=NOT_FOUND)

    def test_settings_of_name_servers_are_put_listed_and_deleted(self):
        space = "cli-" + uuid.uuid4().hex[:12]
        self.bolide("kv", "put", space, "a", "one two")
        self.bolide("kv", "put", space, "b", "2")
        self.assertEqual(self.bolide("kv", "get", space, "a"), "one two\n")
        self.assertEqual(self.json("kv", "list", space), {"a": "one two", "b": "2"})
        self.bolide("kv", "delete", space, "a")
        self.bolide("kv", "delete", space, "b")
        self.assertEqual((self.bolide("kv", "list", space), self.json("kv", "list", space)), ("", {}))
        self.bolide("kv", "get", space, "a", status=NOT_FOUND)


class Contexts(Case):
    def test_a_context_names_a_cluster(self):
        home = tempfile.mkdtemp(dir=CONFIG_HOME)
        topic = self.topic()
        alone = {"XDG_CONFIG_HOME": home, "NAMESRV_ADDR": ""}
        self.assertEqual(self.json("context", "list", variables=alone), [])
        self.assertIn("context use", self.bolide("context", "show", status=NOT_FOUND, variables=alone))
        self.bolide("context", "add", "far", "--namesrv", "127.0.0.1:1", variables=alone)
        self.bolide("context", "add", "near", "--namesrv", NAMESRV, "--description", "it's \"here\"", variables=alone)
        listed = {row["context"]: row for row in self.json("context", "list", variables=alone)}
        self.assertEqual({name: row["current"] for name, row in listed.items()}, {"far": True, "near": False})
        self.assertEqual(listed["near"]["description"], 'it\'s "here"')
        # flag > environment > context > default
        self.bolide("topic", "list", status=UNAVAILABLE, variables=alone)
        self.assertIn(topic, self.bolide("topic", "list", "--context", "near", variables=alone))
        self.assertIn(topic, self.bolide("topic", "list", variables=alone | {"NAMESRV_ADDR": NAMESRV}))
        self.bolide("topic", "list", "--context", "far", status=UNAVAILABLE, variables=alone | {"NAMESRV_ADDR": NAMESRV})
        self.assertIn(topic, self.bolide("topic", "list", "--context", "far", "--namesrv", NAMESRV, variables=alone))
        self.bolide("context", "use", "near", variables=alone)
        self.assertIn(topic, self.bolide("topic", "list", variables=alone))
        self.assertEqual(self.json("context", "show", variables=alone)["namesrv"], NAMESRV)
        self.bolide("context", "delete", "near", variables=alone)
        self.assertIn("far", self.bolide("topic", "list", "--context", "near", status=NOT_FOUND, variables=alone))
        self.bolide("context", "add", "bad name", "--namesrv", "x:1", status=USAGE, variables=alone)
        self.bolide("context", "add", "none", status=USAGE, variables=alone)


class Measurements(Case):
    def test_a_measurement_counts_what_went_and_came(self):
        topic = self.topic("--queues", "2")
        sent = self.json("bench", "pub", topic, "--count", "2000", "--size", "100", "--threads", "2")
        self.assertEqual((sent["messages"], sent["errors"]), (2000, 0))
        self.assertGreater(sent["messages_per_second"], 0)
        latency = sent["latency_us"]
        self.assertTrue(0 < latency["p50"] <= latency["p99"] <= latency["p999"] <= latency["max"])
        came = self.json("bench", "sub", topic, "--from", "first", "--count", "2000")
        self.assertEqual(came["messages"], 2000)
        self.assertGreater(came["latency_us"]["p50"], 0)
        group = "bench-" + uuid.uuid4().hex[:12]
        self.assertIn("messages   2000", self.bolide("bench", "sub", topic, "--group", group, "--from", "first", "--count", "2000"))

    def test_a_measurement_that_is_interrupted_shows_what_it_has(self):
        topic = self.topic()
        self.bolide("pub", topic, "x")
        for direction, more in (("pub", ("--rate", "200")), ("sub", ("--from", "first"))):
            process = subprocess.Popen([harness.program(), "bench", direction, topic, "--duration", "60s", "-o", "json", *more],
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment())
            # Until its signals are taken an interrupt ends it at once.
            harness.wait_until(lambda: self.takes_interrupts(process.pid), what="it takes signals")
            if direction == "pub":
                self.assertEqual(run("sub", topic, "--from", "first", "-n", "4", "--wait", "20s").returncode, 0)  # not text
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=SECONDS)
            self.assertEqual((process.returncode, err), (0, b""))
            report = json.loads(out)
            self.assertLess(report["seconds"], 50)
            if direction == "pub":
                self.assertGreater(report["messages"], 2)

    @staticmethod
    def takes_interrupts(pid):
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            blocked = next(line for line in file if line.startswith("SigBlk:")).split()[1]
        return int(blocked, 16) >> (signal.SIGINT - 1) & 1

    def test_a_measurement_keeps_its_rate(self):
        topic = self.topic()
        sent = self.json("bench", "pub", topic, "--rate", "200", "--duration", "500ms", "--size", "64")
        self.assertTrue(60 <= sent["messages"] <= 110, sent)


class Errors(Case):
    def test_a_topic_that_does_not_exist_is_named_with_what_to_do(self):
        for command in (["sub"], ["route"], ["topic", "describe"], ["topic", "delete"]):
            told = self.bolide(*command, "no-such-topic", status=NOT_FOUND)
            self.assertIn("no-such-topic", told)
            self.assertIn("topic list" if "delete" in command else "topic create", told)

    def test_a_server_that_does_not_answer_is_named(self):
        told = self.bolide("topic", "list", "--namesrv", "127.0.0.1:1", status=UNAVAILABLE)
        self.assertIn("127.0.0.1:1", told)
        self.assertIn("server runs", told)

    def test_how_large_a_message_may_be_says_the_broker(self):
        body, topic = os.urandom(5_000_000), self.topic()
        self.assertIn("4194304", self.bolide("pub", topic, "-f", "-", stdin=body, status=USAGE))  # the broker's words
        with harness.Server(settings=["broker.max_message_bytes=10MiB"]) as server:
            variables = {"NAMESRV_ADDR": f"127.0.0.1:{server.naming}"}
            self.bolide("pub", "t", "-f", "-", stdin=body, variables=variables)
            report = self.json("bench", "pub", "t", "--size", str(len(body)), "--count", "1", variables=variables)
            self.assertEqual((report["messages"], report["errors"]), (1, 0))

    def test_a_send_without_any_server_ends_at_once(self):
        for command in (["pub"], ["bench", "pub"]):
            start = time.monotonic()
            told = self.bolide(*command, "t", *["x"][:len(command) % 2], "--namesrv", "127.0.0.1:1;127.0.0.1:2",
                               "--timeout", "20s", status=UNAVAILABLE)
            self.assertLess(time.monotonic() - start, 10)
            self.assertIn("127.0.0.1:2", told)

    def test_a_send_to_servers_that_hang_waits_as_long_as_it_is_told(self):
        with harness.Server() as server:
            variables = {"NAMESRV_ADDR": f"127.0.0.1:{server.naming}"}
            self.bolide("pub", "t", "x", variables=variables)
            server.process.send_signal(signal.SIGSTOP)
            try:
                start = time.monotonic()
                self.bolide("pub", "t", "x", "--timeout", "500ms", status=TEMPORARY, variables=variables)
                self.assertLess(time.monotonic() - start, 2.5)
            finally:
                server.process.send_signal(signal.SIGCONT)

    def test_the_second_name_server_is_asked_when_the_first_is_away(self):
        self.bolide("topic", "list", "--namesrv", "127.0.0.1:1;" + NAMESRV)

    def test_a_peer_that_speaks_something_else_is_told_apart(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            process = subprocess.Popen([harness.program(), "topic", "list", "--namesrv", f"127.0.0.1:{port}"],
                                       stderr=subprocess.PIPE, env=environment())
            connection, _ = listener.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                _, err = process.communicate(timeout=SECONDS)
            self.assertEqual(process.returncode, MALFORMED, err)

    def test_the_fix_is_one_for_what_went_wrong(self):
        topic = self.topic()
        for command in (["pub", topic, "x", "--queue", "99"], ["sub", topic, "--queue", "99"]):
            told = self.bolide(*command, status=USAGE)
            self.assertIn("queue 99", told)
            self.assertIn("bolide topic describe " + topic, told)
        self.assertIn("--config FILE", self.bolide("config", "check", "--config", "/nonexistent/file", status=NOT_FOUND))

    def test_each_mistake_in_a_file_is_a_line_with_its_place(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "bolide.toml")
            with open(path, "w", encoding="utf-8") as file:
                file.write('[broker]\nlisten = 5\nnam = "b"\n[store]\nretention_hours = "x"\n')
            *lines, fix = self.bolide("config", "check", "--config", path, status=CONFIG).splitlines()
            self.assertEqual([line.split(": ")[:2] for line in lines], [["bolide", f"{path}:{n}"] for n in (2, 3, 5)])
            self.assertIn('"broker.name"', lines[1])
            self.assertNotIn("config check", fix)

    def test_a_wrong_command_line_is_a_usage_error(self):
        for arguments in (["nonsense"], ["topic"], ["pub"], ["sub", "t", "--from", "someday"], ["sub", "t", "--count", "x"],
                          ["topic", "list", "--namesrv", "no port:x"]):
            self.bolide(*arguments, status=USAGE)

    def test_a_wrong_command_line_is_explained_by_the_help_of_its_command(self):
        for arguments, command in ((["topic", "create"], "topic create"), (["topic", "create", "t", "--quues", "3"], "topic create"),
                                   (["topic", "nonsense"], "topic"), (["sub", "t", "--from", "someday"], "sub"),
                                   (["sub", "t", "--invisible", "1s"], "sub")):
            self.assertIn(f"see: bolide help {command}\n", self.bolide(*arguments, status=USAGE))
        self.assertIn("see: bolide --help\n", self.bolide("nonsense", status=USAGE))

    def test_a_measurement_that_sent_nothing_ends_as_its_first_error_says(self):
        self.assertIn("a b", self.bolide("bench", "pub", "a b", "--count", "1", status=USAGE))

    def test_dead_letters_of_a_group_without_any_are_none(self):
        group = "group-" + uuid.uuid4().hex[:12]
        self.bolide("dlq", "show", group, status=NOT_FOUND)
        self.bolide("group", "create", group)
        self.assertEqual(self.json("dlq", "show", group), [])
        self.assertEqual(self.json("dlq", "replay", group)["replayed"], 0)
        self.assertEqual(self.json("dlq", "discard", group)["discarded"], 0)

    def test_output_that_cannot_be_written_is_an_error(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([harness.program(), "config", "docs"], stdout=full, stderr=subprocess.PIPE, timeout=SECONDS)
        self.assertEqual(done.returncode, IO)


class Own(Case):
    def test_alone_it_prints_help(self):
        self.assertIn("Usage: bolide COMMAND", self.bolide())
        self.assertIn("--queues", self.bolide("topic", "create", "--help"))

    def test_version_and_pages_are_printed(self):
        self.assertRegex(self.bolide("version"), r"^bolide \d+\.\d+\.\d+\n$")
        for option in ("--version", "-V"):
            self.assertEqual(self.bolide(option), self.bolide("version"))
        self.assertRegex(self.json("version")["version"], r"^\d+\.\d+\.\d+$")
        self.assertIn("broker.listen", self.bolide("config", "docs"))
        self.assertIn("# ", self.bolide("metrics", "docs"))
        self.assertIn(".TH BOLIDE 1", self.bolide("man"))

    def test_a_server_whose_certificate_is_not_trusted_is_told_without_a_log(self):
        told = self.bolide("topic", "list", "--tls", status=UNAVAILABLE)
        self.assertEqual(len(told.splitlines()), 2, told)
        self.assertIn("certificate was refused", told)
        self.assertIn("--tls-ca", told)

    def test_every_shell_completes_commands_options_choices_and_names(self):
        topic = self.topic()
        for shell in ("bash", "zsh", "fish"):
            with self.subTest(shell=shell), shells.Shell(shell, self.bolide("completion", shell), environment()) as complete:
                self.assertEqual(complete("bolide topi"), ["topic"])
                self.assertEqual(complete("bolide topic d"), ["delete", "describe"])
                self.assertEqual(complete("bolide topic create x --qu"), ["--queues"])
                self.assertEqual(complete("bolide topic create x --perm r"), ["r", "rw"])
                self.assertEqual(complete("bolide completion f"), ["fish"])
                self.assertEqual(complete(f"bolide topic describe {topic[:-2]}"), [topic])
                self.assertEqual(complete(f"bolide --namesrv {NAMESRV} group describe g --topic {topic[:-2]}"), [topic])
                self.assertEqual(complete(f"bolide --namesrv 127.0.0.1:1 sub {topic[:-2]}"), [])

    def test_bash_completes_behind_an_equals_sign(self):
        with shells.Shell("bash", self.bolide("completion", "bash"), environment()) as complete:
            self.assertEqual(complete("bolide topic create x --perm="), ["r", "rw", "w"])
            self.assertEqual(complete("bolide topic create x --perm=r"), ["r", "rw"])

    def test_settings_are_printed_with_their_origin(self):
        told = self.bolide("config", "print", "--set", "broker.name=here", variables={"BOLIDE_BROKER_ID": "0"})
        self.assertRegex(told, r'(?m)name = "here".*--set')
        shown = {row["name"]: row for row in self.json("config", "print", "--set", "broker.name=here")["options"]}
        self.assertEqual(shown["broker.name"]["value"], "here")

    def test_the_default_file_is_good_and_a_wrong_one_is_not(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "bolide.toml")
            with open(path, "w", encoding="utf-8") as file:
                file.write(self.bolide("config", "default"))
            self.assertIn("good", self.bolide("config", "check", "--config", path))
            with open(path, "w", encoding="utf-8") as file:
                file.write("[broker]\nlisten = 5\n")
            self.assertIn("bolide.toml:2", self.bolide("config", "check", "--config", path, status=CONFIG))


class Stores(Case):
    def test_a_store_is_verified_and_dumped_when_its_server_has_stopped(self):
        with harness.Server() as server:
            variables = {"NAMESRV_ADDR": f"127.0.0.1:{server.naming}"}
            for i in range(3):
                self.bolide("pub", "stored", f"message {i}", "--queue", "0", variables=variables)
            self.bolide("store", "verify", "--data-dir", server.data, status=IN_THE_WAY)
            self.assertEqual(server.stop(), 0)
            report = self.json("store", "verify", "--data-dir", server.data)
            self.assertEqual((report["sound"], report["messages"]), (True, 3))
            self.assertIn("sound", self.bolide("store", "verify", "--data-dir", server.data))
            dumped = self.json_lines("store", "dump", "--data-dir", server.data)
            self.assertEqual([message["body"] for message in dumped], ["message 0", "message 1", "message 2"])
            last = self.json_lines("store", "dump", "--data-dir", server.data, "--from", str(dumped[1]["position"]),
                                   "--count", "1")
            self.assertEqual(last, dumped[1:2])
            self.assertIn("topic=stored queue=0 offset=2", self.bolide("store", "dump", "--data-dir", server.data))
            exported = self.json("store", "export", "--data-dir", server.data)
            self.assertEqual((exported["messages"], exported["queues"], exported["queue_files"]), (3, 1, 1))
            self.assertIn("can open the directory", self.bolide("store", "export", "--data-dir", server.data))
            self.assertEqual(os.path.getsize(os.path.join(server.data, "consumequeue/stored/0", "0" * 20)), 6_000_000)
            self.damage(server.data, b"message 1")
            self.bolide("store", "export", "--data-dir", server.data, status=IO)
            report = json.loads(run("store", "verify", "--data-dir", server.data, "-o", "json").stdout)
            self.assertEqual((report["sound"], len(report["damages"])), (False, 1))
            self.bolide("store", "verify", "--data-dir", server.data, status=IO)

    def damage(self, data, text):
        path = os.path.join(data, "commitlog", "0" * 20)
        with open(path, "r+b") as file:
            at = file.read(1 << 20).index(text)
            file.seek(at)
            file.write(b"X")


if __name__ == "__main__":
    unittest.main()
