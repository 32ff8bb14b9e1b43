"""An exception ends one session, visibly: wherever it comes from, the owner hears of it, once."""

from __future__ import annotations

import socket
from sys import exc_info
from typing import Any

from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config import Settings
from ftpalg.core.actions import SendReply, StartTimer
from ftpalg.core.events import ClientLost, CommandReceived, Link, Timer
from ftpalg.core.session import Session
from ftpalg.core.wire.commands import parse_command
from ftpalg.core.wire.replies import reply
from ftpalg.net.control.attached import HalfCloseable
from ftpalg.net.control.line import Control
from ftpalg.net.driver import Driver
from ftpalg.net.guarded import Guarded
from ftpalg.net.legs.sockets import DataSocket, Descriptor
from ftpalg.net.turns import Turns
from tests.net.doubles import Client
from tests.net.pairs import REACTOR, SocketCase, read_some
from tests.net.test_gateway import GatewayCase

LINK = Link("192.0.2.1", "192.0.2.254", 40000)


class Unforeseen(Exception):
    """What nobody expects."""


class Owned:
    """An owner that keeps what it hears."""

    def __init__(self, reactor: Any = REACTOR) -> None:
        self.heard: list[object] = []
        self.reactor = Guarded(reactor, self, Turns(reactor))

    def broke(self) -> None:
        self.heard.append(exc_info()[0])


class Sockets(SocketCase):
    """Descriptors that raise in what the reactor calls."""

    async def test_descriptor(self) -> None:
        """It is reset and watched no longer, and its owner hears of the exception while it is handled."""
        owned = Owned()

        class Broken(Descriptor):
            def doRead(self) -> None:
                raise Unforeseen

        near, far = self.pair()
        broken = Broken(owned.reactor, near)
        owned.reactor.addReader(broken)
        far.send(b"x")
        await self.until(lambda: owned.heard)
        self.assertEqual((owned.heard, broken.fileno()), ([Unforeseen], -1))
        self.assertRaises(ConnectionResetError, read_some, far)

    async def test_writer(self) -> None:
        """Writability as well."""
        owned = Owned()

        class Broken(Descriptor):
            def doWrite(self) -> None:
                raise Unforeseen

        near, _ = self.pair()
        broken = Broken(owned.reactor, near)
        owned.reactor.addWriter(broken)
        await self.until(lambda: owned.heard)
        self.assertEqual((owned.heard, broken.fileno()), ([Unforeseen], -1))

    def test_lost(self) -> None:
        """What the reactor tells of an end, too."""
        owned = Owned()

        class Broken(Descriptor):
            def connectionLost(self, reason: Failure) -> None:
                raise Unforeseen

        entries: list[Any] = []

        class Watch:
            addReader = addWriter = removeReader = removeWriter = staticmethod(entries.append)

        watch: Any = Watch()
        near, _ = self.pair()
        Guarded(watch, owned, owned.reactor.turns).addReader(Broken(owned.reactor, near))
        entries[0].connectionLost(Failure(Unforeseen()))
        self.assertEqual(owned.heard, [Unforeseen])

    def test_left(self) -> None:
        """The reactor is asked to leave what it watches, once; and nothing that it does not."""
        asked: list[str] = []

        class Watch:
            def __getattr__(self, name: str) -> Any:
                return lambda entry: asked.append(name)

        watch: Any = Watch()
        guarded = Guarded(watch, Owned(), Turns(REACTOR))
        near, _ = self.pair()
        leg = Descriptor(guarded, near)
        guarded.removeReader(leg)
        guarded.addReader(leg)
        guarded.removeWriter(leg)
        guarded.removeReader(leg)
        leg.close()
        self.assertEqual(asked, ["addReader", "removeReader"])

    def test_born_to_fail(self) -> None:
        """A data connection that is closed by anybody, and did not end, is reset."""
        near, far = self.pair()
        leg = DataSocket(REACTOR, near)
        leg.socket.close()
        self.assertRaises(ConnectionResetError, read_some, far)

    def test_ended(self) -> None:
        """One that has ended is closed without a reset; so is one that was read to its end."""
        for how in (DataSocket.end, DataSocket.close_ended):
            near, far = self.pair()
            leg = DataSocket(REACTOR, near)
            how(leg)
            leg.close()
            self.assertEqual(read_some(far), b"")
            self.assertEqual(far.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), 0)


class PutOff(SocketCase):
    """Descriptors that are ready when the turn of the reactor has had enough."""

    async def ready(self, *, leaves: bool = False) -> list[str]:
        """What one is called for, that is ready to be read and to be written, and may leave before."""
        called: list[str] = []
        owned = Owned()

        class Ready(Descriptor):
            def doRead(self) -> None:
                called.append("read")
                self.reactor.removeReader(self)

            def doWrite(self) -> None:
                called.append("write")
                self.reactor.removeWriter(self)

        near, far = self.pair()
        far.send(b"x")
        leg = Ready(owned.reactor, near)
        owned.reactor.turns.enough()
        owned.reactor.addReader(leg)
        owned.reactor.addWriter(leg)
        for entry in (*REACTOR.getReaders(), *REACTOR.getWriters()):
            if entry.fileno() == leg.fileno():
                entry.doRead()
                entry.doWrite()
                break
        self.assertEqual((called, owned.reactor.turns.busy), ([], True))
        self.assertNotIn(leg.fileno(), [one.fileno() for one in REACTOR.getReaders()])
        if leaves:
            leg.close()
        await self.until(lambda: not owned.reactor.turns.busy)
        return called

    async def test_called(self) -> None:
        """Each in its turn, once."""
        self.assertEqual(await self.ready(), ["read", "write"])

    async def test_left(self) -> None:
        """Not one that has lost interest."""
        self.assertEqual(await self.ready(leaves=True), [])


