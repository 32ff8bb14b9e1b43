"""``ftpalg version``."""

from __future__ import annotations

from pathlib import Path

from ftpalg import __version__
from ftpalg.cli import version as module
from tests.cli.cases import CommandCase


class Version(CommandCase):
    """What a report of a fault begins with."""

    def test_each(self) -> None:
        """Each thing with its version."""
        for words in (("version",), ("--version",)):
            status, out, err = self.run_it(*words)
            self.assertEqual((status, err), (0, ""))
            names = [line.split()[0] for line in out.splitlines()]
            self.assertEqual(names[:5], ["ftpalg", "Python", "Twisted", "OpenSSL", "pyOpenSSL"])
            self.assertEqual(out.splitlines()[0], f"ftpalg {__version__}")

    def test_features(self) -> None:
        """What the machine has is named in the last line, and that it has none of it."""
        for there, shown in (((), "no features"), (("a",), "a"), (("a", "c"), "a, c")):
            has = {name: lambda name=name, there=there: name in there for name in "abc"}
            self.patch(module, "FEATURES", has)
            self.assertTrue(self.run_it("version")[1].endswith(f": {shown}\n"))

    def test_kernel_without_tls(self) -> None:
        """A kernel that does not tell of its TLS has none."""
        folder = self.folder

        def here(path: str) -> Path:
            return folder / Path(path).name

        self.patch(module, "Path", here)
        has = module.FEATURES["kTLS"]
        self.assertFalse(has())
        for text, there in (("espintcp xtls", False), ("espintcp tls", True)):
            self.file(text, "tcp_available_ulp")
            self.assertEqual(has(), there)
