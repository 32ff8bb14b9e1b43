"""The listening end: it takes connections, and does not mind what becomes of them."""

from __future__ import annotations

import errno
import socket
import tempfile
from pathlib import Path
from typing import Any

from twisted.internet.protocol import Factory
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.admin.accepting import AT_ONCE, PAUSE, Accepting


class Reactor(Clock):
    """A clock, readers, and descriptors that it adopts."""

    def __init__(self) -> None:
        super().__init__()
        self.readers: list[Any] = []
        self.adopted: list[int] = []
        self.fault: OSError | None = None

    def addReader(self, reader: Any) -> None:
        self.readers.append(reader)

    def removeReader(self, reader: Any) -> None:
        if reader in self.readers:
            self.readers.remove(reader)

    def adoptStreamConnection(self, number: int, family: int, factory: Any, /) -> None:
        if self.fault is not None:
            raise self.fault
        self.adopted.append(number)


class Failing:
    """A listening socket without a descriptor for anybody."""

    def __init__(self, code: int) -> None:
        self.code = code
        self.number = 7

    def setblocking(self, flag: bool) -> None:
        assert not flag

    def fileno(self) -> int:
        return self.number

    def accept(self) -> Any:
        raise OSError(self.code, "")

    def close(self) -> None:
        self.number = -1


class AcceptingTests(SynchronousTestCase):
    """A real socket, and one that fails."""

    def setUp(self) -> None:
        holder = tempfile.TemporaryDirectory(prefix="ftpalg-admin-")
        self.addCleanup(holder.cleanup)
        self.path = str(Path(holder.name) / "s")
        self.reactor = Reactor()
        self.listening = socket.socket(socket.AF_UNIX)
        self.addCleanup(self.listening.close)
        self.listening.bind(self.path)
        self.listening.listen(64)
        self.accepting = Accepting(self.reactor, self.listening, Factory())

    def clients(self, many: int) -> list[socket.socket]:
        found = []
        for _ in range(many):
            sock = socket.socket(socket.AF_UNIX)
            self.addCleanup(sock.close)
            sock.connect(self.path)
            found.append(sock)
        return found

    def test_bounded(self) -> None:
        """So many in one turn, the others in the next; then there is none."""
        self.clients(AT_ONCE + 3)
        self.accepting.doRead()
        self.assertEqual(len(self.reactor.adopted), AT_ONCE)
        self.accepting.doRead()
        self.accepting.doRead()
        self.assertEqual(len(self.reactor.adopted), AT_ONCE + 3)

    def test_copies(self) -> None:
        """The reactor has made its copy: this one is closed, and so is one that it did not take."""
        for fault in (None, OSError(errno.EMFILE, ""), OSError(errno.ENOTCONN, "")):
            self.reactor.fault = fault
            (client,) = self.clients(1)
            self.accepting.doRead()
            client.settimeout(10)
            self.assertEqual(client.recv(1), b"")

    def test_no_descriptor(self) -> None:
        """It looks away for a second: the reactor would call it at once, for ever."""
        for code in (errno.EMFILE, errno.ENFILE):
            reactor = Reactor()
            listening: Any = Failing(code)
            accepting = Accepting(reactor, listening, Factory())
            accepting.doRead()
            self.assertEqual(reactor.readers, [])
            reactor.advance(PAUSE)
            self.assertEqual(reactor.readers, [accepting])
            accepting.doRead()
            accepting.close()
            self.assertEqual((reactor.readers, reactor.getDelayedCalls()), ([], []))

    def test_gone_before(self) -> None:
        """A client that has gone is nothing to look away for."""
        reactor = Reactor()
        listening: Any = Failing(errno.ECONNABORTED)
        accepting = Accepting(reactor, listening, Factory())
        accepting.doRead()
        self.assertEqual(reactor.readers, [accepting])

    def test_close(self) -> None:
        """Nobody is taken any more; a second time, and the reactor's end behind it, change nothing."""
        self.accepting.close()
        self.accepting.close()
        self.accepting.connectionLost(None)  # type: ignore[arg-type]
        self.assertEqual((self.reactor.readers, self.listening.fileno()), ([], -1))
