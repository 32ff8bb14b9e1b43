"""``ftpalg run``."""

from __future__ import annotations

from ftpalg import __main__, service
from ftpalg.config import Settings
from ftpalg.life.signals import Signals
from tests.cli.cases import CommandCase


class Run(CommandCase):
    """Words to the service."""

    def test_served(self) -> None:
        """The service gets the settings; faults are told before, with status 2."""
        served: list[Settings] = []

        def serve(source: service.Source, signals: Signals) -> int:
            served.append(source.load())
            return 0

        self.patch(service, "run", serve)
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

        def serve(source: service.Source, signals: Signals) -> int:
            self.assertIs(signals, __main__.SIGNALS)
            found.append(source.file)
            for host in "ab":
                self.file(f"server = 'ftp://{host}'\n")
                found.append(str(source.load().server))
            return 7

        self.patch(service, "run", serve)
        self.assertEqual(self.run_it("run", "--config", path), (7, "", ""))
        self.assertEqual(found, [path, "ftp://a:21", "ftp://b:21"])
