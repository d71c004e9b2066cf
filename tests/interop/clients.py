# SPDX-License-Identifier: Apache-2.0
"""What the `run` of every client shares: the cache of fetched things, the command line, and playing a program of cases."""
import argparse
import hashlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile

CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "bolide-interop"
COUNTS = re.compile(r"(\d+) passed, (\d+) failed\s*\Z")


def parse(client, more=lambda parser: None):
    """The command line; more(parser) adds what only this client has."""
    parser = argparse.ArgumentParser(prog="run")
    parser.add_argument("--namesrv", help="HOST:PORT of the name server")
    parser.add_argument("--client", default=client, help="version of the client library")
    parser.add_argument("--only", default="", help="cases whose name contains this (or one of a,b,c)")
    parser.add_argument("--except", default="", dest="without", help="leave these cases out")
    parser.add_argument("--jobs", default="8", help="cases at a time")
    parser.add_argument("--again", type=int, default=0, help="how often to repeat, one at a time, the cases that failed")
    parser.add_argument("--keep", metavar="DIR", help="leave the client's logs in this folder")
    parser.add_argument("--prepare", action="store_true", help="fetch and compile only")
    more(parser)
    arguments = parser.parse_args()
    if not (arguments.prepare or arguments.namesrv or getattr(arguments, "table", False)):
        sys.exit("run: --namesrv HOST:PORT is missing")
    return arguments


def need(tools, packages):
    missing = [tool for tool in tools if not shutil.which(tool)]
    if missing:
        sys.exit(f"run: {', '.join(missing)} not found; on Debian: apt install {packages}")


def fetch_once(name, get):
    """The folder `name` of the cache; get(folder) fills it the first time. Two that fetch at once do not meet."""
    home = CACHE / name
    if (home / "complete").exists():
        return home
    CACHE.mkdir(parents=True, exist_ok=True)
    temporary = pathlib.Path(tempfile.mkdtemp(prefix="fetch-", dir=CACHE))
    try:
        get(temporary)
        (temporary / "complete").touch()
        if not (home / "complete").exists():
            shutil.rmtree(home, ignore_errors=True)
            temporary.rename(home)
    except OSError:
        if not (home / "complete").exists():  # else another was faster
            raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return home


def must(what, command, **more):
    """Runs a command that fetches or builds; ends the program with what it said where it fails."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)
    if done.returncode != 0:
        sys.exit(f"run: cannot {what}:\n{done.stdout[-3000:]}")


def hash_of(files):
    digest = hashlib.sha256()
    for file in sorted(files):
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]


def play(arguments, command, **environment):
    """Lets the program of cases talk to the server, with a home of its own; returns the exit status for `run`."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if arguments.keep:
        os.makedirs(arguments.keep, exist_ok=True)
        return play_in(os.path.abspath(arguments.keep), arguments, command, environment)
    with tempfile.TemporaryDirectory(prefix="bolide-interop-", ignore_cleanup_errors=True) as folder:
        return play_in(folder, arguments, command, environment)


def play_in(folder, arguments, command, environment):
    environment = dict(os.environ, HOME=folder, **environment)
    command = [*map(str, command), "--namesrv", arguments.namesrv, "--except", arguments.without]
    passed, failed = play_once(folder, [*command, "--only", arguments.only, "--jobs", arguments.jobs], environment)
    for _ in range(arguments.again):
        if failed and not {"start", "end"} & set(failed):
            print("AGAIN", *failed)
            more, failed = play_once(folder, [*command, "--only", ",".join(failed), "--jobs", "1"], environment)
            passed += more
    print(f"{len(passed)} passed, {len(failed)} failed", flush=True)
    return 0 if passed and not failed else 1


def play_once(folder, command, environment):
    """Returns the names of the cases that passed, and of those that failed. A program that ends too early failed too."""
    last, names = "", {"PASS": [], "FAIL": []}
    with open(os.path.join(folder, "stderr"), "w+", encoding="utf-8", errors="replace") as errors:
        program = subprocess.Popen(command, cwd=folder, env=environment, text=True, encoding="utf-8", errors="replace",
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors)
        try:
            for last in program.stdout:
                if found := re.match(r"(PASS|FAIL) (\S+)", last):
                    names[found[1]].append(found[2])
                if not COUNTS.match(last):
                    print(last, end="", flush=True)
            status = program.wait()
        finally:
            program.kill()
        if status != 0:
            errors.seek(0)
            sys.stderr.write(errors.read()[-8000:])
    counts = COUNTS.match(last)
    if not counts or [int(counts[1]), int(counts[2])] != [len(names["PASS"]), len(names["FAIL"])]:
        print(f"FAIL end the program ended with {status} before its cases did")
        names["FAIL"].append("end")
    return names["PASS"], names["FAIL"]
