"""The transport of a control connection, over real sockets."""

from __future__ import annotations

import socket
from typing import Any, cast

from twisted.internet.error import ConnectionAborted, ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IPullProducer
from twisted.internet.protocol import Factory
from twisted.internet.tcp import Server
from twisted.protocols.policies import WrappingFactory
from twisted.python.failure import Failure
from zope.interface import implementer
from zope.interface.verify import verifyObject

from ftpalg.net.control.attached import Attached, accept_from, adopt, attached
from ftpalg.net.control.connection import Connection
from ftpalg.net.control.flow_control import Hold
from ftpalg.net.control.outlet import IConnection
from ftpalg.net.guarded import Guarded
from ftpalg.net.turns import TURN, Turns
from tests.net.pairs import REACTOR, SocketCase, read_some

MORE = 1 << 23
"""Bytes that no socket takes at once."""


@implementer(IPullProducer)
class Control:
    """Keeps what it is told."""

    half_closeable = False

    def __init__(self) -> None:
        self.turns = Turns(REACTOR)
        self.pauses: tuple[Hold, ...] = ()
        self.enter = Guarded(REACTOR, self, self.turns).enter
        self.transport: Any = None
        self.told: list[object] = []
        self.read = b""

    def broke(self) -> None:
        self.told.append("broke")

    def made(self, transport: object) -> None:
        self.transport = transport

    def dataReceived(self, data: bytes) -> None:
        self.read += data
        if data == b"raise":
            raise ValueError

    def connectionLost(self, reason: Failure) -> None:
        self.told.append(reason.type)

    def resumeProducing(self) -> None:
        self.told.append("empty")

    def stopProducing(self) -> None:
        self.told.append("stop")


class Halved(Control):
    """Goes on behind its peer's end."""

    half_closeable = True

    def readConnectionLost(self) -> None:
        self.told.append("end")


class Connected(SocketCase):
    """One, and the socket at its far end."""

    def made(self, control: Control | None = None, *, small: bool = False) -> None:
        near, self.far = self.pair(small=small)
        self.control = control or Control()
        adopt(REACTOR, near, cast(Any, self.control))
        self.near: Connection = self.control.transport
        self.addCleanup(self.gone)

    async def gone(self) -> None:
        """Have it lost, if it is not."""
        self.near.abortConnection()
        await self.until(lambda: self.near.disconnected)

    async def taken(self, size: int) -> bytes:
        """So many bytes, as the far end reads them."""
        got = bytearray()

        def enough() -> bool:
            got.extend(read_some(self.far) or b"")
            return len(got) >= size

        await self.until(enough)
        return bytes(got)

    async def heard(self) -> object:
        """What the far end has behind everything else: an end, or a failure."""
        found: list[object] = []

        def some() -> bool:
            try:
                data = read_some(self.far)
            except OSError as error:
                found.append(type(error))
            else:
                if data is not None:
                    found.append(data)
            return bool(found)

        await self.until(some)
        return found[0]


class Reading(Connected):
    """What its peer says."""

    async def test_pauses(self) -> None:
        """It reads, unless it is paused, and then all that has come meanwhile."""
        self.made()
        self.far.send(b"one")
        await self.until(lambda: self.control.read == b"one")
        self.near.pauseProducing()
        self.far.send(b"two")
        await self.turn(0.02)
        self.assertEqual(self.control.read, b"one")
        self.near.resumeProducing()
        await self.until(lambda: self.control.read == b"onetwo")

    async def test_raises(self) -> None:
        """An exception goes to the control connection's guard, and the connection stands (rule 11)."""
        self.made()
        self.far.send(b"raise")
        await self.until(lambda: self.control.told == ["broke"])
        self.far.send(b"x")
        await self.until(lambda: self.control.read == b"raisex")

    async def test_end(self) -> None:
        """The peer's end is the connection's, once, except where it may go on."""
        self.made()
        self.far.close()
        await self.until(lambda: self.control.told)
        self.assertEqual((self.control.told, self.near.disconnected), ([ConnectionDone], True))
        self.assertEqual(self.near.fileno(), -1)

    async def test_half_closed(self) -> None:
        """Where it may, it still writes; and the end is told once more where it reads on."""
        self.made(Halved())
        self.far.shutdown(socket.SHUT_WR)
        await self.until(lambda: self.control.told == ["end"])
        self.near.write(b"on")
        self.assertEqual(await self.taken(2), b"on")
        self.near.resumeProducing()
        await self.until(lambda: self.control.told == ["end", "end"])

    async def test_reset(self) -> None:
        """A connection that its peer resets is lost, not done, half-closeable or not."""
        for control in (Control(), Halved()):
            self.made(control)
            self.far.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            self.far.close()
            await self.until(lambda: self.control.told)
            self.assertEqual(self.control.told, [ConnectionLost])


