"""Endpoints of settings as endpoints of Twisted."""

from __future__ import annotations

import os
import socket
from fcntl import F_DUPFD_CLOEXEC, fcntl
from pathlib import Path
from typing import Any

from twisted.internet.protocol import Factory
from twisted.internet.testing import MemoryReactor
from twisted.python.filepath import FilePath
from twisted.trial.unittest import SynchronousTestCase

from ftpalg import endpoints
from ftpalg.config import SettingsError
from ftpalg.endpoints import endpoint_of


class Adopting(MemoryReactor):
    """Remembers what it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.adopted: list[int] = []

    def adoptStreamPort(self, fileDescriptor: int, *others: object) -> None:
        self.adopted.append(fileDescriptor)


def in_a_row(sockets: list[socket.socket]) -> list[int]:
    """Copies of them with numbers one behind the other.  The kernel chooses: a thread that waits in accept()
    holds a number that no listing shows, and another test's are not to be closed."""
    at = 0
    while True:
        found: list[int] = []
        for sock in sockets:
            found.append(fcntl(sock, F_DUPFD_CLOEXEC, found[-1] + 1 if found else at))
        if found[-1] - found[0] == len(found) - 1:
            return found
        for descriptor in found:
            os.close(descriptor)
        at = found[-1]


class Endpoints(SynchronousTestCase):
    """Those of systemd, and the others."""

    def given(self, *families: int, names: str) -> list[int]:
        """Sockets that systemd would give, by descriptors that are in a row."""
        made = [socket.socket(family) for family in families]
        for sock in made:
            self.addCleanup(sock.close)
        descriptors = in_a_row(made)
        for descriptor in descriptors:
            self.addCleanup(os.close, descriptor)
        self.patch(endpoints, "FIRST", descriptors[0])
        environment = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDNAMES": names}
        self.patch(os, "environ", {**os.environ, **environment})
        return descriptors

    def fault(self, text: str) -> str:
        """Why there is no such endpoint."""
        (found,) = self.assertRaises(SettingsError, endpoint_of, MemoryReactor(), text).faults
        self.assertTrue(found.startswith(f"listen = {text!r}: "), found)
        for word in ("_parse", "index out of range", "argument", "KeyError"):
            self.assertNotIn(word, found)
        return str(found)

    def test_by_name(self) -> None:
        """A socket by its name, of whichever family it is."""
        first, second = self.given(socket.AF_INET, socket.AF_INET6, names="one:two")
        for name, descriptor, family in (
            ("one", first, socket.AF_INET),
            ("two", second, socket.AF_INET6),
        ):
            found: Any = endpoint_of(MemoryReactor(), f"systemd:{name}")
            self.assertEqual((found.descriptor, found.family), (descriptor, family))
            os.fstat(descriptor)  # it is still open

    def test_again(self) -> None:
        """What listens is a copy: the socket itself is there for whoever asks again."""
        (descriptor,) = self.given(socket.AF_INET, names="one")
        reactor: Any = Adopting()
        for _ in range(2):
            self.successResultOf(endpoint_of(reactor, "systemd:one").listen(Factory()))
        os.fstat(descriptor)
        self.assertFalse(os.get_inheritable(descriptor))
        self.assertNotIn(descriptor, reactor.adopted)

    def test_twisted_was_first(self) -> None:
        """What Twisted has taken out of the environment is found where the process began; a socket that
        is none any more is told."""
        (descriptor,) = self.given(socket.AF_INET, names="one")
        beginning = FilePath(self.mktemp())
        said = f"A=b\0LISTEN_PID={os.getpid()}\0LISTEN_FDS=1\0LISTEN_FDNAMES=one\0"
        beginning.setContent(said.encode("ascii"))
        self.patch(endpoints, "BEGINNING", Path(beginning.path))
        self.patch(os, "environ", {"LISTEN_FDNAMES": "one"})
        found: Any = endpoint_of(MemoryReactor(), "systemd:one")
        self.assertEqual(found.descriptor, descriptor)
        with open(os.devnull, "rb") as none:
            os.dup2(none.fileno(), descriptor)
        self.assertIn("FileDescriptorName", self.fault("systemd:one"))

    def test_not_given(self) -> None:
        """No such name, the same name twice, sockets that are another process's, none at all."""
        self.given(socket.AF_INET, socket.AF_INET, names="one:one")
        self.assertIn("systemd gives 2 sockets of this name", self.fault("systemd:one"))
        self.assertIn("FileDescriptorName", self.fault("systemd:two"))
        self.patch(endpoints, "BEGINNING", Path("/dev/null"))
        self.patch(os, "environ", {"LISTEN_PID": "1", "LISTEN_FDNAMES": "one"})
        self.assertIn("FileDescriptorName", self.fault("systemd:one"))
        self.patch(os, "environ", {})
        self.assertIn("FileDescriptorName", self.fault("systemd:one"))
        self.assertIn("FileDescriptorName", self.fault("systemd:domain=INET:index=0"))

    def test_written(self) -> None:
        """What people write is listened on."""
        reactor: Any = MemoryReactor()
        made: Any = endpoint_of(reactor, "192.0.2.1:2121")
        made.listen(None)
        ((port, _, _, host),) = reactor.tcpServers
        self.assertEqual((host, port), ("192.0.2.1", 2121))

    def test_unknown(self) -> None:
        """What nobody knows is told in our words."""
        for text in ("carrier-pigeon:1", "tcp:21:nonsense=1", "tcp6", "x"):
            self.assertIn("is no endpoint that Twisted knows; write one like", self.fault(text))
