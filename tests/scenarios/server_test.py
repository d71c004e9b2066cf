#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What whoever runs a server sees: how fast it is ready, what it takes, how it stops, and what it says when it cannot start."""
import os
import re
import signal
import socket
import statistics
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request

import harness
import remoting

READY_SECONDS = 0.1
IDLE_BYTES = 40 << 20
IDLE_CPU = 0.005
STOP_SECONDS = 2.0
# Exit codes (docs: the table of errors in base/errors.cc)
USAGE, IN_THE_WAY, IO, NO_PERMISSION, CONFIG = 64, 73, 74, 77, 78


class StartTest(unittest.TestCase):
    def test_it_is_ready_within_100_ms_on_an_empty_directory(self):
        times = []
        while len(times) < 5 or (min(times) >= READY_SECONDS and len(times) < 20):  # a busy machine gets more tries
            with harness.Server() as server:
                times.append(server.start_seconds)
        print(f"\nready: best {min(times) * 1000:.0f} ms, median {statistics.median(times) * 1000:.0f} ms "
              f"of {len(times)}")
        self.assertLess(min(times), READY_SECONDS)

    def test_it_takes_little_memory_and_no_processor_when_idle(self):
        with harness.Server() as server:
            harness.wait_until(lambda: server.client().close() is None)
            time.sleep(0.5)  # what a start leaves to be done is not idleness
            begin, cpu = time.monotonic(), server.cpu_seconds()
            time.sleep(5)
            used = (server.cpu_seconds() - cpu) / (time.monotonic() - begin)
            print(f"\nidle: {server.resident_bytes() / (1 << 20):.1f} MiB, {used * 100:.2f} % of a processor")
            self.assertLess(server.resident_bytes(), IDLE_BYTES)
            self.assertLess(used, IDLE_CPU)

    def test_it_says_where_it_listens_and_that_it_is_ready(self):
        with harness.Server() as server:
            said = "\n".join(server.lines)
            self.assertIn(f"127.0.0.1:{server.naming}", said)
            self.assertIn(f"127.0.0.1:{server.broker}", said)
            self.assertIn(server.data, said)
            with remoting.Client(server.broker - 2) as client:  # the VIP channel
                client.put_topic("start", 1)

    def test_what_it_advises_to_try_next_works(self):
        with harness.Server() as server:
            advice, = (line.split(None, 2)[2] for line in server.lines if line.startswith("  try next"))
            self.assertEqual(advice.count(f"--namesrv 127.0.0.1:{server.naming}"), 2, advice)
            done = subprocess.run(["sh", "-c", advice.replace("bolide ", harness.program() + " ")], capture_output=True,
                                  text=True, timeout=30, env=harness.clean_environment() | {"NAMESRV_ADDR": "127.0.0.1:1"})
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("hello, world", done.stdout)
        for role in ("naming", "broker"):
            with harness.Server(settings=[f"server.roles={role}"]) as part:
                self.assertNotIn("try next", "\n".join(part.lines))

    def test_it_says_which_port_it_was_given_where_any_was_asked_for(self):
        settings = ["naming.listen=127.0.0.1:0", "broker.listen=127.0.0.1:0", "admin.listen=127.0.0.1:0"]
        with harness.Server(settings=settings) as server:
            said = "\n".join(server.lines)
            self.assertNotIn(":0", said)
            for line in (r"  name server  127.0.0.1:(\d+)$", r"  broker       127.0.0.1:(\d+) ", r"http://127.0.0.1:(\d+)/"):
                port = int(re.search(line, said, re.M).group(1))
                socket.create_connection(("127.0.0.1", port), timeout=5).close()

    def test_it_warns_where_other_machines_can_connect(self):
        naming, _ = harness.free_ports()
        with harness.Server(settings=[f"naming.listen=0.0.0.0:{naming}"]) as server:
            said = "\n".join(server.lines)
            self.assertRegex(said, rf"warning: naming.listen = 0.0.0.0:{naming}: .*no access control")
            self.assertIn(f"--namesrv 127.0.0.1:{naming}", said)
        with harness.Server() as server:
            self.assertNotIn("warning", "\n".join(server.lines))

    def test_it_shows_its_metrics_and_its_health(self):
        port = harness.free_ports()[0] + 8
        page = f"http://127.0.0.1:{port}/"
        with harness.Server(settings=[f"admin.listen=127.0.0.1:{port}"]) as server, server.client() as client:
            for offset in range(3):
                self.assertEqual(client.send("measured", b"x")[1], offset)
            with urllib.request.urlopen(page + "metrics", timeout=5) as answer:
                self.assertEqual(answer.headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
                metrics = answer.read().decode()
            labels = 'cluster="DefaultCluster",node_type="broker",node_id="broker-a"'
            self.assertIn('rocketmq_messages_in_total{%s,topic="measured"} 3\n' % labels, metrics)
            self.assertIn("bolide_store_stopped{%s} 0\n" % labels, metrics)
            self.assertIn("bolide_naming_brokers{%s} 1\n" % labels, metrics)
            declared = subprocess.run([harness.program(), "metrics", "docs"], capture_output=True, text=True, check=True).stdout
            shown = set(re.findall(r"^# TYPE (\S+)", metrics, re.M))
            # The others have no sample before there is something to count.
            idle = {"rocketmq_consumer_lag_messages", "rocketmq_consumer_ready_messages", "bolide_unsupported_requests_total",
                    "bolide_repeated_keys_total"}
            self.assertEqual(set(re.findall(r"^\| `(\w+)` \|", declared, re.M)) - shown - idle, set())
            with urllib.request.urlopen(page + "health", timeout=5) as answer:
                self.assertEqual(answer.read(), b"ok\n")
            with self.assertRaises(urllib.error.HTTPError) as missing:
                urllib.request.urlopen(page + "nothing", timeout=5)
            self.assertEqual(missing.exception.code, 404)

    def test_the_shells_name_servers_are_for_clients_not_for_a_server_that_is_one_itself(self):
        with harness.Server() as cluster:
            there = f"127.0.0.1:{cluster.naming}"
            with harness.Server(environment={"NAMESRV_ADDR": there}) as alone:
                self.assertNotIn("registers with", "\n".join(alone.lines))
                self.assert_broker_at(alone.naming, alone.broker)
                self.assert_broker_at(cluster.naming, cluster.broker)
                self.assertNotIn("moves from", cluster.said())
            with harness.Server(environment={"BOLIDE_BROKER_NAMING_SERVERS": there}) as second:
                self.assertIn(f"  registers with {there}", second.lines)
                self.assert_broker_at(cluster.naming, second.broker)
                moved = f"broker broker-a 0 of cluster DefaultCluster moves from 127.0.0.1:{cluster.broker} to " \
                        f"127.0.0.1:{second.broker}"
                harness.wait_until(lambda: moved in cluster.said(), what="a warning")

    @staticmethod
    def assert_broker_at(naming, broker):
        address = f"127.0.0.1:{broker}".encode()
        with remoting.Client(naming) as names:
            harness.wait_until(lambda: address in names.call(remoting.CLUSTER_INFO).body, what=f"broker {broker} registered")

    def test_a_client_can_send_as_soon_as_it_is_ready(self):
        with harness.Server() as server, server.client() as client:
            self.assertEqual(client.send("at-once", b"x")[1], 0)
            with remoting.Client(server.naming) as names:
                route = harness.wait_until(lambda: self.route(names, "at-once"), what="the route of a new topic")
            self.assertEqual(route["brokerDatas"][0]["brokerAddrs"]["0"], f"127.0.0.1:{server.broker}")

    @staticmethod
    def route(names, topic):
        try:
            return names.route(topic)
        except remoting.RemotingError:
            return None


class StopTest(unittest.TestCase):
    def test_sigterm_and_sigint_stop_it_within_two_seconds(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(signal=number), harness.Server() as server:
                waiting = server.client()
                waiting.put_topic("parked", 1)
                waiting.post(remoting.PULL, remoting.pull_fields("parked", 0, 0, wait_ms=20000))
                waiting.flush()
                begin = time.monotonic()
                server.process.send_signal(number)
                self.assertEqual(server.process.wait(10), 0)
                self.assertLess(time.monotonic() - begin, STOP_SECONDS)
                waiting.close()
                server.error_reader.join(5)
                self.assertRegex(server.said(), rf" info stopped by {number.name} in \d+ ms\n$")

    def test_sigterm_under_load_loses_nothing_that_was_acknowledged(self):
        for level in ("async", "sync"):
            with self.subTest(level=level), harness.Server(settings=[f"store.reply_level={level}"]) as server:
                with server.client() as client:
                    client.put_topic("load", 4)
                acknowledged = []
                senders = [threading.Thread(target=self.send_until_closed, args=(server, queue, acknowledged))
                           for queue in range(4)]
                for sender in senders:
                    sender.start()
                harness.wait_until(lambda: len(acknowledged) > 2000, 20, "2000 messages")
                begin = time.monotonic()
                self.assertEqual(server.stop(), 0)
                self.assertLess(time.monotonic() - begin, STOP_SECONDS)
                for sender in senders:
                    sender.join(10)
                    self.assertFalse(sender.is_alive())
                server.start()
                self.assertIn("clean stop", "\n".join(server.lines))
                with server.client() as client:
                    stored = {queue: [record.body for record in client.pull_all("load", queue)] for queue in range(4)}
                for queue, offset, body in acknowledged:
                    self.assertEqual(stored[queue][offset], body)

    @staticmethod
    def send_until_closed(server, queue, acknowledged):
        waiting, counter = {}, 0
        try:
            with server.client() as client:
                while True:
                    while len(waiting) < 32:
                        body = b"%d/%d" % (queue, counter)
                        waiting[client.post(remoting.SEND_V2, remoting.send_fields("load", queue), body)] = body
                        counter += 1
                    client.flush()
                    answer = client.read()
                    body = waiting.pop(answer.opaque)
                    if answer.code == remoting.SUCCESS:
                        acknowledged.append((queue, int(answer.ext["queueOffset"]), body))
        except OSError:
            pass

    def test_sigterm_at_level_sync_leaves_no_message_that_was_stored_and_not_answered(self):
        """64 senders with one message each on the way: what is in the log was answered, and nothing else was."""
        with harness.Server(settings=["store.reply_level=sync"]) as server:
            with server.client() as client:
                client.put_topic("answered", 64)
            counts = [0] * 64
            senders = [threading.Thread(target=self.send_one_by_one, args=(server, queue, counts)) for queue in range(64)]
            for sender in senders:
                sender.start()
            harness.wait_until(lambda: sum(counts) > 1000 and min(counts) > 0, 60, "1000 messages")
            self.assertEqual(server.stop(), 0)
            for sender in senders:
                sender.join(10)
                self.assertFalse(sender.is_alive())
            server.start()
            with server.client() as client:
                self.assertEqual([client.max_offset("answered", queue) for queue in range(64)], counts)

    @staticmethod
    def send_one_by_one(server, queue, counts):
        try:
            with server.client() as client:
                while True:
                    client.send("answered", b"x", queue)
                    counts[queue] += 1
        except (OSError, remoting.RemotingError):
            pass

    def test_a_restart_keeps_topics_groups_offsets_and_messages(self):
        with harness.Server(settings=["broker.offset_flush_interval_ms=500"]) as server:
            with server.client() as client:
                client.put_topic("kept", 3, permission=4 | 2, order=True)
                client.put_topic("doomed", 1)
                client.put_group("kept-group", retryMaxTimes=5, consumeBroadcastEnable=False)
                ids = [client.send("kept", b"body %d" % at, at % 3, properties={"KEYS": f"key-{at}", "TAGS": "A"})[2]
                       for at in range(30)]
                for queue in range(3):
                    client.commit("kept-group", "kept", queue, queue + 1)
                client.call(remoting.DELETE_TOPIC, {"topic": "doomed"})
                before = self.whole_state(client)
            harness.wait_until(lambda: [server.kept_offset("kept-group", "kept", queue) for queue in range(3)] == [1, 2, 3],
                               what="the commits are written")
            for ending in ("kill", "stop", "kill"):
                with self.subTest(ending=ending):
                    if ending == "stop":
                        self.assertEqual(server.stop(), 0)
                    else:
                        server.kill()
                    server.start()
                    with server.client() as client:
                        self.assertEqual(self.whole_state(client), before)
                        self.assertIsNone(client.topic_config("doomed"))
                        self.assertEqual([record.body for record in client.query_key("kept", "key-7")], [b"body 7"])
                        self.assertEqual(client.view(int(ids[9][16:], 16), "kept").body, b"body 9")
            with server.client() as client:
                self.assertEqual(client.send("kept", b"more", 0)[1], 10)

    @staticmethod
    def whole_state(client):
        return {"topic": client.topic_config("kept"), "group": client.group_config("kept-group"),
                "offsets": [client.committed("kept-group", "kept", queue) for queue in range(3)],
                "messages": [client.pull_all("kept", queue) for queue in range(3)]}


class VisibilityTest(unittest.TestCase):
    def test_an_answered_message_can_be_counted_and_pulled_at_once(self):
        for level in ("async", "sync"):
            with self.subTest(level=level), harness.Server(settings=[f"store.reply_level={level}"]) as server, \
                    server.client() as sender, server.client() as reader:
                sender.put_topic("seen", 1)
                for at in range(300):
                    self.assertEqual(sender.send("seen", b"%d" % at)[1], at)
                    self.assertEqual(reader.max_offset("seen", 0), at + 1)
                    answer = reader.pull("seen", 0, at)
                    self.assertEqual([record.body for record in remoting.records(answer.body)], [b"%d" % at])

    def test_a_new_group_misses_no_message_that_lands_between_its_questions(self):
        """It asks for its offset, then, if it has none, for the end of the queue; a message is stored in between."""
        with harness.Server() as server, server.client() as consumer, server.client() as sender:
            sender.put_topic("young", 1)
            for at in range(20):
                group = f"group-{at}"
                begin = consumer.call(remoting.QUERY_OFFSET, {"consumerGroup": group, "topic": "young", "queueId": 0},
                                      expect=(remoting.SUCCESS, remoting.QUERY_NOT_FOUND))
                offset = sender.send("young", b"%d" % at)[1]
                end = consumer.max_offset("young", 0)
                start = int(begin.ext["offset"]) if begin.code == remoting.SUCCESS else end
                self.assertLessEqual(start, offset)
                self.assertIn(b"%d" % at, [record.body for record in consumer.pull_all("young", 0, start)])


class DamageTest(unittest.TestCase):
    """Bytes of a message that was stored long ago are no longer what they were."""

    def setUp(self):
        self.server = harness.Server()
        self.addCleanup(self.server.__exit__, None, None, None)
        with self.server.client() as client:
            client.put_topic("damaged", 1)
            for at in range(200):
                client.send("damaged", b"body %03d" % at)
        self.assertEqual(self.server.stop(), 0)
        log = os.path.join(self.server.data, "commitlog", "0" * 20)
        with open(log, "r+b") as file:
            file.seek(file.read(1 << 20).index(b"body 100") - 20)
            file.write(b"\xff" * 8)
        self.log = log
        self.others = [b"body %03d" % at for at in range(200) if at != 100]

    def bolide(self, *arguments, status=0):
        done = subprocess.run([harness.program(), *arguments], capture_output=True, text=True, timeout=60,
                              env=harness.clean_environment())
        self.assertEqual(done.returncode, status, done.stderr)
        return done

    def test_consumers_are_given_what_follows_and_the_log_says_what_is_missing(self):
        self.server.start()
        with self.server.client() as client:
            self.assertEqual(self.pull_all(client), self.others)
        namesrv = ("--namesrv", f"127.0.0.1:{self.server.naming}", "--from", "first", "--count", "199", "-o", "json")
        for group in ([], ["--group", "pushed"], ["--group", "popped", "--pop"]):
            said = self.bolide("sub", "damaged", *group, *namesrv).stdout
            self.assertEqual(sorted(re.findall(r"body \d+", said)), [body.decode() for body in self.others], group)
        named = [line for line in self.server.errors if "is passed over" in line]
        self.assertEqual(len(named), 1, named)
        for word in ("offset 100 of damaged 0", self.log, f"bolide store verify --data-dir {self.server.data}"):
            self.assertIn(word, named[0])

    @staticmethod
    def pull_all(client):
        found, offset = [], 0
        while offset < 200:
            answer = client.call(remoting.PULL, remoting.pull_fields("damaged", 0, offset))
            assert int(answer.ext["nextBeginOffset"]) > offset
            offset = int(answer.ext["nextBeginOffset"])
            found += [record.body for record in remoting.records(answer.body)]
        return found

    def test_verify_says_where_and_what_to_do(self):
        done = self.bolide("store", "verify", "--data-dir", self.server.data, status=IO)
        self.assertIn(f"damage: log ", done.stdout)
        self.assertIn(self.log, done.stdout)
        self.assertNotIn("DIR", done.stderr)
        self.assertIn("docs/durability.md", done.stderr)
        self.server.start()


class ManyQueuesTest(unittest.TestCase):
    TOPICS, QUEUES = 20, 1000

    def test_twenty_thousand_queues_cost_little_memory_and_no_files_of_their_own(self):
        def files():
            return sum(len(names) for _, _, names in os.walk(server.data))

        def descriptors():
            return len(os.listdir(f"/proc/{server.process.pid}/fd"))
        with harness.Server() as server, server.client(timeout=60) as client:
            memory, before = server.resident_bytes(), (files(), descriptors())
            for topic in range(self.TOPICS):
                client.put_topic(f"many-{topic}", self.QUEUES)
                for queue in range(self.QUEUES):
                    client.post(remoting.SEND_V2, remoting.send_fields(f"many-{topic}", queue), b"x")
                client.flush()
                for _ in range(self.QUEUES):
                    self.assertEqual(client.read().code, remoting.SUCCESS)
            grown = server.resident_bytes() - memory
            print(f"\n{self.TOPICS * self.QUEUES} queues: {grown / (1 << 20):.1f} MiB")
            self.assertLess(grown, 64 << 20)
            self.assertLess(files() - before[0], 10)
            self.assertLess(descriptors() - before[1], 10)
            server.kill()
            server.start()
            self.assertLess(files() - before[0], 10)
            with server.client() as again:
                self.assertEqual(again.max_offset("many-7", 999), 1)


class RefusalTest(unittest.TestCase):
    """Each case: one clear message that names the culprit, what to do about it, the documented exit code, nothing written."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="bolide-scenario-")
        self.addCleanup(self.folder.cleanup)
        self.data = os.path.join(self.folder.name, "data")
        self.naming, self.broker = harness.free_ports()

    def assert_refused(self, status, *words, **options):
        options = {"data": self.data, "naming": self.naming, "broker": self.broker, **options}
        code, said = harness.run_failing(**options)
        self.assertEqual(code, status, said)
        message, *rest = said.strip().split("\n")
        self.assertTrue(message.startswith("bolide: "), said)
        for word in words:
            self.assertIn(word, said)
        self.assertLessEqual(len(rest), 1, said)
        self.assertTrue(all(line.startswith("  fix: ") for line in rest), said)
        self.assertNotIn("Traceback", said)

    def write(self, name, content):
        path = os.path.join(self.folder.name, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(content)
        return path

    def test_a_port_in_use(self):
        options = {self.broker: "broker.listen", self.naming: "naming.listen", self.broker - 2: "broker.vip_enabled"}
        for port, option in options.items():
            with self.subTest(port=port), socket.socket() as other:
                other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                other.bind(("127.0.0.1", port))
                other.listen()
                self.assert_refused(IN_THE_WAY, str(port), option)

    def test_a_second_server_on_one_directory(self):
        with harness.Server() as server, server.client() as client:
            client.put_topic("mine", 1)
            client.send("mine", b"before")
            self.assert_refused(IN_THE_WAY, server.data, f"process {server.process.pid} has it", "--data-dir", data=server.data)
            self.assertEqual(client.send("mine", b"after")[1], 1)
            server.stop()
            server.start()
            with server.client() as again:
                self.assertEqual([record.body for record in again.pull_all("mine", 0)], [b"before", b"after"])

    def test_a_directory_of_something_else(self):
        os.mkdir(self.data)
        for name in ("holiday.jpg", "notes.txt"):
            with open(os.path.join(self.data, name), "w", encoding="utf-8") as file:
                file.write("keep me")
        self.assert_refused(IN_THE_WAY, self.data, "holiday.jpg")
        self.assertEqual(sorted(os.listdir(self.data)), ["holiday.jpg", "notes.txt"])

    def test_a_directory_that_cannot_be_written(self):
        if os.geteuid() == 0:  # who may write everything
            self.assert_refused(IO, "in-the-way", data=os.path.join(self.write("in-the-way", ""), "data"))
            return
        os.mkdir(self.data, 0o500)
        self.assert_refused(NO_PERMISSION, self.data)

    def test_a_directory_without_a_name(self):
        self.assert_refused(USAGE, "--data-dir", data="")

    def test_a_file_in_place_of_the_directory(self):
        path = self.write("file", "keep me")
        code, said = harness.run_failing(path, self.naming, self.broker)
        self.assertIn(code, (IO, IN_THE_WAY), said)
        self.assertIn(path, said)
        with open(path, encoding="utf-8") as file:
            self.assertEqual(file.read(), "keep me")

    def test_an_option_that_does_not_exist(self):
        self.assert_refused(CONFIG, "store.reply_levle", "store.reply_level", settings=["store.reply_levle=sync"])

    def test_a_value_out_of_range(self):
        self.assert_refused(CONFIG, "store.reply_level", "async", "sync", settings=["store.reply_level=maybe"])
        self.assert_refused(CONFIG, "store.segment_bytes", settings=["store.segment_bytes=1"])
        self.assert_refused(CONFIG, "broker.listen", settings=["broker.listen=nonsense"])

    def test_an_unknown_key_in_a_config_file(self):
        path = self.write("bolide.toml", "[broker]\nname = \"b\"\n\n[store]\nsegment_byte = \"1GiB\"\n")
        self.assert_refused(CONFIG, f"{path}:5", "store.segment_byte", "store.segment_bytes", config=path)

    def test_a_config_file_that_is_not_there_or_cannot_be_read(self):
        path = os.path.join(self.folder.name, "missing.toml")
        code, said = harness.run_failing(self.data, self.naming, self.broker, config=path)
        self.assertNotEqual(code, 0)
        self.assertIn(path, said)
        path = self.write("broken.toml", "[broker\nname = 1\n")
        self.assert_refused(CONFIG, f"{path}:1", config=path)

    def test_a_flag_that_does_not_exist(self):
        done = subprocess.run([harness.program(), "server", "--data-dri", self.data], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=20, env=harness.clean_environment())
        self.assertEqual(done.returncode, USAGE, done.stderr)
        self.assertIn("--data-dri", done.stderr)
        self.assertFalse(os.path.exists(self.data))


if __name__ == "__main__":
    unittest.main()
