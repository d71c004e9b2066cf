#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Servers that take encrypted connections only: their clients, and the brokers that register with them."""
import os
import shutil
import subprocess
import unittest

import harness

SECONDS = 30  # for one command; all take far less


class EnforcingTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = harness.temporary_folder()
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        cls.key, cls.certificate = os.path.join(cls.folder, "key.pem"), os.path.join(cls.folder, "certificate.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                        "-keyout", cls.key, "-out", cls.certificate], check=True, capture_output=True, timeout=SECONDS)
        cls.identity = [f"tls.certificate={cls.certificate}", f"tls.key={cls.key}"]
        cls.enforcing = ["tls.mode=enforcing", *cls.identity]

    def bolide(self, server, *arguments):
        environment = harness.clean_environment() | {"NAMESRV_ADDR": f"127.0.0.1:{server.naming}", "XDG_CONFIG_HOME": self.folder}
        return subprocess.run([harness.program(), *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=SECONDS, env=environment)

    def ok(self, server, *arguments):
        done = self.bolide(server, *arguments)
        self.assertEqual(done.returncode, 0, f"{arguments}: {done.stderr}{done.stdout}")
        return done.stdout

    def one_message_passes(self, server, *tls):
        """A broker that is not registered yet is soon."""
        harness.wait_until(lambda: self.bolide(server, "topic", "create", "sealed", *tls).returncode == 0, what="a broker")
        self.ok(server, "pub", "sealed", "for you", *tls)
        self.assertIn("for you", self.ok(server, "sub", "sealed", "--from", "first", "--count", "1", *tls))

    def test_a_broker_registers_with_its_own_name_server(self):
        with harness.Server(settings=self.enforcing) as server:
            self.one_message_passes(server, "--tls", "--tls-insecure")
            self.assertNotEqual(self.bolide(server, "topic", "list").returncode, 0, "a plain connection was taken")

    def test_a_broker_knows_its_name_server_by_the_certificate_it_trusts(self):
        with harness.Server(settings=[*self.enforcing, f"tls.peers_trusted={self.certificate}"]) as server:
            self.one_message_passes(server, "--tls", "--tls-ca", self.certificate)

    def test_a_broker_does_not_register_with_a_name_server_it_does_not_trust(self):
        with harness.Server(settings=["server.roles=naming", "tls.mode=permissive"]) as names, \
                harness.Server(settings=["server.roles=broker", f"broker.naming_servers=127.0.0.1:{names.naming}",
                                         "tls.peers=always", f"tls.peers_trusted={self.certificate}"]) as server:
            harness.wait_until(lambda: "name server not reached" in server.said(), what="what went wrong")
            self.assertIn("certificate", server.said())

    def test_a_broker_that_speaks_plainly_says_once_what_it_needs(self):
        with harness.Server(settings=["server.roles=naming", *self.enforcing]) as names, \
                harness.Server(settings=["server.roles=broker", f"broker.naming_servers=127.0.0.1:{names.naming}",
                                         *self.identity]) as server:
            harness.wait_until(lambda: "tls.peers = always" in server.said(), what="what to do")
            self.assertIn(f"127.0.0.1:{names.naming}", server.said())
            self.assertEqual(server.stop(), 0)
            self.assertEqual(server.said().count("tls.peers"), 1, server.said())
            server.settings.append("tls.peers=always")
            server.start()
            self.one_message_passes(names, "--tls", "--tls-ca", self.certificate)


if __name__ == "__main__":
    unittest.main()
