"""Why nobody can listen there: the remedy fits the fault."""

from __future__ import annotations

import errno
import os
import socket
import tempfile
from pathlib import Path

from twisted.internet.error import CannotListenError
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.life.faults import holder_of, listening, transparent


def fault(number: int, port: int = 21) -> str:
    """The sentence for an errno."""
    error = CannotListenError("", port, OSError(number, os.strerror(number)))
    return str(listening(error, f"tcp:{port}"))


class Sentences(SynchronousTestCase):
    """One for each kind of fault."""

    def test_remedies(self) -> None:
        """Each names its own."""
        for number, words in (
            (errno.EACCES, "CAP_NET_BIND_SERVICE"),
            (errno.EADDRNOTAVAIL, "no such address"),
            (errno.EAFNOSUPPORT, "IPv6 is off"),
            (errno.EINVAL, "[fe80::1%eth0]:21"),
            (errno.EMFILE, "file descriptors"),
            (errno.ENOBUFS, "choose another endpoint"),
        ):
            found = fault(number)
            self.assertRegex(found, r"^cannot listen on tcp:21: .*[^.;]; .*[^.]\.$")
            self.assertIn(words, found)
            self.assertIn(os.strerror(number), found)

    def test_other_errors(self) -> None:
        """What Python says of itself is no sentence for people."""
        for error in (OverflowError("bind(): port must be 0-65535."), AttributeError("x"), None):
            found = str(listening(error, "x:1"))
            sentence = (
                "cannot listen on x:1: it does not let itself be used; choose another endpoint."
            )
            self.assertEqual(found, sentence)

    def test_tproxy(self) -> None:
        """Another capability."""
        found = str(transparent(PermissionError(1, "Operation not permitted"), "tcp:2157"))
        self.assertIn("CAP_NET_ADMIN", found)

    def test_busy(self) -> None:
        """The one who holds the port is named: here it is ourselves."""
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            sock.listen()
            found = fault(errno.EADDRINUSE, sock.getsockname()[1])
        self.assertIn(f"(held by PID {os.getpid()} ", found)
        self.assertTrue(found.endswith(", this gateway itself); choose another port."), found)

    def test_held_by_nobody_to_be_seen(self) -> None:
        """Where it cannot be seen who does, nobody is named."""
        with socket.socket() as sock:  # bound, and it does not listen
            sock.bind(("127.0.0.1", 0))
            found = fault(errno.EADDRINUSE, sock.getsockname()[1])
        self.assertNotIn("held by", found)
        self.assertIn("Address already in use; end what holds it", found)


class Holder(SynchronousTestCase):
    """Made-up tables of a kernel."""

    def setUp(self) -> None:
        holder = tempfile.TemporaryDirectory(prefix="ftpalg-proc-")
        self.addCleanup(holder.cleanup)
        self.proc = Path(holder.name)
        (self.proc / "net").mkdir()

    def test_rows(self) -> None:
        """Only a listener counts, in either table; a process that went is passed over."""
        row = " 0: 0100007F:0015 00000000:0000 {state} 0:0 0:0 0 0 0 {inode} 1\n"
        text = "head\n" + row.format(state="01", inode=5) + row.format(state="0A", inode=6)
        (self.proc / "net" / "tcp6").write_text(text)
        (self.proc / "16").mkdir()
        (self.proc / "17" / "fd").mkdir(parents=True)
        (self.proc / "17" / "fd" / "4").symlink_to("socket:[5]")
        (self.proc / "98" / "fd").mkdir(parents=True)
        (self.proc / "98" / "comm").write_text("vsftpd\n")
        (self.proc / "98" / "fd" / "3").symlink_to("socket:[6]")
        self.assertEqual(holder_of(21, self.proc), "PID 98 vsftpd")
        self.assertEqual(holder_of(22, self.proc), "")

    def test_no_tables(self) -> None:
        """Elsewhere than on Linux there are none."""
        self.assertEqual(holder_of(21, self.proc / "missing"), "")
