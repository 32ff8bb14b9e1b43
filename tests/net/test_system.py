"""The system's resolver in threads of its own."""

from __future__ import annotations

import socket
from threading import Event, Thread
from typing import Any

from twisted.internet.defer import Deferred

from ftpalg.net.reach.system import System, addresses_of
from tests.net.pairs import REACTOR, SocketCase


class Asked(SocketCase):
    """Look-ups, with a getaddrinfo of the test's own."""

    def setUp(self) -> None:
        super().setUp()
        self.told: list[Any] = []
        self.ended: list[str] = []
        self.free = Event()
        self.addCleanup(self.free.set)
        self.patch(socket, "getaddrinfo", self._answer)

    def _answer(self, name: str, port: None, **more: Any) -> list[Any]:
        if name == "hangs.example":
            self.free.wait(10)
        if name == "none.example":
            raise socket.gaierror(-2, "Name or service not known")
        return [(0, 0, 0, "", (host, 0)) for host in ("192.0.2.1", "fe80::1%lo", "192.0.2.1")]

    def begin(self, name: str) -> Any:
        """One more."""
        return System(REACTOR).begin(
            name, lambda *told: self.told.append(told), lambda: self.ended.append(name)
        )

    async def _found(self) -> None:
        self.begin("ftp.example")
        await self.until(lambda: self.ended)
        self.assertEqual(self.told, [(["192.0.2.1", "fe80::1%lo"], "")])
        self.begin("none.example")
        await self.until(lambda: len(self.ended) == 2)
        why = "no address for none.example: Name or service not known"
        self.assertEqual(self.told[1:], [([], why)])

    def test_found(self) -> Deferred[None]:
        """Each address once, in the system's order; or the system's words."""
        return Deferred.fromCoroutine(self._found())

    async def _hangs(self) -> None:
        asking = self.begin("hangs.example")
        self.begin("ftp.example")
        await self.until(lambda: self.told)
        asking.cancel()
        self.assertEqual(self.ended, ["ftp.example"])
        self.free.set()
        await self.until(lambda: len(self.ended) == 2)
        self.assertEqual(len(self.told), 1)

    def test_given_up(self) -> Deferred[None]:
        """One that hangs holds up no other; given up, it tells nothing, and ends when it ends."""
        return Deferred.fromCoroutine(self._hangs())

    def test_none_left(self) -> None:
        """Where the system has no thread that is the answer, and the end."""

        def start(thread: Thread) -> None:
            raise RuntimeError("can't start new thread")

        self.patch(Thread, "start", start)
        self.begin("ftp.example")
        why = "no address for ftp.example: the system has no thread left for its resolver"
        self.assertEqual((self.told, self.ended), ([([], why)], ["ftp.example"]))


class Names(SocketCase):
    """What is no name."""

    def test_hostile(self) -> None:
        """A name that cannot be asked for has no address."""
        for name in ("a" * 64 + ".example", "a..example", ".", "a\0b", "x" * 70000):
            found, fault = addresses_of(name)
            self.assertEqual(found, [], name)
            self.assertTrue(fault.startswith(f"no address for {name}"), fault[:80])
