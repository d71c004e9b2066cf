# SPDX-License-Identifier: Apache-2.0
"""Runs every case against one server with Apache's C++ client, several at a time.

Prints "PASS name ms" or "FAIL name cause" for each, and "N passed, M failed" last.
"""
import argparse
import concurrent.futures
import os
import sys
import time

import consume_cases
import send_cases
from ctx import Ctx, Server

CASES = {name: case for module in (consume_cases, send_cases) for name, case in vars(module).items()
         if callable(case) and getattr(case, "__module__", "") == module.__name__ and not name.startswith("_")}


def contains(name, parts):
    """Whether the name contains one of "a,b,c"."""
    return any(part in name for part in parts.split(","))


def run_case(server, name):
    start, context = time.monotonic(), Ctx(server)
    try:
        CASES[name](context)
        said = f"PASS {name} {(time.monotonic() - start) * 1000:.0f} ms"
    except Exception as error:  # whatever a case throws is its failure
        said = f"FAIL {name} {'' if isinstance(error, AssertionError) else type(error).__name__ + ': '}" + " | ".join(str(error).split("\n"))
    context.close()
    sys.stdout.write(said + "\n")  # in one piece: other cases end beside it
    return said.startswith("PASS")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--namesrv", required=True)
    parser.add_argument("--only", default="")
    parser.add_argument("--except", default="", dest="without")
    parser.add_argument("--jobs", type=int, default=8)
    arguments = parser.parse_args()
    try:
        server = Server(arguments.namesrv)
    except Exception as error:
        print(f"FAIL start {error}\n0 passed, 1 failed")
        return 1
    names = [name for name in CASES if contains(name, arguments.only) and not (arguments.without and contains(name, arguments.without))]
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        results = list(pool.map(lambda name: run_case(server, name), names))
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed", flush=True)
    return 0 if results and all(results) else 1


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # the library leaves threads behind that would delay an exit, or crash in it
