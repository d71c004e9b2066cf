#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Bolide and Apache RocketMQ 5.5.0 as brokers of one cluster that has a name server of each kind: a client of either name server
writes to and reads from both brokers, and a broker that dies and comes back goes out of the routes and in again with its
messages. Starting Java is what takes the time here: one test, three starts. Needs Java."""
import json
import os
import shutil
import signal
import subprocess
import unittest

import harness
import remoting
from apache_directory_test import ORACLE, Apache

CLUSTER_INFO = 106
OURS, THEIRS = "broker-bolide", "broker-apache"
QUEUES = 4
MESSAGES = 40
START_SECONDS = 120  # Apache on a machine that does other things too


class ApacheBroker(Apache):
    """Apache's two processes."""

    def start(self, naming):
        """With Bolide's name server too; the broker tells both every 10 s that it is there (30 s by default)."""
        subprocess.run([ORACLE, "start", self.folder, str(self.naming), str(self.broker), f"brokerName={THEIRS}",
                        f"namesrvAddr=127.0.0.1:{self.naming};127.0.0.1:{naming}", "registerNameServerPeriod=10000"],
                       check=True, timeout=300, stdin=subprocess.DEVNULL)

    def start_broker(self):
        subprocess.run([ORACLE, "start-broker", self.folder], check=True, timeout=150, stdin=subprocess.DEVNULL)

    def kill_broker(self):
        with open(os.path.join(self.folder, "broker.pid"), encoding="ascii") as file:
            pid = int(file.read())
        os.kill(pid, signal.SIGKILL)
        harness.wait_until(lambda: not self.runs(pid), what="the end of Apache's broker")


class BolideBroker(harness.Server):
    """Name server and broker; the broker registers with another name server too."""

    def __init__(self, other_naming):
        self.other_naming = other_naming
        super().__init__()

    def start(self):
        self.settings = [f"broker.name={OURS}", f"broker.naming_servers=127.0.0.1:{self.naming},127.0.0.1:{self.other_naming}"]
        super().start()


class MixedClusterTest(unittest.TestCase):
    def setUp(self):
        self.folder = harness.temporary_folder()
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.apache = ApacheBroker(os.path.join(self.folder, "apache"))
        self.addCleanup(self.apache.stop)

    def ask_naming(self, naming, ask):
        with remoting.Client(naming, timeout=30) as client:
            return ask(client)

    def brokers(self, naming):
        info = self.ask_naming(naming, lambda client: client.call(CLUSTER_INFO).body)
        table = json.loads(info.replace(b"{0:", b'{"0":'))
        names = set(table["brokerAddrTable"])
        self.assertEqual(names, set(table["clusterAddrTable"].get("DefaultCluster", [])))
        return names

    def route(self, naming, topic):
        """Broker names of the topic; none where there is no route."""
        try:
            route = self.ask_naming(naming, lambda client: client.route(topic))
        except remoting.RemotingError:
            return set()
        self.assertEqual({queue["brokerName"] for queue in route["queueDatas"]},
                         {broker["brokerName"] for broker in route["brokerDatas"]})
        return {queue["brokerName"] for queue in route["queueDatas"]}

    def await_routes(self, topic, names, without=()):
        """By all name servers but `without`."""
        for naming in self.namings:
            if naming not in without:
                harness.wait_until(lambda: self.route(naming, topic) == names, START_SECONDS, f"the route of {topic} with {names}")

    def command(self, naming, *words):
        done = subprocess.run([harness.program(), *words, "--namesrv", f"127.0.0.1:{naming}"], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60, env=harness.clean_environment())
        self.assertEqual(done.returncode, 0, f"{words[:2]}: {done.stderr}")
        return done.stdout

    def write(self, naming, topic, mark):
        bodies = [f"{mark} {at}" for at in range(MESSAGES)]
        self.command(naming, "pub", topic, *bodies)
        return bodies

    def read(self, naming, topic, count):
        said = self.command(naming, "sub", topic, "--from", "first", "--count", str(count), "-o", "json")
        return [json.loads(line)["body"] for line in said.splitlines()]

    def stored(self, port, topic):
        with remoting.Client(port, timeout=30) as client:
            return sum(client.max_offset(topic, queue) for queue in range(QUEUES))

    def both_work(self, ours):
        """Both are there; a client of either name server reaches both. Returns what it wrote to "mixed"."""
        for naming in self.namings:
            harness.wait_until(lambda: self.brokers(naming) == {OURS, THEIRS}, START_SECONDS, "both brokers at the name server")
        self.command(self.namings[0], "topic", "create", "mixed", "--queues", str(QUEUES))
        self.await_routes("mixed", {OURS, THEIRS})
        written = []
        for naming in self.namings:
            written += self.write(naming, "mixed", f"by {naming}")
            harness.wait_until(lambda: self.stored(ours, "mixed") + self.stored(self.apache.broker, "mixed") == len(written),
                               what="all messages in the queues")
            self.all_there(naming, written)
        self.assertGreater(self.stored(ours, "mixed"), 0)
        self.assertGreater(self.stored(self.apache.broker, "mixed"), 0)
        return written

    def all_there(self, naming, written):
        self.assertEqual(sorted(self.read(naming, "mixed", len(written))), sorted(written))

    def test_brokers_of_both_kinds_work_together_die_and_return(self):
        theirs = self.apache.naming
        with BolideBroker(theirs) as server:
            ours = server.naming
            self.namings = (ours, theirs)
            self.apache.start(ours)
            written = self.both_work(server.broker)
            server.kill()
            self.await_routes("mixed", {THEIRS}, without=(ours,))
            written += self.write(theirs, "mixed", "while Bolide was dead")
            server.start()
            self.await_routes("mixed", {OURS, THEIRS})
            written += self.write(theirs, "mixed", "with Bolide back")
            self.all_there(ours, written)
            self.apache.kill_broker()
            self.await_routes("mixed", {OURS})
            written += self.write(ours, "mixed", "while Apache was dead")
            self.apache.start_broker()
            self.await_routes("mixed", {OURS, THEIRS})
            written += self.write(ours, "mixed", "with Apache back")
            self.all_there(theirs, written)
            self.assertEqual(server.stop(), 0)
            self.await_routes("mixed", {THEIRS}, without=(ours,))


if __name__ == "__main__":
    unittest.main(verbosity=2)
