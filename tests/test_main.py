"""The entry point: which command is called, and what becomes of its end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from threading import Thread
from typing import Any

from twisted.trial.unittest import SkipTest

from ftpalg.cli import version
from tests.cli.cases import CommandCase

TREE = Path(__file__).parents[1]


def _answer(listening: socket.socket, body: bytes, times: int) -> None:
    """A gateway that says this to so many."""
    for _ in range(times):
        with listening.accept()[0] as asked:
            asked.recv(65536)
            asked.sendall(b"HTTP/1.1 200 x\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))


class Main(CommandCase):
    """In this process."""

    def test_status(self) -> None:
        """The command's own."""
        self.patch(version, "version", lambda words: 5)
        self.assertEqual(self.run_it("version"), (5, "", ""))
        self.assertEqual(self.run_it("--version"), (5, "", ""))

    def test_wrong_words(self) -> None:
        """2, and one line that no command has written."""
        status, out, err = self.run_it("versoin")
        self.assertEqual((status, out, len(err.splitlines())), (2, "", 1))

    def test_help(self) -> None:
        """0, however it is asked for."""
        first, *others = (
            self.run_it(*words)
            for words in (("help", "run"), ("run", "--help"), ("run", "-h"), ("help", "run", "x"))
        )
        self.assertEqual((first[0], first[2]), (0, ""))
        self.assertTrue(first[1].startswith("usage: ftpalg run "))
        self.assertEqual(others, [first] * 3)


class Process(CommandCase):
    """As a process."""

    def started(self, text: str) -> subprocess.CompletedProcess[str]:
        """What has become of a line of the shell."""
        return subprocess.run(
            text.replace("ftpalg", f"{sys.executable} -m ftpalg"),
            shell=True,
            cwd=TREE,
            env={**os.environ, "PYTHONPATH": str(TREE), "PYTHONUNBUFFERED": ""},
            capture_output=True,
            timeout=60,
            text=True,
        )

    def test_reader_gone(self) -> None:
        """A reader that has seen enough is no traceback."""
        self.assertEqual(self.started("ftpalg schema | true").stderr, "")

    def test_disk_full(self) -> None:
        """What does not fit is one sentence and status 1, however much it was."""
        if not os.path.exists("/dev/full"):
            raise SkipTest("no /dev/full")
        sentence = "ftpalg: standard output cannot be written: No space left on device\n"
        with tempfile.TemporaryDirectory() as folder:
            for words in (
                *("--help", "run --help", "version", "schema"),
                *("check --effective --server ftp://h", f"config init {folder}"),
            ):
                for environment in ("", "PYTHONUNBUFFERED=1 "):
                    for made in Path(folder).iterdir():
                        made.unlink()
                    done = self.started(f"{environment}ftpalg {words} > /dev/full")
                    said = done.stderr.removeprefix("OK: no file; the command line\n")
                    self.assertEqual((done.returncode, said), (1, sentence), words)

    def test_nobody_listens(self) -> None:
        """A standard output that is closed changes no status."""
        done = self.started("ftpalg version >&-")
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_nobody_listens_to_who(self) -> None:
        """Nor is it a traceback where a command looks at what it writes to; errors may go nowhere too."""
        with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as gateway:
            gateway.bind(path := f"{folder}/s")
            gateway.listen()
            saying = (gateway, b'{"sessions": []}', 2)
            Thread(target=_answer, args=saying, daemon=True).start()
            done = self.started(f"ftpalg who --socket {path} >&-")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            done = self.started(f"ftpalg who --socket {path} 2>&-")
            self.assertEqual((done.returncode, done.stdout), (0, "no sessions\n"))

    def test_interrupted(self) -> None:
        """Ctrl-C is no traceback, and ends a command as a signal does, for the shell that started it."""
        with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as gateway:
            gateway.bind(path := f"{folder}/s")
            gateway.listen()
            for words in (["who"], ["reload"], ["kick", "x"], ["drain", "--list"], ["errors"]):
                command = subprocess.Popen(
                    [sys.executable, "-m", "ftpalg", *words, "--socket", path],
                    cwd=TREE,
                    env={**os.environ, "PYTHONPATH": str(TREE)},
                    stderr=subprocess.PIPE,
                )
                with gateway.accept()[0] as asked:
                    asked.recv(1)  # it waits for an answer from now on
                    command.send_signal(signal.SIGINT)
                    _, err = command.communicate(timeout=60)
                self.assertEqual((command.returncode, err), (-signal.SIGINT, b""), words)

    def interrupted(self, at: str, before: Any) -> subprocess.CompletedProcess[bytes]:
        """Ctrl-C where that module is about to be imported, or at the end; ``before`` is what the signal
        meant to whoever starts the command."""
        script = (
            "import os, runpy, sys\n"
            "at = sys.argv.pop()\n"
            "class Interrupting:\n"
            "    def find_spec(self, name, path=None, target=None):\n"
            "        if name == at:\n"
            "            os.kill(os.getpid(), 2)\n"
            "sys.meta_path.insert(0, Interrupting())\n"
            "if at == 'the end':\n"
            "    import atexit\n"
            "    atexit.register(os.kill, os.getpid(), 2)\n"
            "sys.argv = ['ftpalg', 'version']\n"
            "runpy.run_module('ftpalg', run_name='__main__')\n"
        )
        return subprocess.run(
            (sys.executable, "-c", script, at),
            env={**os.environ, "PYTHONPATH": str(TREE)},
            preexec_fn=lambda: signal.signal(signal.SIGINT, before),
            capture_output=True,
            timeout=60,
        )

    def test_interrupted_early(self) -> None:
        """Nor is it one while the command is still being imported, or has ended."""
        for at in (
            *(
                "signal",
                "ftpalg.life.signals",
                "argparse",
                "ftpalg.cli.parser",
                "ftpalg.cli.version",
            ),
            "the end",
        ):
            done = self.interrupted(at, signal.default_int_handler)
            status = 130 if at == "signal" else -signal.SIGINT
            self.assertEqual((done.returncode, done.stderr), (status, b""), at)

    def test_ignored_interrupt(self) -> None:
        """It is ignored where whoever starts it ignores it, as a shell does for what runs behind."""
        for at in ("signal", "ftpalg.cli.parser", "ftpalg.cli.version", "the end"):
            done = self.interrupted(at, signal.SIG_IGN)
            self.assertEqual((done.returncode, done.stderr), (0, b""), at)
            self.assertIn(b"ftpalg 0.", done.stdout)

    def test_signals(self) -> None:
        """They are taken before all else where it runs in the foreground, and only there."""
        for word, ours in (("run", True), ("check", False)):
            script = (
                "import signal, sys\n"
                f"sys.argv = ['ftpalg', '{word}']\n"
                "import ftpalg.__main__\n"
                "print(signal.getsignal(signal.SIGHUP) is signal.SIG_DFL)\n"
            )
            done = subprocess.run(
                (sys.executable, "-c", script),
                env={**os.environ, "PYTHONPATH": str(TREE)},
                preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
                capture_output=True,
                timeout=60,
                text=True,
                check=True,
            )
            self.assertEqual(done.stdout, f"{not ours}\n", done.stderr)