class Writing(Connected):
    """What its peer is told."""

    async def test_order(self) -> None:
        """What the socket does not take waits, in order; its producer hears each time that all is gone."""
        self.made(small=True)
        self.near.registerProducer(self.control, False)
        first, second = b"1" * MORE, b"2" * 9
        self.near.write(first)
        await self.turn()
        self.near.write(second)
        self.assertEqual(self.control.told, ["empty"])
        self.assertEqual(await self.taken(MORE + 9), first + second)
        await self.until(lambda: self.control.told == ["empty", "empty"])
        self.assertNotIn(self.near, REACTOR.getWriters())

    async def test_half_close(self) -> None:
        """Our end goes out behind what waits, nothing is written after it, and the peer is read on."""
        self.made(small=True)
        self.near.write(bytes(MORE))
        self.near.loseWriteConnection()
        self.near.write(b"x")
        self.assertEqual(len(await self.taken(MORE + 1)), MORE + 1)
        self.assertEqual(await self.heard(), b"")
        self.near.write(b"late")
        self.assertNotIn(self.near, REACTOR.getWriters())
        self.far.send(b"word")
        await self.until(lambda: self.control.read == b"word")
        self.near.loseConnection()
        self.assertEqual(self.control.told, [])
        await self.until(lambda: self.control.told == [ConnectionDone])

    async def test_close(self) -> None:
        """It is closed behind what waits, in order, and its peer is not read any more."""
        self.made(small=True)
        self.near.write(bytes(MORE))
        self.near.loseConnection()
        self.near.loseConnection()
        self.near.resumeProducing()
        self.assertNotIn(self.near, REACTOR.getReaders())
        self.assertEqual(len(await self.taken(MORE)), MORE)
        self.assertEqual(await self.heard(), b"")
        await self.until(lambda: self.control.told == [ConnectionDone])

    async def test_close_behind_producer(self) -> None:
        """A producer may have more to say: not before it has gone is it closed."""
        self.made()
        self.near.registerProducer(self.control, False)
        self.near.loseConnection()
        await self.turn(0.02)
        self.assertEqual(set(self.control.told), {"empty"})
        self.near.unregisterProducer()
        await self.until(lambda: self.control.told[-1] is ConnectionDone)

    async def test_abort(self) -> None:
        """It is reset, in the reactor's next turn, and told once; nothing is read or written meanwhile."""
        self.made()
        self.near.registerProducer(self.control, False)
        self.far.send(b"word")
        self.near.abortConnection()
        self.near.abortConnection()
        self.near.write(b"x")
        self.near.resumeProducing()
        self.near.loseWriteConnection()
        self.near.doRead()
        self.near.doWrite()
        self.assertEqual(self.control.told, ["empty"])
        self.assertEqual(await self.heard(), ConnectionResetError)
        self.assertEqual(self.control.told, ["empty", "stop", ConnectionAborted])
        self.near.connectionLost(Failure(ConnectionDone()))
        self.near.registerProducer(self.control, False)
        self.assertEqual(self.control.told[2:], [ConnectionAborted, "stop"])
        self.assertEqual(self.control.read, b"")

    async def test_broken(self) -> None:
        """A socket that cannot be written to is lost."""
        self.made(Halved())
        self.near.pauseProducing()
        self.near.getHandle().shutdown(socket.SHUT_WR)
        self.near.write(b"x")
        await self.until(lambda: self.control.told == [ConnectionLost])


