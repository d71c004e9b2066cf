#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The command line against a real server: its own, or any RocketMQ's whose address stands in BOLIDE_TEST_NAMESRV."""
import base64
import json
import os
import select
import socket
import subprocess
import tempfile
import time
import unittest
import uuid

import harness

NAMESRV = ""
SECONDS = 30  # for one command; all take far less
# Exit codes (docs: the table of errors in base/errors.cc)
USAGE, MALFORMED, NOT_FOUND, UNAVAILABLE, IN_THE_WAY, IO, NO_PERMISSION, CONFIG = 64, 65, 66, 69, 73, 74, 77, 78


def setUpModule():
    global NAMESRV
    NAMESRV = os.environ.get("BOLIDE_TEST_NAMESRV", "")
    if not NAMESRV:
        server = unittest.enterModuleContext(harness.Server())
        NAMESRV = f"127.0.0.1:{server.naming}"


def environment():
    return harness.clean_environment() | {"NAMESRV_ADDR": NAMESRV}


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

    def test_create_changes_a_topic_that_exists(self):
        topic = self.topic("--queues", "2")
        self.assertEqual(self.json("topic", "create", topic, "--queues", "5"), {"topic": topic, "created": True})
        self.assertEqual(self.json("topic", "describe", topic)["brokers"][0]["write_queues"], 5)

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


class Errors(Case):
    def test_a_topic_that_does_not_exist_is_named_with_what_to_do(self):
        for command in (["sub"], ["route"], ["topic", "describe"], ["topic", "delete"]):
            told = self.bolide(*command, "no-such-topic", status=NOT_FOUND)
            self.assertIn("no-such-topic", told)
            self.assertIn("topic create", told)

    def test_a_server_that_does_not_answer_is_named(self):
        told = self.bolide("topic", "list", "--namesrv", "127.0.0.1:1", status=UNAVAILABLE)
        self.assertIn("127.0.0.1:1", told)
        self.assertIn("server runs", told)

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

    def test_a_wrong_command_line_is_a_usage_error(self):
        for arguments in (["nonsense"], ["topic"], ["pub"], ["sub", "t", "--from", "someday"], ["sub", "t", "--count", "x"],
                          ["topic", "list", "--namesrv", "no port:x"]):
            self.bolide(*arguments, status=USAGE)

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
        self.assertRegex(self.json("version")["version"], r"^\d+\.\d+\.\d+$")
        self.assertIn("broker.listen", self.bolide("config", "docs"))
        self.assertIn("# ", self.bolide("metrics", "docs"))
        self.assertIn(".TH BOLIDE 1", self.bolide("man"))

    def test_bash_completes_commands_options_and_choices(self):
        script = self.bolide("completion", "bash")

        def complete(*words):
            quoted = " ".join(f"'{word}'" for word in ("bolide", *words))
            done = subprocess.run(["bash", "-c", f'{script}\nCOMP_WORDS=({quoted}); COMP_CWORD={len(words)}; _bolide; '
                                   'echo "${COMPREPLY[@]}"'], capture_output=True, text=True, timeout=SECONDS, check=True)
            return done.stdout.split()

        self.assertIn("topic", complete("to"))
        self.assertEqual(complete("topic", "d"), ["describe", "delete"])
        self.assertEqual(complete("topic", "create", "x", "--qu"), ["--queues"])
        self.assertEqual(complete("topic", "create", "x", "--perm", "r"), ["r", "rw"])
        self.assertEqual(complete("completion", "f"), ["fish"])

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
