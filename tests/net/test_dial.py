"""Reaching a server: every address in order, every reason told."""

from __future__ import annotations

from typing import Any, cast

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.error import ConnectionRefusedError, TimeoutError
from twisted.internet.protocol import Protocol
from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.actions import Server
from ftpalg.net.dial import Dial

NAME = "ftp.example"


class Resolver:
    """Answers when it is told to."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []

    def resolveHostName(self, receiver: Any, hostName: str, portNumber: int = 0) -> None:
        self.asked.append((hostName, portNumber))
        self.receiver = receiver

    def answer(self, *hosts: str) -> None:
        """The name resolves to these."""
        self.receiver.resolutionBegan(None)
        for host in hosts:
            kind = IPv6Address if ":" in host else IPv4Address
            self.receiver.addressResolved(kind("TCP", host, 0))
        self.receiver.resolutionComplete()


class Connector:
    """What connectTCP gives back, as far as it is looked at."""

    def __init__(self, state: str = "connecting") -> None:
        self.state = state
        self.stopped = 0

    def stopConnecting(self) -> None:
        self.stopped += 1


class Reactor(MemoryReactorClock):
    """Keeps the attempts; the test says how each ends."""

    def __init__(self) -> None:
        super().__init__()
        self.resolver = Resolver()
        self.nameResolver = cast(Any, self.resolver)
        self.attempts: list[Any] = []

    def connectTCP(self, *words: Any, **more: Any) -> Any:
        super().connectTCP(*words, **more)
        self.attempts.append(Connector())
        return self.attempts[-1]

    @property
    def tried(self) -> list[tuple[str, int, float]]:
        """Host, port and seconds of every attempt."""
        return [(host, port, seconds) for host, port, _, seconds, _ in self.tcpClients]

    def miss(self, reason: BaseException) -> None:
        """The last attempt fails."""
        self.attempts[-1].state = "disconnected"
        factory = self.tcpClients[-1][2]
        factory.clientConnectionFailed(self.attempts[-1], Failure(reason))


class Dials(SynchronousTestCase):
    """A reactor of the test's own; nothing is connected."""

    def setUp(self) -> None:
        self.reactor = Reactor()
        self.failed: list[str] = []
        self.built: list[Protocol] = []

    def build(self) -> Protocol:
        """A protocol for one attempt."""
        self.built.append(Protocol())
        return self.built[-1]

    def dial(self, host: str = NAME, port: int = 2121) -> Dial:
        """A server being reached, ten seconds for each address."""
        return Dial(self.reactor, Server(host, port), 10.0, self.build, self.failed.append)

    def test_address(self) -> None:
        """An address is not resolved."""
        for host in ("192.0.2.1", "2001:db8::1"):
            self.dial(host)
        self.assertEqual(self.reactor.resolver.asked, [])
        self.assertEqual(
            self.reactor.tried, [("192.0.2.1", 2121, 10.0), ("2001:db8::1", 2121, 10.0)]
        )

    def test_in_order(self) -> None:
        """The addresses of a name are tried one at a time, in the order of the answer."""
        self.dial()
        self.assertEqual(self.reactor.resolver.asked, [(NAME, 2121)])
        self.reactor.resolver.answer("2001:db8::1", "192.0.2.1", "2001:db8::1", "192.0.2.2")
        hosts = ["2001:db8::1", "192.0.2.1", "192.0.2.2"]
        for number in range(1, 4):
            self.assertEqual([host for host, _, _ in self.reactor.tried], hosts[:number])
            self.assertEqual(self.failed, [])
            self.reactor.miss(ConnectionRefusedError())
        self.assertEqual((len(self.failed), len(self.built)), (1, 3))

    def test_success_ends_it(self) -> None:
        """An attempt that succeeds gets its own protocol, and no other address is tried."""
        self.dial()
        self.reactor.resolver.answer("192.0.2.1", "192.0.2.2")
        self.reactor.miss(TimeoutError())
        made = self.reactor.tcpClients[-1][2].buildProtocol(None)
        self.assertIs(made, self.built[1])
        self.assertEqual((len(self.reactor.tried), self.failed), (2, []))

    def test_reasons(self) -> None:
        """Every address is named with its own reason, the system's words where it gave some."""
        self.dial()
        self.reactor.resolver.answer("192.0.2.1", "192.0.2.2")
        self.reactor.miss(ConnectionRefusedError(osError=OSError(111, "Connection refused")))
        self.reactor.miss(TimeoutError())
        (reason,) = self.failed
        first, second = reason.split("; ")
        self.assertEqual(first, "192.0.2.1: [Errno 111] Connection refused")
        self.assertRegex(second, r"^192\.0\.2\.2: .*[Tt]im")

    def test_no_address(self) -> None:
        """A name that does not resolve is told as that."""
        self.dial()
        self.reactor.resolver.answer()
        self.assertEqual(self.failed, [f"no address for {NAME}"])
        self.assertEqual(self.reactor.tried, [])

    def test_cancel_while_resolving(self) -> None:
        """An answer that comes after the cancel leads nowhere."""
        self.dial().cancel()
        self.reactor.resolver.answer("192.0.2.1")
        self.assertEqual((self.reactor.tried, self.failed), ([], []))

    def test_cancel_while_connecting(self) -> None:
        """The attempt is stopped; its failure is not told and no other address is tried."""
        dial = self.dial()
        self.reactor.resolver.answer("192.0.2.1", "192.0.2.2")
        dial.cancel()
        self.assertEqual(self.reactor.attempts[0].stopped, 1)
        self.reactor.miss(TimeoutError())
        self.assertEqual((len(self.reactor.tried), self.failed), (1, []))

    def test_cancel_when_connected(self) -> None:
        """A connection that stands is not for the dial to stop."""
        dial = self.dial("192.0.2.1")
        self.reactor.attempts[0].state = "connected"
        dial.cancel()
        self.assertEqual(self.reactor.attempts[0].stopped, 0)
