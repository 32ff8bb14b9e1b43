"""What this machine lets this process do."""

from __future__ import annotations

import errno
import os
import socket
import tempfile
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.cli import machine
from ftpalg.cli.machine import cannot_bind, has_capability, remedy_for


class Machine(SynchronousTestCase):
    """Found by trying and by reading /proc."""

    def proc(self, files: dict[str, str]) -> Path:
        """A /proc with these files."""
        holder = tempfile.TemporaryDirectory(prefix="ftpalg-proc-")
        self.addCleanup(holder.cleanup)
        for name, text in files.items():
            path = Path(holder.name, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        self.patch(machine, "PROC", Path(holder.name))
        return Path(holder.name)

    def test_capabilities(self) -> None:
        """One bit each of CapEff; where there is no /proc nothing is missed."""
        for bits, bind, admin in (("0", False, False), ("400", True, False), ("1000", False, True)):
            self.proc({"self/status": f"Name:\tx\nCapInh:\tffff\nCapEff:\t{bits:0>16}\n"})
            self.assertIs(has_capability("CAP_NET_BIND_SERVICE"), bind)
            self.assertIs(has_capability("CAP_NET_ADMIN"), admin)
        self.proc({})
        self.assertTrue(has_capability("CAP_NET_ADMIN"))

    def test_bind(self) -> None:
        """A free port can be had, one that somebody listens on cannot."""
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen(1)
            port = taken.getsockname()[1]
            error = cannot_bind("127.0.0.1", port)
            assert error is not None
            self.assertEqual(error.errno, errno.EADDRINUSE)
        self.assertIsNone(cannot_bind("127.0.0.1", port))

    def test_remedies(self) -> None:
        """The remedy fits the fault."""
        self.proc({})
        for number, host, port, words in (
            (errno.EACCES, "", 21, "CAP_NET_BIND_SERVICE"),
            (errno.EADDRINUSE, "", 21, "choose another"),
            (errno.EADDRNOTAVAIL, "192.0.2.1", 21, "no address 192.0.2.1"),
            (errno.EAFNOSUPPORT, "::", 21, "write 0.0.0.0:21"),
            (errno.EACCES, "", 2121, os.strerror(errno.EACCES)),
        ):
            self.assertIn(words, remedy_for(OSError(number, os.strerror(number)), host, port))
