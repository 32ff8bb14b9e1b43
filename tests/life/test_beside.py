"""A port beside the listeners: opened, renewed, handed on and closed, on real sockets."""

from __future__ import annotations

import os
import socket
from typing import Any

from twisted.internet import reactor  # noqa: TID251  (real sockets need a real one)
from twisted.internet.defer import Deferred, gatherResults, maybeDeferred
from twisted.internet.protocol import Protocol, ServerFactory
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase

from ftpalg.life.beside import Beside, renewed
from ftpalg.life.faults import CannotStart
from tests.wire.peers import listener, port_of

KEY = "admin.agent"
ANY = "127.0.0.1:0"


class Says(Protocol):
    """Says who it is, and goes."""

    def connectionMade(self) -> None:
        assert self.transport is not None
        self.transport.write(b"here\n")
        self.transport.loseConnection()


class SaysOther(Protocol):
    """Somebody else."""

    def connectionMade(self) -> None:
        assert self.transport is not None
        self.transport.write(b"other\n")
        self.transport.loseConnection()


class Hears(Protocol):
    """Tells what it heard when it is over."""

    def __init__(self) -> None:
        self.heard = b""
        self.over: Deferred[bytes] = Deferred()

    def dataReceived(self, data: bytes) -> None:
        self.heard += data

    def connectionLost(self, reason: object = None) -> None:
        self.over.callback(self.heard)


