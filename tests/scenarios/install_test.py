#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What `make install` puts under a prefix: a user's program builds with it, by CMake and by pkg-config, shared and static, with
GCC and clang, and runs. All programs of examples/ are such programs."""
import os
import shutil
import subprocess
import unittest

import harness

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
EXAMPLES = os.path.join(ROOT, "examples")
QUICKSTART = os.path.join(EXAMPLES, "quickstart")
COMPILERS = ("g++", "clang++-19")
RUN_SECONDS = 60
# Retries come and questions are asked sooner than by default; no example depends on it.
HASTE = ("broker.delay_levels=1s 1s 1s 1s", "broker.transaction_timeout_ms=100", "broker.transaction_check_interval_ms=500")


def run(*command, **more):
    """What the command prints; AssertionError with all of it where it fails."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(command)}: exit status {done.returncode}\n{done.stdout[-4000:]}")
    return done.stdout


class InstallTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = harness.temporary_folder()
        cls.addClassCleanup(shutil.rmtree, cls.folder, True)
        cls.prefix = os.path.join(cls.folder, "prefix")
        run("cmake", "--install", os.path.dirname(harness.program()), "--prefix", cls.prefix, "--strip")
        packages = [os.path.join(at, "pkgconfig") for at, folders, _ in os.walk(cls.prefix) if "pkgconfig" in folders]
        cls.environment = dict(harness.clean_environment(), PKG_CONFIG_PATH=packages[0],
                               LD_LIBRARY_PATH=os.path.dirname(packages[0]), TMPDIR=cls.folder)
        server = harness.Server(settings=HASTE)
        cls.addClassCleanup(server.__exit__, None, None, None)
        cls.environment["NAMESRV_ADDR"] = f"127.0.0.1:{server.naming}"

    def build(self, source, compiler, *options, target="all"):
        """By CMake; returns the folder with the programs."""
        folder = os.path.join(self.folder, f"{os.path.basename(source)}-{compiler}{len(options)}")
        run("cmake", "-S", source, "-B", folder, f"-DCMAKE_CXX_COMPILER={compiler}", f"-DCMAKE_PREFIX_PATH={self.prefix}",
            "-DCMAKE_CXX_FLAGS=-Wall -Wextra -Werror", *options, env=self.environment)
        run("cmake", "--build", folder, "-j2", "--target", target, env=self.environment)
        return folder

    def build_by_pkg_config(self, compiler, static):
        program = os.path.join(self.folder, f"quickstart-{compiler}-{static}")
        flags = run("pkg-config", "--cflags", "--libs", *(["--static"] if static else []), "bolide", env=self.environment).split()
        if static:  # -lbolide would find the shared one beside it
            flags = ["-l:libbolide.a" if flag == "-lbolide" else flag for flag in flags]
        run(compiler, os.path.join(QUICKSTART, "quickstart.cc"), "-o", program, *flags, env=self.environment)
        return program

    def play(self, program, environment=None):
        said = run(program, timeout=RUN_SECONDS, env=environment or self.environment)
        self.assertTrue(said, f"{program} printed nothing")
        return said

    def test_the_program_runs_where_it_was_installed(self):
        program = os.path.join(self.prefix, "bin/bolide")
        self.assertIn("bolide", run(program, "--help"))
        self.assertLess(os.path.getsize(program), 10_000_000)  # without what debuggers read

    def test_the_quickstart_builds_by_find_package_with_every_compiler(self):
        for compiler in COMPILERS:
            with self.subTest(compiler=compiler):
                folder = self.build(QUICKSTART, compiler)
                self.assertEqual(self.play(os.path.join(folder, "quickstart")), "hello, world\n")

    def test_the_quickstart_builds_by_pkg_config_shared_and_static(self):
        for compiler in COMPILERS:
            for static in (False, True):
                with self.subTest(compiler=compiler, static=static):
                    program = self.build_by_pkg_config(compiler, static)
                    environment = dict(self.environment)
                    if static:
                        del environment["LD_LIBRARY_PATH"]
                        self.assertNotIn("libbolide", run("ldd", program, env=environment))
                    self.assertEqual(self.play(program, environment), "hello, world\n")

    def test_every_example_runs(self):
        sources = sorted(name.removesuffix(".cc") for name in os.listdir(EXAMPLES) if name.endswith(".cc"))
        folder = self.build(EXAMPLES, "g++")
        for name in sources:
            with self.subTest(example=name):
                self.play(os.path.join(folder, name))

    def test_an_example_builds_with_the_static_library(self):
        folder = self.build(EXAMPLES, "clang++-19", "-DBOLIDE_STATIC=ON", target="send")
        environment = dict(self.environment)
        del environment["LD_LIBRARY_PATH"]
        self.play(os.path.join(folder, "send"), environment)


if __name__ == "__main__":
    unittest.main(verbosity=2)
