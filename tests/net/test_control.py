"""Both control connections: their states and ends, what is read in a turn, what is kept and what not."""

from __future__ import annotations

import socket
import sys
from typing import Any

from OpenSSL import SSL

from ftpalg.config import Intercept, Listener
from ftpalg.core.events import Event, ReplyReceived
from ftpalg.core.routes import Server
from ftpalg.core.session_settings import ClientTls, Rules
from ftpalg.net.control import client as client_module
from ftpalg.net.control import server as server_module
from ftpalg.net.control.client import ClientControl
from ftpalg.net.control.flow_control import Hold
from ftpalg.net.control.line import EVENT, READ, Control, link_of
from ftpalg.net.control.outlet import FULL
from ftpalg.net.control.state import State
from ftpalg.net.control.tls import TURN as RECORDS
from tests.net.controls import ControlCase
from tests.net.pairs import read_some, send_some
from tests.net.tls_controls import LINE, POURED, TlsControlCase


class Turns(TlsControlCase):
    """Rule 10: one turn of the reactor takes so many lines."""

    def test_commands(self) -> None:
        """The others wait for the next turns, unread bytes in the socket too; none is lost."""
        self.patch(client_module, "TURN", 3 * EVENT)
        control, _ = self.client()
        control.dataReceived(LINE * 7)
        counts = [len(self.owner.heard)]
        while Hold.TURN in control.pauses:
            self.clock.step()
            counts.append(len(self.owner.heard))
        self.assertEqual(counts, [3, 6, 7])

    def test_replies(self) -> None:
        """A reply of so many lines, and whole replies, a turn's worth at a time."""
        self.patch(server_module, "TURN", 100)
        control, _ = self.server()
        control.dataReceived(b"211-\r\n" + b"\r\n" * 250 + b"211 End\r\n" + b"200 x\r\n" * 8)
        counts = [len(self.owner.heard)]
        while Hold.TURN in control.pauses:
            self.clock.step()
            counts.append(len(self.owner.heard))
        self.assertEqual(counts, [0, 0, 2, 6, 9])
        first = self.owner.heard[0]
        assert isinstance(first, ReplyReceived)
        self.assertEqual(len(first.reply.lines), 252)

    async def test_read(self) -> None:
        """Bytes, too: a flood of Telnet commands, of which each costs, is read little by little."""
        for made in (self.client, self.server):
            taken = await self.taken(made(), b"\xff\xfa" * READ)
            self.assertLessEqual(max(taken), READ)

    async def taken(self, made: tuple[Control, socket.socket], data: bytes) -> list[int]:
        """How much of it at a time."""
        control, far = made
        taken: list[int] = []
        self.patch(type(control), "dataReceived", lambda _, piece: taken.append(len(piece)))
        self.assertEqual(send_some(far, data), len(data))
        await self.until(lambda: sum(taken) == len(data))
        return taken

    async def test_records(self) -> None:
        """A line of a byte in each record, in one segment: the session hears it whole."""
        control, there = await self.secured_client()
        self.owner.heard.clear()
        for byte in b"SITE " + b"x" * 600 + b"\r\n":
            there.tls.send(bytes((byte,)))
        control.dataReceived(there.tls.bio_read(1 << 17))
        turns = 0
        while Hold.TURN in control.pauses:
            self.assertEqual(self.owner.heard, [])
            self.clock.step()
            turns += 1
        self.assertEqual((self.owner.names, turns), (["CommandReceived"], 607 // RECORDS))

    def test_ended_in_between(self) -> None:
        """A session that ends while lines wait for their turn hears of none of them."""
        self.patch(client_module, "TURN", EVENT)
        control, _ = self.client()
        control.dataReceived(LINE * 3)
        control.hang_up()
        self.clock.advance(0)
        self.assertEqual(self.owner.names, ["CommandReceived"])

    def test_room(self) -> None:
        """A full session is asked again, and the client is not read meanwhile."""
        control, _ = self.client()

        def fill(event: Event) -> None:
            self.owner.wants_commands = len(self.owner.heard) % 2 == 0

        self.owner.does = fill
        control.dataReceived(LINE * 3)
        self.assertEqual((len(self.owner.heard), control.waits_for_room), (1, True))
        self.owner.wants_commands = True
        control.pump()
        self.assertEqual((len(self.owner.heard), control.waits_for_room), (3, True))
        self.owner.wants_commands = True
        control.pump()
        self.assertEqual((len(self.owner.heard), control.waits_for_room), (3, False))


class Backpressure(ControlCase):
    """Peers that do not read."""

    async def test_client(self) -> None:
        """Nothing more is read of either side, until it has taken all; the bytes stay in order."""
        control, far = self.client(small=True)
        sent = b""
        while not sent or Hold.PEER not in control.pauses:
            piece = b"200 %06d %b\r\n" % (len(sent), b"x" * 2000)
            control.write(piece)
            sent += piece
        self.assertEqual(self.owner.words, ["start", "pause"])
        control.dataReceived(LINE)
        self.assertEqual(self.owner.heard, [])
        got = b""
        while len(got) < len(sent):
            got += read_some(far) or b""
            await self.turn()
        self.assertEqual(got, sent)
        await self.until(lambda: "resume" in self.owner.words)
        self.assertEqual((self.owner.names, bool(control.pauses)), (["CommandReceived"], False))

    async def test_opaque(self) -> None:
        """Copied bytes: a server that does not read holds the client, and no other."""
        control, _ = self.client()
        server, far = self.server(small=True)
        control.go_opaque(server)
        self.assertEqual({control.state, server.state}, {State.OPAQUE})
        while Hold.PEER not in server.pauses:
            control.dataReceived(bytes(FULL))
        self.assertIn(Hold.OTHER, control.pauses)
        while control.pauses:
            read_some(far)
            await self.turn()
        self.assertFalse(server.pauses)


class HungUp(TlsControlCase):
    """What comes behind the end is read and dropped, for as long as the drain lasts."""

    async def pour(self, control: Any, sock: socket.socket, data: bytes) -> None:
        """Send much of that; all of it is taken, none of it kept."""
        poured = 0
        while poured < POURED:
            poured += send_some(sock, data)
            await self.turn(0)
        if control.tls is not None:
            self.assertEqual(len(control.tls._part), 0)
        self.assertTrue(control._lines.empty)

    async def test_server(self) -> None:
        """A server that floods."""
        control, far = self.server()
        control.dataReceived(b"220 Ready.\r\n")
        control.hang_up()
        await self.pour(control, far, b"200 " + b"x" * 2000)
        self.assertEqual(self.owner.names, ["ReplyReceived"])

    async def test_client(self) -> None:
        """A client that goes on sending."""
        control, far = self.client()
        control.write(b"421 Bye.\r\n")
        control.hang_up()
        await self.pour(control, far, LINE * 100)
        self.assertEqual((read_some(far), self.owner.heard), (b"421 Bye.\r\n", []))

    async def test_under_tls(self) -> None:
        """The same under TLS: nothing is even decrypted."""
        for made in (self.secured_server(), self.secured_client()):
            control, there = await made
            heard = len(self.owner.heard)
            control.hang_up()
            there.tls.send(b"200 " + b"x" * 60000)
            await self.pour(control, there.sock, there.tls.bio_read(1 << 16))
            self.assertEqual(len(self.owner.heard), heard)

    async def test_bounded(self) -> None:
        """Who does not close is reset after timeouts.drain."""
        for control, far in (self.client(), self.server()):
            control.hang_up()
            await self.until(lambda far=far: read_some(far) == b"")  # type: ignore[misc]
            self.clock.advance(self.settings.timeouts.drain)

            def cut(far: socket.socket = far) -> bool:
                try:
                    return far.send(b"x") == 0
                except (ConnectionResetError, BrokenPipeError):
                    return True

            await self.until(cut)

    async def test_last_words(self) -> None:
        """What was written before goes out, close_notify behind it under TLS, then the end."""
        control, there = await self.secured_client()
        control.write(b"221 Bye.\r\n")
        control.hang_up()
        control.write(b"never")
        found = b""
        while not there.tls.get_shutdown() & SSL.RECEIVED_SHUTDOWN:
            found += there.read()
            await self.turn()
        self.assertEqual(found, b"221 Bye.\r\n")
        await self.until(lambda: read_some(there.sock) == b"")


class Redirected(ControlCase):
    """A connection that nftables has led here."""

    def test_direct(self) -> None:
        """Where pinholes lead data here, too, the session may tell the address that was dialled.

        Elsewhere that would be another machine's: nobody listens for us there.  GNU ftp compares the
        227 with whom it called.
        """
        server = Server("203.0.113.5")
        self.patch(client_module, "destination_of", lambda sock, intercept: server)
        for intercept, pierces, direct in (
            (Intercept.REDIRECT, False, False),
            (Intercept.REDIRECT, True, True),
            (Intercept.TPROXY, False, True),
        ):
            self.door.pierces = pierces
            listener = Listener("", ClientTls.OFF, intercept=intercept)
            self.adopted(ClientControl(self.door, Rules(), listener))
            link = self.door.links.pop()
            self.assertEqual((link.destination, link.direct), (server, direct))
            self.assertEqual(link.shown, server.host if direct else "")


class Links(ControlCase):
    """Addresses of connections."""

    def test_shared(self) -> None:
        """One address is one object, and not for ever: Python 3.12 keeps what is interned."""

        class Connected:
            def getpeername(self) -> tuple[str, int]:
                return ".".join(("198", "51", "100", "77")), 40000

            getsockname = getpeername

        made: Any = Connected()
        first, second = link_of(made), link_of(made)
        self.assertIs(first.peer, second.peer)
        self.assertIs(first.peer, first.local)
        self.assertIsNot(sys.intern(".".join(("198", "51", "100", "77"))), first.peer)
