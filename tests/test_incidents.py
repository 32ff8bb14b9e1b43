"""docs/incidents.rst: its lines are the program's own.

Most stand in docs/symptoms.rst, whose tests make the gateway say them; the others are made here.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.test_docs import TREE
from tests.wire.symptoms import BLOCK, of_log

PAGE = TREE / "docs" / "incidents.rst"
SYMPTOMS = TREE / "docs" / "symptoms.rst"
INCIDENT = re.compile(r"^\d+\. .+\n-+$", re.MULTILINE)
NUMBER = re.compile(r"\d+(?:\.\d+)*")
HOLDER = re.compile(r"PID \S+ \w+")


def quoted() -> list[str]:
    """The lines of the log that the page quotes."""
    blocks = re.findall(r"^::\n\n((?:    .*\n|\n)+)", PAGE.read_text("utf-8"), re.MULTILINE)
    return [line.strip() for block in blocks for line in block.splitlines() if line.strip()]


def plain(line: str) -> str:
    """Without what differs from one time to another."""
    return NUMBER.sub("N", HOLDER.sub("PID X", line))


class Incidents(SynchronousTestCase):
    """The page against docs/symptoms.rst and against the program."""

    def test_ten(self) -> None:
        """There are ten, and each quotes a line, has a command and a remedy."""
        _, *incidents = INCIDENT.split(PAGE.read_text("utf-8"))
        self.assertEqual(len(incidents), 10)
        for text in incidents:
            for part in ("\n::\n", "It means: ", ".. code-block:: console", "Remedy: "):
                self.assertIn(part, text)

    def test_lines(self) -> None:
        """Each line is one of docs/symptoms.rst, or begins as those that the next test makes."""
        known = {
            line.strip()
            for block in BLOCK.findall(SYMPTOMS.read_text("utf-8"))
            for line in block.splitlines()
        }
        others = [line for line in quoted() if line not in known]
        self.assertEqual(
            [line.split(": ")[0] for line in others], ["ftpalg", "settings not reloaded"]
        )

    def test_start_and_reload(self) -> None:
        """A port that is taken, and a reload of a file with a fault, are told so."""
        start, reload = (
            plain(line) for line in quoted() if line.startswith(("ftpalg: ", "settings not"))
        )
        folder = tempfile.TemporaryDirectory(prefix="ftpalg-incidents-")
        self.addCleanup(folder.cleanup)
        file = Path(folder.name, "ftpalg.toml")
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            done = self.started("run", "--listen", f"127.0.0.1:{port}").communicate()[1]
        self.assertEqual(plain(done.strip()), start)
        file.write_text('listen = ["127.0.0.1:0"]\n[log]\nformat = "text"\n', "utf-8")
        gateway = self.started("run", "--config", str(file))
        self.until(gateway, " ready: ")
        file.write_text('listen = ["127.0.0.1:0"]\n[data]\nclient-port = "1"\n', "utf-8")
        gateway.send_signal(signal.SIGHUP)
        said = self.until(gateway, "not reloaded").partition(" error ")[2].strip()
        self.assertEqual(plain(of_log(said).replace(str(file), "/etc/ftpalg/ftpalg.toml")), reload)

    def started(self, *words: str) -> subprocess.Popen[str]:
        """A gateway that is killed when it takes far too long, or when the test is over."""
        made = subprocess.Popen(
            [sys.executable, "-m", "ftpalg", *words],
            cwd=TREE,
            env={**os.environ, "PYTHONPATH": str(TREE)},
            stderr=subprocess.PIPE,
            text=True,
        )
        timer = threading.Timer(90, made.kill)
        timer.start()
        self.addCleanup(timer.cancel)
        assert made.stderr is not None
        self.addCleanup(made.stderr.close)
        self.addCleanup(made.wait)
        self.addCleanup(made.kill)
        return made

    def until(self, gateway: subprocess.Popen[str], words: str) -> str:
        """The first line of its log that has these words."""
        assert gateway.stderr is not None
        while line := gateway.stderr.readline():
            if words in line:
                return line
        self.fail(f"it never said {words!r}")
        return ""
