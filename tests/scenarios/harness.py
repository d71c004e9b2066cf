# SPDX-License-Identifier: Apache-2.0
"""Starts and ends the program under test; its path is in the environment variable BOLIDE."""
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

import remoting

START_SECONDS = 30


def program():
    path = os.environ.get("BOLIDE")
    if not path or not os.access(path, os.X_OK):
        sys.exit("the environment variable BOLIDE must be the path of the program under test")
    return path


def is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_ports():
    """A name server's port and a broker's with the two below and one above it; under the range that the system gives away."""
    for _ in range(1000):
        first = random.randrange(10000, 32000, 10)
        if all(is_free(port) for port in range(first, first + 10)):
            return first, first + 5
    raise RuntimeError("no free ports")


def temporary_folder():
    return tempfile.mkdtemp(prefix="bolide-scenario-")


def wait_until(condition, seconds=10.0, what="condition"):
    """The first true value of condition(); AssertionError when there is none in time."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.01)


# How full this machine's disk is, is not what a test is about.
A_FULL_DISK_IS_NO_MATTER = ("--set", "store.disk_max_used_percent=98", "--set", "store.disk_full_percent=99")


def command_line(data, naming, broker, settings=(), config=None):
    command = [program(), "server", "--data-dir", data, "--set", f"naming.listen=127.0.0.1:{naming}",
               "--set", f"broker.listen=127.0.0.1:{broker}", *A_FULL_DISK_IS_NO_MATTER]
    for setting in settings:
        command += ["--set", setting]
    return command + (["--config", config] if config else [])


def clean_environment():
    """Ours, without settings of somebody's own server."""
    return {name: value for name, value in os.environ.items() if not name.startswith("BOLIDE_")}


def run_failing(data, naming, broker, settings=(), config=None, seconds=20):
    """Runs a server that is meant not to start; returns (exit status, standard error)."""
    done = subprocess.run(command_line(data, naming, broker, settings, config), stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=seconds, env=clean_environment())
    return done.returncode, done.stderr


def drain(pipe, into):
    with pipe:
        into.extend(pipe)


class Server:
    """A server in a folder of its own, ready when this returns. As a context manager it is stopped, and its folder removed."""

    def __init__(self, data=None, settings=(), config=None, environment=None):
        self.owned = None if data else temporary_folder()
        self.data = data or os.path.join(self.owned, "data")
        self.settings = list(settings)
        self.config = config
        self.environment = environment or {}
        self.naming, self.broker = free_ports()
        self.process = None
        self.start()

    def start(self):
        """Starts the program again on the same directory and ports; self.start_seconds is the time to its `ready`."""
        self.lines, self.errors = [], []
        begin = time.monotonic()
        self.process = subprocess.Popen(command_line(self.data, self.naming, self.broker, self.settings, self.config),
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        text=True, errors="replace", env=clean_environment() | self.environment)
        self.error_reader = threading.Thread(target=drain, args=(self.process.stderr, self.errors), daemon=True)
        self.error_reader.start()
        watchdog = threading.Timer(START_SECONDS, self.process.kill)
        watchdog.start()
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if line == "ready\n":
                break
        self.start_seconds = time.monotonic() - begin
        watchdog.cancel()
        if not self.lines or self.lines[-1] != "ready":
            status = self.process.wait()
            self.process.stdout.close()
            self.error_reader.join(5)
            raise AssertionError(f"the server did not start (status {status}):\n" + "\n".join(self.lines) + self.said())
        threading.Thread(target=drain, args=(self.process.stdout, []), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        """Stops the server; where the test has failed, what the server said is shown."""
        try:
            if kind:
                sys.stderr.write("--- the server's standard error:\n" + self.said()[-3000:] + "\n")
            if self.process.poll() is None:
                status = self.stop()
                assert kind or status == 0, f"the server ended with {status}:\n{self.said()}"
            elif kind is None and self.process.returncode not in (0, -signal.SIGKILL):
                raise AssertionError(f"the server ended with {self.process.returncode}:\n{self.said()}")
        finally:
            if self.owned:
                shutil.rmtree(self.owned, ignore_errors=True)

    def client(self, **options):
        return remoting.Client(self.broker, **options)

    def said(self):
        return "".join(self.errors)

    def alive(self):
        return self.process.poll() is None

    def stop(self, seconds=30):
        """SIGTERM; returns the exit status."""
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the server did not stop within {seconds} s:\n{self.said()}") from None
        self.error_reader.join(5)
        return status

    def kill(self):
        self.process.kill()
        self.process.wait()

    def kept_offset(self, group, topic, queue):
        """The committed offset that a start after a kill would find, or None: the last one in the journal."""
        folder = os.path.join(self.data, "bolide", "meta")
        for prefix in ("changes.", "snapshot."):
            for name in sorted(os.listdir(folder), reverse=True):
                if name.startswith(prefix) and not name.endswith(".tmp"):
                    with open(os.path.join(folder, name), "rb") as file:
                        found = re.findall(rb"offset/%d/%s@%s([0-9]+)" % (queue, topic.encode(), group.encode()), file.read())
                    if found:
                        return int(found[-1])
        return None

    def resident_bytes(self):
        with open(f"/proc/{self.process.pid}/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def cpu_seconds(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
