#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""client_test [--cycles N]: the C++ client library while servers die, and connections are cut or go dead.

Each test lets the program CLIENT_CASES send on, breaks something under it, and then reads: nothing that was acknowledged is
missing, no call took longer than its time, and sending goes on by itself when what was broken is back.
--cycles: how often the last test makes and destroys clients, producers and consumers (200; the long run takes 10000).
"""
import argparse
import os
import random
import selectors
import socket
import subprocess
import sys
import threading
import time

import harness
import remoting

SEND_TIMEOUT_MS, ONCE_TIMEOUT_MS, GRACE_MS = 5000, 30_000, 3000


def cases(naming, *arguments, **more):
    path = os.environ.get("CLIENT_CASES")
    if not path or not os.access(path, os.X_OK):
        sys.exit("the environment variable CLIENT_CASES must be the path of client_cases")
    return subprocess.Popen([path, "--namesrv", f"127.0.0.1:{naming}", *arguments], stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, text=True, env=harness.clean_environment(), **more)


class Sender:
    """Sends until it is told to end."""

    def __init__(self, naming, topic, once=False):
        self.naming, self.topic = naming, topic
        self.timeout_ms = ONCE_TIMEOUT_MS if once else SEND_TIMEOUT_MS
        self.process = cases(naming, "--mode", "send-once" if once else "send", "--topic", topic)
        self.acknowledged, self.failures, self.last = [], [], ""
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            word, _, rest = line.rstrip("\n").partition(" ")
            if word == "ok":
                self.acknowledged.append(rest)
            elif word == "failed":
                self.failures.append(rest)
            self.last = line

    def goes_on(self, count=200, seconds=60):
        """Waits until `count` more messages were acknowledged."""
        goal = len(self.acknowledged) + count
        harness.wait_until(lambda: len(self.acknowledged) >= goal, seconds, f"{count} more messages; last: {self.last}")

    def end(self):
        """Ends it, and looks for all that was acknowledged; returns how many were."""
        self.process.stdin.close()
        status = self.process.wait(60)
        self.reader.join(10)
        assert status == 0 and self.last.startswith("end "), f"the sender ended with {status}: {self.last}"
        slowest = int(self.last.split()[2])
        assert slowest <= self.timeout_ms + GRACE_MS, f"a call took {slowest} ms"
        reader = cases(self.naming, "--mode", "read", "--topic", self.topic)
        said, _ = reader.communicate("".join(body + "\n" for body in self.acknowledged), 120)
        assert reader.returncode == 0, f"of {len(self.acknowledged)} acknowledged messages: {said}"
        print(f"  {len(self.acknowledged)} acknowledged, {len(self.failures)} failed, slowest call {slowest} ms", flush=True)
        return len(self.acknowledged)


class Proxy:
    """Passes bytes on between clients and a port, and can cut all connections or let them go dead."""

    def __init__(self, target):
        self.target = target
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.dead = False
        self.lock = threading.Lock()
        self.pairs = {}
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.listener, selectors.EVENT_READ)
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            for key, _ in self.selector.select(0.05):
                with self.lock:
                    if key.fileobj is self.listener:
                        self.accept()
                    elif not self.dead:
                        self.move(key.fileobj)
            if self.dead:
                time.sleep(0.02)

    def accept(self):
        near, _ = self.listener.accept()
        try:
            far = socket.create_connection(("127.0.0.1", self.target), 3)
        except OSError:
            near.close()
            return
        for one, other in ((near, far), (far, near)):
            self.pairs[one] = other
            self.selector.register(one, selectors.EVENT_READ)

    def move(self, one):
        if one not in self.pairs:
            return
        try:
            data = one.recv(1 << 16)
            if data:
                self.pairs[one].sendall(data)
                return
        except OSError:
            pass
        self.close(one)

    def close(self, one):
        for end in (one, self.pairs[one]):
            self.selector.unregister(end)
            del self.pairs[end]
            end.close()

    def cut(self):
        with self.lock:
            while self.pairs:
                self.close(next(iter(self.pairs)))


def a_broker_that_is_killed_and_restarted_loses_nothing():
    with harness.Server() as server:
        sender = Sender(server.naming, "killed")
        for _ in range(3):
            sender.goes_on()
            server.kill()
            time.sleep(random.uniform(0.1, 1.5))
            server.start()
        sender.goes_on()
        sender.end()


def sending_goes_on_while_the_name_server_is_away():
    with harness.Server(settings=["server.roles=naming"]) as naming:
        with harness.Server(settings=["server.roles=broker", f"broker.naming_servers=127.0.0.1:{naming.naming}"]):
            sender = Sender(naming.naming, "nameless")
            sender.goes_on()
            naming.kill()
            sender.goes_on(1000)
            naming.start()
            sender.goes_on()
            # The broker registers again by itself, every 30 s at the latest.
            harness.wait_until(lambda: route_is_there(naming.naming), 60, "the route")
            sender.end()


def route_is_there(naming):
    reader = cases(naming, "--mode", "read", "--topic", "nameless")
    try:
        reader.communicate("", 30)
    except subprocess.TimeoutExpired:
        reader.kill()
        return False
    return reader.returncode == 0


def connections_that_are_cut_are_made_again():
    naming, broker = harness.free_ports()
    proxy = Proxy(broker)
    with fixed_server(naming, broker, proxy) as server:
        sender = Sender(server.naming, "cut")
        for _ in range(10):
            sender.goes_on(100)
            proxy.cut()
        sender.goes_on()
        sender.end()


def a_connection_that_goes_dead_is_noticed_in_time():
    naming, broker = harness.free_ports()
    proxy = Proxy(broker)
    with fixed_server(naming, broker, proxy) as server:
        sender = Sender(server.naming, "dead")
        sender.goes_on(100)
        failed = len(sender.failures)
        proxy.dead = True
        harness.wait_until(lambda: len(sender.failures) >= failed + 4, 30, "the calls that end in their time")
        proxy.dead = False
        sender.goes_on()
        sender.end()


def an_idempotent_producer_stores_each_message_once():
    naming, broker = harness.free_ports()
    proxy = Proxy(broker)
    with fixed_server(naming, broker, proxy) as server:
        sender = Sender(server.naming, "once", once=True)
        for number in range(12):
            sender.goes_on(100)
            if number % 4 == 3:
                server.kill()
                proxy.cut()
                time.sleep(random.uniform(0.1, 1.0))
                server.start()
            else:
                proxy.cut()
        sender.goes_on()
        sender.end()
        assert not sender.failures, sender.failures[:3]
        with server.client() as client:
            queues = client.topic_config("once")["writeQueueNums"]
            stored = [bytes(data).decode() for queue in range(queues) for body in client.pull_bodies("once", queue)
                      for _, data in remoting.bodies(body)]
        assert sorted(stored) == sorted(sender.acknowledged), \
            f"{len(stored)} messages for {len(sender.acknowledged)} that were acknowledged, {len(set(stored))} different ones"


def fixed_server(naming, broker, proxy):
    """A server on these ports that tells clients to come through the proxy."""
    class Fixed(harness.Server):
        def start(self):
            self.naming, self.broker = naming, broker
            super().start()

    return Fixed(settings=[f"broker.advertise=127.0.0.1:{proxy.port}"])


def making_and_destroying_leaves_nothing_behind(cycles):
    with harness.Server() as server:
        program = cases(server.naming, "--mode", "cycle", "--count", str(cycles))
        said, _ = program.communicate("", 120 + cycles)
        print("  " + said.strip(), flush=True)
        assert program.returncode == 0, f"ended with {program.returncode}: {said}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cycles", type=int, default=200)
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    tests = [a_broker_that_is_killed_and_restarted_loses_nothing, sending_goes_on_while_the_name_server_is_away,
             connections_that_are_cut_are_made_again, a_connection_that_goes_dead_is_noticed_in_time,
             an_idempotent_producer_stores_each_message_once, making_and_destroying_leaves_nothing_behind]
    tests = [test for test in tests if arguments.only in test.__name__]
    for test in tests:
        begin = time.monotonic()
        print(test.__name__, flush=True)
        test(*([arguments.cycles] if test is making_and_destroying_leaves_nothing_behind else []))
        print(f"  passed in {time.monotonic() - begin:.1f} s", flush=True)
    print(f"{len(tests)} passed, 0 failed")


if __name__ == "__main__":
    main()
