#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The same commands against Apache RocketMQ 5.5.0: the command line is a tool for its clusters too. Needs Java."""
import os
import shutil
import subprocess
import unittest

import cli_test
import harness
from cli_test import (Admin, Clients, Contexts, Errors, Groups, Measurements, Messages,  # noqa: F401: run here
                      Topics)
from cli_waiting_test import Paths, Pops, Timers, Traces, Transactions  # noqa: F401: likewise

ORACLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../interop/java/oracle")


def setUpModule():
    folder = harness.temporary_folder()
    unittest.addModuleCleanup(shutil.rmtree, folder, ignore_errors=True)
    naming, broker = harness.free_ports()
    subprocess.run([ORACLE, "start", folder, str(naming), str(broker), "enablePropertyFilter=true", "recallMessageEnable=true",
                    "traceTopicEnable=true"], check=True, timeout=300, stdin=subprocess.DEVNULL)
    unittest.addModuleCleanup(subprocess.run, [ORACLE, "stop", folder], check=True, timeout=90, stdin=subprocess.DEVNULL)
    os.environ["BOLIDE_TEST_NAMESRV"] = f"127.0.0.1:{naming}"
    cli_test.setUpModule()


if __name__ == "__main__":
    unittest.main()
