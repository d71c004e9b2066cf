#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""cli_test.py PROGRAM [--namesrv HOST:PORT] [UNITTEST ARGUMENTS]: the command line against a real server.

Without --namesrv it starts PROGRAM's own server on free ports in a folder of its own. With it, the same cases run against
any RocketMQ server, Apache's too.
"""
import base64
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import uuid

PROGRAM = ""
NAMESRV = ""
SECONDS = 30  # for one command; all take far less

EXIT_USAGE, EXIT_DATA, EXIT_NOT_FOUND, EXIT_UNAVAILABLE, EXIT_CONFIG = 64, 65, 66, 69, 78


def free_port():
    """A port that the kernel gives to nobody by itself, free now with the one two below it (the VIP channel)."""
    low = 20000 + os.getpid() % 8000
    for port in range(low, low + 4000, 4):
        try:
            for candidate in (port - 2, port):
                with socket.socket() as probe:
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    probe.bind(("127.0.0.1", candidate))
            return port
        except OSError:
            continue
    raise RuntimeError("no free port")


def clean_environment():
    return {name: value for name, value in os.environ.items()
            if not name.startswith("BOLIDE_") and name != "NAMESRV_ADDR"}


class Server:
    """PROGRAM's own server, until stop()."""

    def __init__(self, folder):
        naming = free_port()
        broker = naming + 1000
        self.namesrv = f"127.0.0.1:{naming}"
        self.log = open(os.path.join(folder, "server.log"), "w+", encoding="utf-8")
        self.process = subprocess.Popen(
            [PROGRAM, "server", "--data-dir", os.path.join(folder, "data"), "--set", f"naming.listen=127.0.0.1:{naming}",
             "--set", f"broker.listen=127.0.0.1:{broker}"],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=subprocess.STDOUT, env=clean_environment())
        deadline = time.monotonic() + SECONDS
        while "ready" not in self.text():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the server did not start:\n" + self.text())
            time.sleep(0.01)

    def text(self):
        self.log.seek(0)
        return self.log.read()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        if status != 0:
            raise RuntimeError(f"the server ended with {status}:\n" + self.text())
        self.log.close()


def run(*arguments, stdin=b"", environment=None):
    variables = clean_environment() | {"NAMESRV_ADDR": NAMESRV} | (environment or {})
    return subprocess.run([PROGRAM, *arguments], input=stdin, capture_output=True, timeout=SECONDS, env=variables)


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
        self.bolide("topic", "describe", topic, status=EXIT_NOT_FOUND)

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
        self.bolide("pub", topic, "x", status=77)

    def test_a_bad_name_is_refused(self):
        self.bolide("topic", "create", "a b", status=EXIT_USAGE)


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
        reader = subprocess.Popen([PROGRAM, "sub", topic, "--from", "first", "--count", "2"], stdout=subprocess.PIPE,
                                  env=clean_environment() | {"NAMESRV_ADDR": NAMESRV})
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
        self.bolide("pub", topic, "", status=EXIT_USAGE)
        self.bolide("pub", topic, "x", "--property", "novalue", status=EXIT_USAGE)
        self.bolide("pub", topic, "x", "--queue", "99", status=EXIT_USAGE)
        self.bolide("pub", topic, "-f", "/nonexistent", status=EXIT_NOT_FOUND)
        self.bolide("pub", topic, "x", "-f", "-", status=EXIT_USAGE)


class Errors(Case):
    def test_a_topic_that_does_not_exist_is_named_with_what_to_do(self):
        for command in (["sub"], ["route"], ["topic", "describe"], ["topic", "delete"]):
            told = self.bolide(*command, "no-such-topic", status=EXIT_NOT_FOUND)
            self.assertIn("no-such-topic", told)
            self.assertIn("topic create", told)

    def test_a_server_that_does_not_answer_is_named(self):
        told = self.bolide("topic", "list", "--namesrv", "127.0.0.1:1", status=EXIT_UNAVAILABLE)
        self.assertIn("127.0.0.1:1", told)
        self.assertIn("server runs", told)

    def test_the_second_name_server_is_asked_when_the_first_is_away(self):
        self.bolide("topic", "list", "--namesrv", "127.0.0.1:1;" + NAMESRV)

    def test_a_peer_that_speaks_something_else_is_told_apart(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            process = subprocess.Popen([PROGRAM, "topic", "list", "--namesrv", f"127.0.0.1:{port}"],
                                       stderr=subprocess.PIPE, env=clean_environment())
            connection, _ = listener.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                _, err = process.communicate(timeout=SECONDS)
            self.assertEqual(process.returncode, EXIT_DATA, err)

    def test_a_wrong_command_line_is_a_usage_error(self):
        for arguments in (["nonsense"], ["topic"], ["pub"], ["sub", "t", "--from", "someday"], ["sub", "t", "--count", "x"],
                          ["topic", "list", "--namesrv", "no port:x"]):
            self.bolide(*arguments, status=EXIT_USAGE)

    def test_output_that_cannot_be_written_is_an_error(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([PROGRAM, "config", "docs"], stdout=full, stderr=subprocess.PIPE, timeout=SECONDS)
        self.assertEqual(done.returncode, 74)


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
        told = self.bolide("config", "print", "--set", "broker.name=here", environment={"BOLIDE_BROKER_ID": "0"})
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
            self.assertIn("bolide.toml:2", self.bolide("config", "check", "--config", path, status=EXIT_CONFIG))


def main():
    global PROGRAM, NAMESRV
    arguments = sys.argv[1:]
    if not arguments:
        sys.exit(__doc__)
    PROGRAM = os.path.abspath(arguments.pop(0))
    if arguments[:1] == ["--namesrv"]:
        NAMESRV = arguments[1]
        unittest.main(argv=["cli_test.py", *arguments[2:]])
    with tempfile.TemporaryDirectory(prefix="bolide-cli-") as folder:
        server = Server(folder)
        NAMESRV = server.namesrv
        try:
            tested = unittest.main(argv=["cli_test.py", *arguments], exit=False)
        finally:
            server.stop()
    sys.exit(not tested.result.wasSuccessful() or tested.result.testsRun == 0)


if __name__ == "__main__":
    main()
