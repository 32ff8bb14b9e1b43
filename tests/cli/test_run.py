"""``ftpalg run``."""

from __future__ import annotations

import os
import subprocess
import sys

from ftpalg import __main__, foreground
from ftpalg.config import Settings
from ftpalg.life.signals import Signals
from ftpalg.life.source import Source
from tests.cli.cases import CommandCase
from tests.wire.peers import TREE


class Run(CommandCase):
    """Words to the service."""

    def test_served(self) -> None:
        """The service gets the settings; faults are told before, with status 2."""
        served: list[Settings] = []

        def serve(source: Source, signals: Signals) -> int:
            served.append(source.load())
            return 0

        self.patch(foreground, "run", serve)
        status, _, err = self.run_it("run", "--server", "ftp://h", "--listen", ":2121")
        self.assertEqual((status, err), (0, ""))
        self.assertEqual((str(served[0].server), served[0].listen), ("ftp://h:21", (":2121",)))
        status, out, err = self.run_it("run", "--server", "h")
        self.assertEqual((status, out, len(served)), (2, "", 1))
        self.assertIn("command line: server = 'h': must be", err)

    def test_read_again(self) -> None:
        """The service reads the file again where it wants to, has its name, and the early signals."""
        path = self.file("server = 'ftp://a'\n")
        found: list[str] = []

        def serve(source: Source, signals: Signals) -> int:
            self.assertIs(signals, __main__.SIGNALS)
            found.append(source.file)
            for host in "ab":
                self.file(f"server = 'ftp://{host}'\n")
                found.append(str(source.load().server))
            return 7

        self.patch(foreground, "run", serve)
        self.assertEqual(self.run_it("run", "--config", path), (7, "", ""))
        self.assertEqual(found, [path, "ftp://a:21", "ftp://b:21"])

    def imported(self, settings: str) -> set[str]:
        """The modules of a gateway with these settings, right before it listens."""
        code = (
            "import os, sys; from ftpalg.__main__ import main; import ftpalg.foreground as front\n"
            "front.GatewayService.privilegedStartService = lambda _: sys.exit(print(*sys.modules))\n"
            "main(sys.argv[1:])"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, "run", "--config", self.file(settings)],
            env={**os.environ, "PYTHONPATH": str(TREE)},
            capture_output=True,
            timeout=60,
            text=True,
            check=False,
        )
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return set(done.stdout.split())

    def test_quick(self) -> None:
        """A start imports what its settings need, and that before it listens: nothing later stalls
        the others, or is gone by then."""
        fixed = "server = 'ftp://h'\n"
        plain = self.imported(fixed)
        self.assertIn("twisted.internet.reactor", plain)
        self.assertFalse(
            plain & {"ftpalg.service", "ftpalg.cli.here", "ftpalg.cli.meaning", "difflib"}
        )
        for module, wants in (
            ("twisted.internet.endpoints", "listen = ['tcp:0']\n" + fixed),
            ("twisted.cred.strcred", fixed + "[accounts]\nauth = ['ldap:ldaps://l/uid=%s,dc=x']\n"),
        ):
            self.assertNotIn(module, plain)
            self.assertIn(module, self.imported(wants), wants)
