"""Shells ask the running gateway for names."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import subprocess
from pathlib import Path
from time import monotonic
from unittest import skipUnless

from tests.admin.cases import AdminCase
from tests.wire.peers import BIN

ROUTE = '[[routes]]\nserver = ["ftp://h"]\nclients = ["10.0.0.0/8"]\n'
PATIENCE = 60.0
"""Seconds, which only a shell meets that says nothing."""


class Completed(AdminCase):
    """A gateway with one session and one route."""

    def setUp(self) -> None:
        super().setUp()
        self.gateway = self.seen(ROUTE)
        self.idle(self.gateway)
        self.name = self.sessions()[0]["session"]
        self.environ = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "TERM": "dumb"}

    def script(self, shell: str, name: str) -> Path:
        """What ``ftpalg completion`` prints, in a file."""
        status, out, err = self.run_words("completion", shell)
        self.assertEqual((status, err), (0, ""))
        path = self.scratch / name
        path.write_text(out)
        return path


@skipUnless(shutil.which("bash"), "bash is not installed")
class Bash(Completed):
    """bash's own completion function, called as bash does."""

    def completed(self, *words: str) -> list[str]:
        """For the last of the words, as bash splits them."""
        code = (
            'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1));'
            ' _shtab_ftpalg; printf "%s\\n" "${COMPREPLY[@]}"'
        )
        done = subprocess.run(
            ["bash", "-c", code, "bash", str(self.script("bash", "c")), "ftpalg", *words],
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        return done.stdout.split()

    def test_sessions(self) -> None:
        """Of the gateway that ``--socket`` names; nothing where none is."""
        where = ("--socket", str(self.path))
        for verb in ("who", "kick"):
            self.assertEqual(self.completed(verb, *where, ""), [self.name])
            self.assertEqual(self.completed(verb, *where, self.name[:3]), [self.name])
            self.assertEqual(self.completed(verb, *where, "zz"), [])
        self.assertEqual(self.completed("who", "--socket", "/nowhere", ""), [])

    def test_whom_to_follow(self) -> None:
        """The same behind an option."""
        where = ("--socket", str(self.path))
        self.assertEqual(self.completed("ladder", *where, "--client", ""), [self.name])

    def test_keys(self) -> None:
        """bash makes three words of route=NAME."""
        where = ("who", "--socket", str(self.path), "route", "=")
        self.assertEqual(self.completed(*where), ["routes[0]"])
        self.assertEqual(self.completed(*where, "ro"), ["routes[0]"])
        self.assertEqual(self.completed(*where, "x"), [])
        self.assertEqual(self.completed("who", "state", "=", "re"), ["reaching"])


@skipUnless(shutil.which("zsh"), "zsh is not installed")
class Zsh(Completed):
    """A real zsh, in a terminal, and the key TAB."""

    def setUp(self) -> None:
        super().setUp()
        script = self.script("zsh", "_ftpalg")
        pid, self.terminal = pty.fork()
        if not pid:
            os.execvpe("zsh", ["zsh", "-f", "-i"], {**self.environ, "PS1": "> "})
        self.addCleanup(os.waitpid, pid, 0)
        self.addCleanup(os.close, self.terminal)
        self.said = ""
        self.type(
            f"fpath=({script.parent} $fpath); autoload -U compinit; compinit -u -D; print rea''dy\n"
        )
        self.until("ready")

    def type(self, keys: str) -> None:
        """As if by hand."""
        self.said = ""
        os.write(self.terminal, keys.encode())

    def until(self, wanted: str) -> None:
        """The screen shows that, without what moves the cursor."""
        end = monotonic() + PATIENCE
        while wanted not in self.said:
            self.assertLess(monotonic(), end, self.said)
            if select.select([self.terminal], [], [], 1)[0]:
                piece = os.read(self.terminal, 65536).decode("utf-8", "replace")
                self.said += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", piece)

    def test_names(self) -> None:
        """A session, and the route behind route=."""
        self.type(f"ftpalg who --socket {self.path} {self.name[:3]}\t")
        self.until(self.name)
        self.type(f"\x15ftpalg kick --socket {self.path} route=\t")
        self.until("routes\\[0\\]")
