# SPDX-License-Identifier: Apache-2.0
"""Shells as somebody uses them who presses the tabulator, for tests of completions."""
import os
import pty
import re
import select
import subprocess
import tempfile
import time

import harness

SECONDS = 15
FOLDER = os.path.dirname(os.path.abspath(harness.program()))

# What a line completes to, one a line. zsh lets nobody ask: its own list is caught.
BASH = '''words=($LINE); [[ $LINE == *" " ]] && words+=("")
COMP_LINE=$LINE; COMP_POINT=${#LINE}
COMP_WORDS=(${LINE//=/ = }); [[ $LINE == *" " ]] && COMP_WORDS+=("")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _bolide; printf '%s\\n' "${COMPREPLY[@]}"'''
ZSH_INIT = '''autoload -Uz compinit && compinit -u -D
answer() { print -rl -- "$@" >$ANSWER.new; mv $ANSWER.new $ANSWER }
_files() { answer }
_describe() { answer "${(@P)${@[-1]}%%:*}" }
'''


class Shell:
    """complete(line) gives what the shell offers for a line, sorted."""

    def __init__(self, name, script, environment):
        self.name, self.script = name, script
        self.environment = dict(environment, PATH=FOLDER + ":" + os.environ["PATH"], TERM="dumb")

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.environment["HOME"] = self.folder.name
        self.answer = os.path.join(self.folder.name, "answer")
        with open(os.path.join(self.folder.name, "completion"), "w", encoding="utf-8") as file:
            file.write(self.script)
        return {"bash": self.bash, "fish": self.fish, "zsh": self.zsh}[self.name]

    def __exit__(self, *_):
        self.folder.cleanup()

    def run(self, *command, **variables):
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, env=self.environment | variables,
                              check=True, stdin=subprocess.DEVNULL, cwd=self.folder.name)
        assert not done.stderr, done.stderr
        return sorted(line.split("\t")[0].strip() for line in done.stdout.splitlines() if line.strip())

    def bash(self, line):
        return self.run("bash", "-c", f"source completion; {BASH}", LINE=line)

    def fish(self, line):
        return self.run("fish", "--no-config", "-c", 'source completion; complete -C "$LINE"', LINE=line)

    def zsh(self, line):
        """A terminal with a zsh: the line is typed, then a tabulator; what is offered is in a file."""
        process, terminal = pty.fork()
        if process == 0:
            os.chdir(self.folder.name)
            os.execvpe("zsh", ["zsh", "-f", "-i"], self.environment | {"ANSWER": self.answer, "PS1": "> "})
        try:
            with open(os.path.join(self.folder.name, "init"), "w", encoding="utf-8") as file:
                file.write(ZSH_INIT + "source completion\n")
            self.type(terminal, "source init; print REA''DY\n", b"READY")
            os.write(terminal, f"{line}\t".encode())
            harness.wait_until(lambda: os.path.exists(self.answer), SECONDS, f"zsh to complete {line}")
        finally:
            os.close(terminal)
            os.waitpid(process, 0)
        with open(self.answer, encoding="utf-8") as file:
            found = sorted(file.read().split())
        os.remove(self.answer)
        return found

    @staticmethod
    def type(terminal, keys, mark):
        """Types, and waits for what the shell prints then."""
        os.write(terminal, keys.encode())
        said, end = b"", time.monotonic() + SECONDS
        while not re.search(mark + rb"\r?\n", said):
            ready, _, _ = select.select([terminal], [], [], max(0.0, end - time.monotonic()))
            assert ready, f"the shell says only {said}"
            said += os.read(terminal, 65536)
