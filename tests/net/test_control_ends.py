"""Control connections whose TLS or whose peer ends."""

from __future__ import annotations

import socket
from typing import Any

from ftpalg.core.events import ClientDone, CommandReceived, Event
from ftpalg.core.session_settings import ClientTls
from ftpalg.net.control.flow_control import Hold
from ftpalg.net.control.line import Control
from ftpalg.net.control.outlet import FULL
from ftpalg.net.control.state import State
from ftpalg.net.control.tls import Stage
from tests.net.pairs import read_some
from tests.net.tls_controls import LINE, FarTls, TlsControlCase
from tests.wire.peers import reset


class Clear(TlsControlCase):
    """AUTH and CCC."""

    def test_behind_auth(self) -> None:
        """Bytes in clear behind AUTH or behind the 234 end the session (CVE-2011-1575, 2021-22947)."""
        control, _ = self.client()
        control.dataReceived(b"half")
        control.start_tls(self.for_clients())
        self.assertEqual(self.owner.names, ["ClientLost"])
        server, _ = self.server()
        server.dataReceived(b"half")
        server.start_tls(self.for_server())
        self.assertEqual(self.owner.names[1:], ["ServerBroken"])
        self.assertIsNone(server.tls)

    async def cleared(self, behind: bytes = b"") -> tuple[Any, FarTls]:
        """A client whose CCC has been answered."""
        control, there = await self.secured_client()

        def ccc(event: Event) -> None:
            if isinstance(event, CommandReceived) and event.command.verb == b"CCC":
                control.write(b"200 Clear.\r\n")
                control.stop_tls()

        self.owner.does = ccc
        there.say(b"CCC\r\n" + behind)
        await self.until(there.read)
        return control, there

    async def test_twice(self) -> None:
        """A second CCC, a CCC without TLS and TLS again: none of them is a fault."""
        control, there = await self.cleared()
        control.stop_tls()
        there.tls.shutdown()
        there.flush()
        there.sock.sendall(LINE)
        await self.until(lambda: len(self.owner.heard) == 3)
        control.stop_tls()
        self.assertIs(control.tls.stage, Stage.CLEARED)
        control.write(b"200 Fine.\r\n")
        await self.until(lambda: read_some(there.sock) == b"200 Fine.\r\n")
        control.start_tls(self.for_clients())
        again = FarTls(there.sock, self.for_server().connection())
        await self.until(again.shake)
        plain, _ = self.client()
        plain.stop_tls()
        self.assertIsNone(plain.tls)

    async def test_late(self) -> None:
        """A command under TLS behind CCC ends the session with a word, in whichever record."""
        for glued in (True, False):
            self.owner.words.clear()
            _, there = await self.cleared(LINE if glued else b"")
            if not glued:
                there.say(LINE)

            def told() -> bool:
                self.clock.advance(0)
                return any("behind CCC" in word for word in self.owner.words)

            await self.until(told)
            commands = [e for e in self.owner.heard if isinstance(e, CommandReceived)]
            self.assertEqual({e.command.verb for e in commands}, {b"CCC"})


class Lost(TlsControlCase):
    """Connections that are lost: in every state, from either side, by FIN and by reset."""

    async def states(self) -> list[tuple[str, Control, socket.socket]]:
        """A connection in each of them."""
        made: list[tuple[str, Control, socket.socket]] = []
        self.door.balancers.add("127.0.0.1")
        made.append((State.HEADER.name, *self.client()))
        self.door.balancers.clear()
        made.append((State.SHAKING.name, *self.client(ClientTls.IMPLICIT)))
        made.append((State.TALKING.name, *self.client()))
        made.append((State.TALKING.name, *self.server()))
        for one in (self.client(), self.server()):
            made.append((Stage.SHAKING.name, *one))
        made[-2][1].start_tls(self.for_clients())  # type: ignore[attr-defined]
        made[-1][1].start_tls(self.for_server())  # type: ignore[attr-defined]
        for secured in (self.secured_client(), self.secured_client(ClientTls.IMPLICIT)):
            control, there = await secured
            made.append((Stage.SECURED.name, control, there.sock))
            self.owner.heard.clear()
        control, there = await self.secured_server()
        made.append((Stage.SECURED.name, control, there.sock))
        self.owner.heard.clear()
        control, there = await self.secured_client()
        control.stop_tls()
        made.append((Stage.LEAVING.name, control, there.sock))
        opaque, server = self.client(), self.server()
        opaque[0].go_opaque(server[0])
        made += [(State.OPAQUE.name, *opaque), (State.OPAQUE.name, *server)]
        closing, full, bare = self.client(), self.client(small=True), self.client()
        closing[0].hang_up()
        while Hold.PEER not in full[0].pauses:
            full[0].write(bytes(FULL))
        bare[0].dataReceived(b"NOOP\n")
        made += [(State.CLOSING.name, *closing), ("full", *full), ("bare", *bare)]
        return made

    async def lose(self, how: str) -> None:
        """Lose each of them in that way; nothing of it is left, and the owner hears it once."""
        for name, control, far in await self.states():
            self.owner.heard.clear()

            def leave(event: Event, control: Control = control) -> None:
                if isinstance(event, ClientDone):
                    control.hang_up()

            self.owner.does = leave
            if how == "reset":
                reset(far)
            elif how == "end":
                far.close()
            elif how == "abort":
                control.abort()
            else:
                control.hang_up()
                far.close()
            transport: Any = control.transport
            if name == "full":
                control.pauses.clear()
            await self.until(lambda transport=transport: transport.disconnected)  # type: ignore[misc]
            lost = [n for n in self.owner.names if n in ("ClientLost", "ServerLost")]
            self.assertLessEqual(len(lost), 1, name)
            self.assertTrue(control.closing, name)
            control.write(b"too late")
            control.hang_up()
            self.assertIs(control._waits and control._waits._running, None, (name, how))

    async def test_reset(self) -> None:
        """The peer resets."""
        await self.lose("reset")

    async def test_end(self) -> None:
        """The peer closes."""
        await self.lose("end")

    async def test_aborted(self) -> None:
        """We reset."""
        await self.lose("abort")

    async def test_hung_up(self) -> None:
        """We hang up and the peer closes."""
        await self.lose("hang up")
