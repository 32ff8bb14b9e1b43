"""``make demo`` and ``make run``, as processes whose input and output are no terminal."""

from __future__ import annotations

import ftplib
import io
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

TREE = Path(__file__).parents[1]
HAND = re.compile(r"  curl -P - -o numbers\.bin ftp://demo:demo@127\.0\.0\.1:(\d+)/numbers\.bin\n")


class Demo(SynchronousTestCase):
    """What is shown, what goes on serving, and how it ends."""

    def started(self, *words: str) -> subprocess.Popen[str]:
        """A demo that is killed when it takes far too long, or when the test is over."""
        environment = {**os.environ, "PYTHONPATH": str(TREE), "PYTHONUNBUFFERED": ""}
        demo = subprocess.Popen(
            [sys.executable, "-m", "demo", *words],
            cwd=TREE,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        timer = threading.Timer(90, demo.kill)
        timer.start()
        self.addCleanup(timer.cancel)
        self.addCleanup(demo.communicate)
        self.addCleanup(demo.kill)
        return demo

    def until_advised(self, demo: subprocess.Popen[str]) -> list[int]:
        """The gateways' ports, once it has said what to type: so nothing of that is held back."""
        assert demo.stdout is not None
        ports: list[int] = []
        while len(ports) < 2 and (line := demo.stdout.readline()):
            ports += [int(port) for port in HAND.findall(line)]
        self.assertEqual(len(ports), 2)
        return ports

    def test_demo(self) -> None:
        """Both dialogues, with TLS and the other mode towards the server, and the end by itself."""
        demo = self.started()
        out, err = demo.communicate()
        self.assertEqual((demo.returncode, err), (0, ""))
        self.assertEqual(out.count("C -> P  PORT 127,0,0,1,"), 2)
        self.assertEqual(out.count("P -> S  EPSV"), 2)
        self.assertEqual(out.count("P -> S  AUTH TLS"), 1)
        self.assertEqual(out.count("C <- P  226 Transfer complete."), 2)
        self.assertTrue(out.endswith("\nBoth arrived whole.\n"), out)

    def test_serves(self) -> None:
        """It goes on serving, shows what is done by hand, and a signal ends it with status 0."""
        for number in (signal.SIGINT, signal.SIGTERM):
            demo = self.started("serve", "--ports", "0", "0")
            for port in self.until_advised(demo):
                received = io.BytesIO()
                with ftplib.FTP(timeout=60) as client:
                    client.connect("127.0.0.1", port)
                    client.login("demo", "demo")
                    client.set_pasv(False)
                    client.retrbinary("RETR numbers.bin", received.write)
                self.assertEqual(received.getvalue(), bytes(range(256)) * 4096)
            demo.send_signal(number)
            out, err = demo.communicate()
            self.assertEqual((demo.returncode, err), (0, ""))
            self.assertEqual(out.count("C -> P  RETR numbers.bin"), 2)

    def test_taken(self) -> None:
        """A port that is taken is one sentence and status 1."""
        with socket.create_server(("127.0.0.1", 0)) as taken:
            demo = self.started("serve", "--ports", str(taken.getsockname()[1]), "0")
            out, err = demo.communicate()
        self.assertEqual((demo.returncode, out), (1, ""))
        self.assertRegex(err, r"^ftpalg: cannot listen on 127\.0\.0\.1:\d+: .*\n$")


class Makefile(SynchronousTestCase):
    """What make calls."""

    def test_targets(self) -> None:
        """``make run`` serves on, ``make demo`` does not; nothing is held back by a pipe."""
        text = (TREE / "Makefile").read_text("utf-8")
        self.assertIn("\nrun: $(VENV)/demo\n\t$(BIN)/python -u -m demo serve\n", text)
        self.assertIn("\ndemo: $(VENV)/demo\n\t$(BIN)/python -u -m demo\n", text)