class Entrance(Factory):
    """Makes one."""

    noisy = False

    def __init__(self) -> None:
        self.control = Control()

    def buildProtocol(self, addr: object) -> Attached:
        return attached(cast(Any, self.control))


class Made(SocketCase):
    """Where it comes from."""

    def test_small(self) -> None:
        """It has what Twisted's has, as far as a control connection wants it, and nothing besides."""
        near, _ = self.pair()
        made = Connection(REACTOR, near, cast(Any, Halved()))
        self.addCleanup(REACTOR.removeReader, made)
        verifyObject(IConnection, made)
        self.assertEqual(made.logPrefix(), "Halved")
        self.assertFalse(hasattr(made, "__dict__"))

    async def test_accepted(self) -> None:
        """What a port accepts gets it."""
        transport = await self.accepted(Entrance())
        self.assertIsInstance(transport, Connection)

    async def test_wrapped(self) -> None:
        """What comes through somebody else's factory keeps Twisted's."""
        factory = Entrance()
        transport = await self.accepted(factory, WrappingFactory(factory))
        self.assertIsInstance(transport.transport, Server)

    async def accepted(self, factory: Entrance, listens: Any = None) -> Any:
        """The transport of a connection that came, heard a word and was aborted."""
        listens = listens or factory
        listens.noisy = False
        port = REACTOR.listenTCP(0, listens, interface="127.0.0.1")
        accept_from(port, factory)
        far = self.kept(socket.create_connection(("127.0.0.1", port.getHost().port)))
        control = factory.control
        far.send(b"word")
        await self.until(lambda: control.read == b"word")
        control.transport.abortConnection()
        await self.until(lambda: control.told)
        await port.stopListening()
        return control.transport


class PutOff(Connected):
    """The turn of the reactor has had enough."""

    async def test_reading(self) -> None:
        """It is not read before its turn comes, and then at once; the reactor watches it again."""
        self.made()
        self.control.turns.enough()
        self.far.send(b"word")
        self.near.doRead()
        self.assertEqual((self.control.read, self.near in REACTOR.getReaders()), (b"", False))
        await self.until(lambda: self.control.read == b"word")
        self.assertIn(self.near, REACTOR.getReaders())

    async def test_paused(self) -> None:
        """One that is paused meanwhile, or closed, is left alone."""
        self.made()
        for change in (lambda: None, self.near.loseConnection):
            self.control.turns.enough()
            self.near.doRead()
            self.control.pauses = (Hold.PEER,)
            change()
            self.far.send(b"word")
            await self.turn(0.02)
            self.assertEqual((self.control.read, self.near in REACTOR.getReaders()), (b"", False))
            self.control.pauses = ()

    async def test_writing(self) -> None:
        """The same for what waits to be written."""
        self.made()
        self.near.write(b"word")
        self.control.turns.enough()
        self.near.doWrite()
        self.assertIsNone(read_some(self.far))
        self.assertNotIn(self.near, REACTOR.getWriters())
        await self.until(lambda: (read_some(self.far) or b"") == b"word")

    def test_end(self) -> None:
        """How long an end or a long word takes is looked at; a short one counts by its length."""
        self.made()
        turns = self.control.turns
        for words, clocked in ((b"x" * 65, True), (b"NOOP\r\n", False)):
            asked = iter((1.0, 1.0))
            turns.now = asked.__next__
            turns.spent = 0.0
            self.far.send(words)
            self.near.doRead()
            self.assertEqual((not list(asked), turns.spent > 0), (clocked, not clocked))
        self.assertFalse(turns.over)
        self.far.send(b"x")
        turns.spent = TURN
        self.near.doRead()
        self.assertTrue(turns.over)
