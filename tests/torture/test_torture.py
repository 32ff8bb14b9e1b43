"""For every dialogue, every call that can fail, every way and time to fail: the same demands.

No hang; no descriptor, timer, session or count left; no clean end of a torn file on either side;
what was called complete is whole; an exception that nobody expects is told once, with its session;
and the next session goes through undisturbed.  FTPALG_TORTURE=all goes through all of them,
FTPALG_TORTURE="accept #2" through those; else some of each kind are taken, always the same.
"""

from __future__ import annotations

import os
import socket
import threading
from collections import Counter
from zlib import crc32

from twisted.trial.unittest import TestCase

from ftpalg.net.arrivals import MOST
from tests.torture.dialogues import Dialogue, dialogues
from tests.torture.faults import CALLS, Fault, Faults
from tests.torture.house import Hang, House
from tests.torture.peers import BODY, BROKEN, Client, Copy, Seen, Server
from tests.wire.peers import Control, listener, port_of

WANTED = os.environ.get("FTPALG_TORTURE", "")
ALL = WANTED == "all"
SOME = 2
"""Times of each kind of call and dialogue at which it fails, unless all of them are wanted."""


LAST = (421, 234, 221)
"""The last word of a session that an exception ended: 421, unless its client waits for TLS to begin
(nothing can be said then, nor where TLS has failed), or has heard the last one before."""


