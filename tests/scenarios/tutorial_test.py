#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every command of docs/tutorial.md works, in the order of the page, on a fresh server."""
import os
import re
import shutil
import signal
import subprocess
import unittest

import harness

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs/tutorial.md")
BLOCK_SECONDS = 60


class TutorialTest(unittest.TestCase):
    def setUp(self):
        self.folder = harness.temporary_folder()
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.addCleanup(self.end_server)

    def end_server(self):
        try:
            with open(os.path.join(self.folder, "server.pid"), encoding="ascii") as file:
                os.kill(int(file.read()), signal.SIGKILL)
        except (FileNotFoundError, ProcessLookupError):
            pass

    def test_every_block_of_commands_succeeds(self):
        naming, broker = harness.free_ports()  # the page's reader has the usual ones
        environment = dict(harness.clean_environment(), BOLIDE_NAMING_LISTEN=f"127.0.0.1:{naming}",
                           BOLIDE_BROKER_LISTEN=f"127.0.0.1:{broker}", NAMESRV_ADDR=f"127.0.0.1:{naming}",
                           PATH=os.path.dirname(harness.program()) + os.pathsep + os.environ["PATH"])
        with open(PAGE, encoding="utf-8") as file:
            blocks = re.findall(r"^```sh\n(.*?)^```$", file.read(), re.M | re.S)
        self.assertGreater(len(blocks), 5)
        said = ""
        for block in blocks:
            done = subprocess.run(["bash", "-euo", "pipefail", "-c", block], cwd=self.folder, env=environment, text=True,
                                  stdin=subprocess.DEVNULL, capture_output=True, timeout=BLOCK_SECONDS)
            self.assertEqual(done.returncode, 0, f"{block}\n{done.stdout}{done.stderr}")
            said += done.stdout
        for word in ("ready", "two apples", "a leek", "orders"):
            self.assertIn(word, said)


if __name__ == "__main__":
    unittest.main(verbosity=2)
