"""Words to a command."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from ftpalg.cli.commands import COMMANDS, Command
from ftpalg.cli.parser import parse
from tests.cli.cases import CommandCase

TREE = Path(__file__).parents[2]


def all_commands(commands: tuple[Command, ...] = COMMANDS) -> Iterator[Command]:
    """Every command that does something."""
    for command in commands:
        if command.commands:
            yield from all_commands(command.commands)
        else:
            yield command


class Words(CommandCase):
    """What is said to whom."""

    def test_wrong_words(self) -> None:
        """Each error is one line that names the program and the word that was wrong; 2."""
        for words, expected in (
            ((), "ftpalg: needs a command"),
            (("chekc",), "ftpalg: 'chekc' is no command; did you mean check?"),
            (("zzz",), "ftpalg: 'zzz' is no command; ftpalg --help lists them."),
            (("--nonsense",), "ftpalg: '--nonsense' is none of its words"),
            (("check", "--nonsense"), "ftpalg check: '--nonsense' is none of its words"),
            (("check", "a", "b"), "ftpalg check: 'b' is none of its words"),
            (("check", "--conf", "x"), "ftpalg check: '--conf' is none of its words"),
            (("check", "--config"), "ftpalg check: argument --config: expected one argument"),
            (("check", "a", "--config", "b"), "ftpalg check: 'a' is one file too many"),
            (("check", "--anonymous"), "ftpalg check: --anonymous goes with --effective"),
            (
                ("check", "--quiet", "--effective"),
                "ftpalg check: --effective prints, and --quiet prints nothing",
            ),
            (("config",), "ftpalg config: needs a command"),
            (("config", "inti"), "ftpalg config: 'inti' is no command; did you mean init?"),
            (("certificate",), "ftpalg certificate: the following arguments are required: NAME"),
            (("certificate", "localhost"), "ftpalg certificate: the following arguments are"),
            (("completion", "fish"), "ftpalg completion: argument shell: invalid choice: 'fish'"),
            (("upgrade", "x"), "ftpalg upgrade: argument PID: invalid int value: 'x'"),
        ):
            status, out, err = self.run_it(*words)
            self.assertEqual((status, out, len(err.splitlines())), (2, "", 1), words)
            self.assertEqual(err[: len(expected)], expected)

    def test_help(self) -> None:
        """Asked for, it is on stdout and names the program; 0."""
        for words in (["--help"], ["-h"], ["help"]):
            status, out, err = self.run_it(*words)
            self.assertEqual((status, err), (0, ""), words)
            self.assertTrue(out.startswith("usage: ftpalg "))
            for command in COMMANDS:
                self.assertIn(command.name, out)
        for words in (["check", "--help"], ["help", "check"]):
            status, out, err = self.run_it(*words)
            self.assertTrue(out.startswith("usage: ftpalg check "))
            self.assertIn("--server URL", out)

    def test_each_is_there(self) -> None:
        """What a row of the table names exists."""
        for command in all_commands():
            module, _, function = command.does.partition(":")
            self.assertTrue(
                callable(getattr(importlib.import_module(f"ftpalg.cli.{module}"), function))
            )

    def test_repeated(self) -> None:
        """Options that may stand more than once keep all their words."""
        found = parse(["run", "--listen", ":1", "--listen", ":2", "--server", "ftp://h"])
        self.assertEqual((found.listen, found.server, found.auth), ([":1", ":2"], "ftp://h", None))

    def test_help_is_quick(self) -> None:
        """Help and errors import neither Twisted nor the settings' model."""
        code = (
            "import sys; from ftpalg.__main__ import main; main(sys.argv[1:]); print(*sys.modules)"
        )
        for words in (["--help"], ["nonsense"], ["check", "--help"]):
            done = subprocess.run(
                [sys.executable, "-c", code, *words],
                env={**os.environ, "PYTHONPATH": str(TREE)},
                capture_output=True,
                timeout=60,
                text=True,
                check=True,
            )
            loaded = set(done.stdout.splitlines()[-1].split())
            self.assertIn("argparse", loaded)
            self.assertEqual(
                loaded & {"twisted", "attrs", "OpenSSL", "ftpalg.config"}, set(), words
            )