class Calls(SynchronousTestCase):
    """Timers and calls."""

    def test_timer(self) -> None:
        """A timer that raises ends nothing but its owner."""
        clock: Any = Clock()
        owned = Owned(clock)

        def ring(word: str) -> None:
            raise Unforeseen(word)

        owned.reactor.callLater(1, ring, "x")
        clock.advance(1)
        self.assertEqual(owned.heard, [Unforeseen])
        self.assertEqual(owned.reactor.seconds(), 1)

    def test_attached(self) -> None:
        """All that a transport calls of a control connection goes to its ``broke``."""
        heard: list[object] = []

        class Broken(Control):
            def broke(self) -> None:
                heard.append(exc_info()[0])

            def _raise(self, *given: object) -> None:
                raise Unforeseen

            made = dataReceived = readConnectionLost = connectionLost = _raise  # type: ignore[assignment]

        clock: Any = Clock()
        attached = HalfCloseable(Broken(clock, Settings().timeouts, Turns(clock)))
        attached.makeConnection(StringTransport())
        attached.dataReceived(b"x")
        attached.readConnectionLost()
        attached.writeConnectionLost()
        attached.connectionLost()
        self.assertEqual(heard, [Unforeseen] * 4)


class Sessions(GatewayCase):
    """A session in which something raises."""

    def session(self) -> tuple[Driver, Client]:
        """One, and its client."""
        self.door = self.gateway(Settings())
        client: Any = Client()
        driver = self.door.shared.sessions.admit(client, LINK)
        assert isinstance(driver, Driver)
        driver.start()
        return driver, client

    def over(self, client: Client) -> None:
        """It has ended, once, with 421, and nothing is left."""
        self.assertTrue(client.hung_up)
        self.assertEqual(client.written.count(b"421 "), 1)
        self.assertEqual(self.door.shared.sessions.open, {})
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.assertEqual([kind for kind, _ in self.log.words].count("Failed"), 1)

    def raises(self, owner: Any, name: str) -> None:
        """Have it raise."""

        def unforeseen(*given: object, **more: object) -> None:
            raise Unforeseen

        self.patch(owner, name, unforeseen)

    def test_core(self) -> None:
        """An exception in the core."""
        driver, client = self.session()
        self.raises(Session, "handle")
        driver.handle(CommandReceived(parse_command(b"NOOP")))
        self.over(client)

    def test_core_at_its_end(self) -> None:
        """A core that cannot end either: the client hears 421, and what it says is taken no more."""
        driver, client = self.session()
        self.raises(Session, "handle")
        self.raises(Session, "end")
        driver.handle(CommandReceived(parse_command(b"NOOP")))
        self.assertTrue(client.hung_up)
        self.assertEqual(client.written.count(b"421 "), 1)
        self.assertEqual(self.door.shared.sessions.open, {})
        self.assertEqual(self.clock.getDelayedCalls(), [])
        before = len(self.log.words)
        driver.handle(ClientLost("gone"))
        self.assertEqual(len(self.log.words), before)

    def test_action(self) -> None:
        """An exception in what the core has ordered; nothing of the rest is begun."""
        driver, client = self.session()
        written = client.write

        def once(data: bytes) -> None:
            client.write = written  # type: ignore[method-assign]
            raise Unforeseen

        client.write = once  # type: ignore[method-assign]
        driver.handle(CommandReceived(parse_command(b"NOOP")))
        self.over(client)

    def test_called_meanwhile(self) -> None:
        """Where an action leads to a call that raises, those behind it are not begun."""
        driver, client = self.session()
        written = client.write

        def once(data: bytes) -> None:
            client.write = written  # type: ignore[method-assign]
            driver.reactor.enter(lambda: [][0])

        client.write = once  # type: ignore[method-assign]
        orders = [SendReply(reply(200, "Fine.")), StartTimer(Timer.IDLE)]
        self.patch(Session, "handle", lambda session, event: orders)
        driver.handle(CommandReceived(parse_command(b"NOOP")))
        self.over(client)

    def test_hang_up(self) -> None:
        """A client that cannot be hung up on leaves no timer and no session behind."""
        driver, client = self.session()
        self.raises(client, "hang_up")
        driver.end("The gateway is shutting down.")
        self.assertEqual(self.door.shared.sessions.open, {})
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_observer(self) -> None:
        """An observer that raises cannot keep a session."""
        driver, client = self.session()
        self.raises(self.log, "see")
        self.assertRaises(Unforeseen, driver.end, "over")
        self.assertTrue(client.hung_up)
        self.assertEqual(self.door.shared.sessions.open, {})
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_called_from_outside(self) -> None:
        """An exception in a timer of a data connection, for one."""
        driver, client = self.session()
        self.raises(type(driver.legs), "let_go")
        driver.reactor.callLater(1, lambda: [][0])
        self.clock.advance(1)
        self.assertTrue(client.hung_up)
        self.assertEqual(self.door.shared.sessions.open, {})

    def test_others(self) -> None:
        """Another session goes on."""
        driver, client = self.session()
        other: Any = Client()
        second = self.door.shared.sessions.admit(other, LINK)
        assert second is not None
        second.start()
        driver.reactor.callLater(1, lambda: [][0])
        self.clock.advance(1)
        self.assertTrue(client.hung_up)
        self.assertFalse(other.hung_up)
        self.assertEqual(list(self.door.shared.sessions.open.values()), [second])
        second.end("over")