class Ports(TestCase):
    """The reactor's."""

    def setUp(self) -> None:
        factory = ServerFactory()
        factory.protocol = Says
        self.reactor: Any = reactor
        self.factory = factory
        self.beside = self.another()

    def another(self) -> Beside:
        """One of its own."""
        made = Beside(self.reactor, KEY, self.factory)
        self.addCleanup(lambda: gatherResults(made.close()))
        return made

    def at(self, beside: Beside) -> int:
        """Its port."""
        return int(self.address(beside).port)

    def address(self, beside: Beside) -> Any:
        """Where it listens."""
        assert beside.port is not None
        return beside.port.getHost()

    async def said(self, port: int) -> bytes:
        """What is heard there."""
        from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol

        hears = Hears()
        await connectProtocol(TCP4ClientEndpoint(self.reactor, "127.0.0.1", port), hears)
        return await hears.over

    async def refused(self, port: int) -> None:
        """Nobody listens there, once the reactor has come to it."""
        await deferLater(self.reactor, 0, lambda: None)
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))

    async def test_none(self) -> None:
        """Without an endpoint there is no port, and nothing to hand on."""
        self.beside.open("", {})
        self.assertEqual((self.beside.port, self.beside.descriptors), (None, {}))
        self.beside.hand_on()
        self.assertEqual(self.beside.close(), [])

    async def test_there(self) -> None:
        """It is answered there until it is closed."""
        self.beside.open(ANY, {})
        port = self.at(self.beside)
        self.assertEqual(await self.said(port), b"here\n")
        await gatherResults(self.beside.close())
        self.assertIsNone(self.beside.port)
        await self.refused(port)

    def busy(self) -> tuple[str, int]:
        """An endpoint that somebody has."""
        taken = listener()
        self.addCleanup(taken.close)
        return f"127.0.0.1:{port_of(taken)}", port_of(taken)

    async def test_busy(self) -> None:
        """One sentence with the setting, who holds it, and a remedy."""
        endpoint, _ = self.busy()
        error = self.assertRaises(CannotStart, self.beside.open, endpoint, {})
        self.assertIn(f"{KEY} = {endpoint!r}: Address already in use (held by PID ", str(error))
        self.assertIn("choose another port", str(error))

    async def test_no_socket(self) -> None:
        """The same where systemd gives none of that name."""
        error = self.assertRaises(CannotStart, self.beside.open, "systemd:agent", {})
        self.assertIn(f"{KEY} = 'systemd:agent': systemd gives no such socket", str(error))

    async def test_renewed(self) -> None:
        """Another endpoint: the new one answers, the old one no more."""
        self.beside.open(ANY, {})
        old = self.at(self.beside)
        with self.beside.renewed("127.0.0.2:0"):
            self.assertEqual(await self.said(old), b"here\n")
        self.assertEqual(self.address(self.beside).host, "127.0.0.2")
        await self.refused(old)
        with self.beside.renewed(""):
            pass
        self.assertIsNone(self.beside.port)
        with self.beside.renewed(ANY):
            pass
        self.assertEqual(await self.said(self.at(self.beside)), b"here\n")

    async def test_same(self) -> None:
        """The same endpoint is left alone."""
        self.beside.open(ANY, {})
        before = self.beside.port
        with self.beside.renewed(ANY):
            pass
        self.assertIs(self.beside.port, before)

    async def test_not_renewed(self) -> None:
        """What is raised meanwhile leaves all as it was, as does a port that somebody has."""
        self.beside.open(ANY, {})
        before = self.beside.port
        endpoint, _ = self.busy()
        with self.assertRaises(CannotStart), self.beside.renewed(endpoint):
            self.fail("it cannot be had")
        free = listener()
        other = f"127.0.0.1:{port_of(free)}"
        free.close()
        for wanted in (other, ""):
            with self.assertRaises(KeyError), self.beside.renewed(wanted):
                raise KeyError
        self.assertIs(self.beside.port, before)
        self.assertEqual(await self.said(self.at(self.beside)), b"here\n")
        await self.refused(int(other.rpartition(":")[2]))

    def two(self) -> tuple[Beside, Beside, str, str]:
        """This one and another, which says something else, and where they are."""
        factory = ServerFactory()
        factory.protocol = SaysOther
        other = Beside(self.reactor, "admin.listen", factory)
        self.addCleanup(lambda: gatherResults(other.close()))
        endpoints: list[str] = []
        for one in (self.beside, other):
            free = listener()
            endpoints.append(f"127.0.0.1:{port_of(free)}")
            free.close()
            one.open(endpoints[-1], {})
        return self.beside, other, endpoints[0], endpoints[1]

    async def test_change_places(self) -> None:
        """Each gets the other's very port, and each answers as itself; and back again."""
        one, other, here, there = self.two()
        ports = one.port, other.port
        with renewed([(one, there), (other, here)]):
            self.assertEqual((one.port, other.port), ports, "not before nothing was raised")
        self.assertEqual((other.port, one.port), ports)
        self.assertEqual((one.endpoint, other.endpoint), (there, here))
        self.assertEqual(await self.said(self.at(one)), b"here\n")
        self.assertEqual(await self.said(self.at(other)), b"other\n")
        with renewed([(one, here), (other, there)]):
            pass
        self.assertEqual((one.port, other.port), ports)
        self.assertEqual(await self.said(self.at(one)), b"here\n")

    async def test_follow(self) -> None:
        """One goes where the other was, in whichever order; the other goes elsewhere, or nowhere."""
        for at, elsewhere in ((0, "127.0.0.2:0"), (1, "127.0.0.2:0"), (0, ""), (1, "")):
            one, other, here, there = self.two()
            moves = [(one, there), (other, elsewhere)]
            with renewed(moves[at:] + moves[:at]):
                pass
            self.assertEqual(await self.said(int(there.rpartition(":")[2])), b"here\n")
            await self.refused(int(here.rpartition(":")[2]))
            if elsewhere:
                self.assertEqual(self.address(other).host, "127.0.0.2")
            self.assertEqual(other.port is not None, bool(elsewhere))
            await gatherResults(one.close() + other.close())

    async def test_not_changed(self) -> None:
        """What is raised meanwhile leaves both; one that stays keeps its port from the other."""
        one, other, here, there = self.two()
        with self.assertRaises(KeyError), renewed([(one, there), (other, here)]):
            raise KeyError
        with self.assertRaises(CannotStart), renewed([(one, there), (other, there)]):
            self.fail("it stays")
        self.assertEqual(await self.said(self.at(one)), b"here\n")
        self.assertEqual(await self.said(self.at(other)), b"other\n")

    async def test_handed_on(self) -> None:
        """The next one has the very socket, and it is closed by neither."""
        self.beside.open(ANY, {})
        port, following = self.at(self.beside), self.another()
        handed = {name: os.dup(number) for name, number in self.beside.descriptors.items()}
        handed["another"] = -1
        following.open(ANY, handed)
        self.assertEqual((handed, self.at(following)), ({"another": -1}, port))
        standing = self.beside.port
        assert standing is not None
        self.addCleanup(lambda: maybeDeferred(standing.stopListening))
        self.beside.hand_on()
        self.assertIsNone(self.beside.port)
        for _ in range(3):
            self.assertEqual(await self.said(port), b"here\n")

    async def test_handed_on_for_another(self) -> None:
        """A socket of another endpoint is not taken; one that is none is, and a new one opened."""
        self.beside.open(ANY, {f"{KEY} 127.0.0.2:0": -1})
        self.assertEqual(await self.said(self.at(self.beside)), b"here\n")
        ours, theirs = os.pipe()
        self.addCleanup(os.close, theirs)
        other = self.another()
        other.open(ANY, {f"{KEY} {ANY}": ours})
        self.assertEqual(await self.said(self.at(other)), b"here\n")
        os.set_blocking(theirs, False)
        self.assertRaises(BrokenPipeError, os.write, theirs, b"x")