class Peers:
    """Client and server of one run, in their threads."""

    def __init__(self, dialogue: Dialogue, house: House, port: socket.socket) -> None:
        self.seen = Seen()
        self._dialogue, self._house, self._port = dialogue, house, port
        self._sockets: list[socket.socket] = []
        self._waker = 0
        self._threads = [
            threading.Thread(target=part, daemon=True) for part in (self._client, self._server)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def over(self) -> bool:
        """Whether both have ended."""
        return not any(thread.is_alive() for thread in self._threads)

    def _client(self) -> None:
        try:
            client = Client(self._house.address, self.seen, port_of(self._port))
        except OSError:
            self.seen.ended = "refused"
            return
        finally:
            if self.seen.ended != "never":
                self._wake()
        self._sockets.append(client.sock)
        try:
            client.send(self._dialogue.header)
            self._dialogue.play(client)
            self.seen.ended = "done"
        except BROKEN as error:
            self.seen.ended = repr(error)
        finally:
            client.close()
            self.seen.complete = client.complete
            self._wake()

    def _wake(self) -> None:
        """The server need not wait for a connection any more."""
        with socket.socket() as waker:
            waker.bind(("127.0.0.1", 0))
            self._waker = port_of(waker)
            waker.connect(self._port.getsockname())

    def _server(self) -> None:
        while True:
            sock, address = self._port.accept()
            if address[1] == self._waker:
                sock.close()
                return
            self._sockets.append(sock)
            Server(Control(sock), self.seen, tls=self._dialogue.tls).run()

    def cut(self) -> None:
        """End them, whatever they wait for."""
        for sock in self._sockets:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Torture(TestCase):
    """One run after the other, in one process."""

    timeout = 3600 if ALL else 600

    def setUp(self) -> None:
        self.faults = Faults()
        self.faults.patch(self.patch)
        self.port = listener()
        self.port.settimeout(None)
        self.addCleanup(self.port.close)

    def house(self, dialogue: Dialogue) -> House:
        """The gateway of a dialogue."""
        house = House(dialogue.toml.replace("PORT", str(port_of(self.port))), self.faults)
        self.addCleanup(house.stop)
        return house

    async def run_once(self, dialogue: Dialogue, house: House, *, leaping: bool) -> Peers:
        """One session, up to where nothing of it is left; it does not come in the same moment as the last."""
        house.time.advance(MOST)
        peers = Peers(dialogue, house, self.port)
        try:
            await house.until(lambda: peers.over, leaping=leaping)
        except Hang:
            left = house.left
            peers.cut()
            await house.until(lambda: peers.over, leaping=True)
            raise Hang(f"client: {peers.seen}; gateway: {left}") from None
        self.faults.disarm()
        try:
            await house.until(lambda: not house.left, leaping=True)
        except Hang:
            raise Hang(f"left behind: {house.left}") from None
        return peers

    async def undisturbed(self, dialogue: Dialogue, house: House) -> Counter[str]:
        """A session in which nothing fails; how often each call was made."""
        self.faults.arm(None)
        peers = await self.run_once(dialogue, house, leaping=False)
        seen = peers.seen
        self.assertTrue(seen.done, f"{dialogue.name}: {seen.ended} {seen.heard}")
        self.judge(seen)
        return Counter(self.faults.seen)

    def judge(self, seen: Seen) -> None:
        """What arrived is whole and was called so, or is visibly broken."""
        for side, copy, called in (
            ("client", seen.down, None),
            ("server", seen.up, seen.complete),
        ):
            if copy is None:
                continue
            self.assertFalse(copy.torn, f"a torn file ends cleanly at the {side}: {show(copy)}")
            complete = copy.complete if called is None else called
            if complete:
                self.assertTrue(copy.whole, f"called complete at the {side}: {show(copy)}")

    async def disturbed(self, dialogue: Dialogue, house: House, fault: Fault) -> None:
        """A session in which something fails, and an undisturbed one behind it."""
        house.log.failed.clear()
        before = house.descriptors()
        self.faults.arm(fault)
        peers = await self.run_once(dialogue, house, leaping=True)
        self.judge(peers.seen)
        if not self.faults.struck:
            return
        logged = self.flushLoggedErrors()
        if not self.faults.struck.startswith("twisted."):
            self.assertEqual([error.getTraceback() for error in logged], [])
        self.assertLessEqual(len(house.log.failed), 1, house.log.failed)
        in_session = bool(house.log.failed) and house.log.failed[0][0] != "-"
        if in_session and peers.seen.heard and "SSL" not in peers.seen.ended:
            self.assertIn(peers.seen.heard[-1], LAST, peers.seen)
        try:
            await house.until(lambda: len(house.descriptors()) <= len(before), leaping=True)
        except Hang:
            more = sorted(set(house.descriptors().items()) - set(before.items()))
            raise Hang(f"descriptors left behind: {more}") from None

    async def torture(self, dialogue: Dialogue) -> None:
        """All, or some, of what can fail in it."""
        house = self.house(dialogue)
        counts = await self.undisturbed(dialogue, house)
        counts |= await self.undisturbed(dialogue, house)
        wrong: list[str] = []
        for fault in chosen(dialogue.name, counts):
            try:
                await self.disturbed(dialogue, house, fault)
                await self.undisturbed(dialogue, house)
            except (AssertionError, Hang) as error:
                wrong.append(f"{fault}: {type(error).__name__}: {str(error)[:1500]}")
                house = self.house(dialogue)
                self.flushLoggedErrors()
        self.assertEqual(wrong, [], "\n".join(wrong))


def chosen(name: str, counts: Counter[str]) -> list[Fault]:
    """What is made to fail: everything, or of each call the first, and some others."""
    found = []
    for call, count in sorted(counts.items()):
        errors = CALLS[call][2]
        for at in range(1, count + 1):
            found += [Fault(call, at, error) for error in errors]
    if WANTED:
        return [fault for fault in found if ALL or WANTED in str(fault)]
    some: dict[str, list[Fault]] = {}
    for fault in sorted(found, key=lambda fault: crc32(f"{name} {fault}".encode())):
        some.setdefault(fault.call, []).append(fault)
    return [fault for faults in some.values() for fault in faults[:SOME]]


def show(copy: Copy) -> str:
    """Without the bytes."""
    return f"{len(copy.body)} of {len(BODY)} bytes, {copy.ending}, complete: {copy.complete}"


def _test(dialogue: Dialogue) -> None:
    """A test of its own for each dialogue."""

    async def test(self: Torture) -> None:
        await self.torture(dialogue)

    test.__doc__ = f"The dialogue of {dialogue.name}."
    setattr(Torture, "test_" + dialogue.name.replace(" ", "_"), test)


for _dialogue in dialogues():
    _test(_dialogue)
