"""A ladder's script over real sockets: its data connections, and all of its words."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from typing import Any
from unittest import SkipTest

from ftpalg.core.events import Side
from ftpalg.core.stages.transfer_states import Leg
from ftpalg.net.legs.data_port import Listener
from ftpalg.net.legs.sockets import DataSocket
from tests.core.ladder import CLIENT, SERVER, WORDS
from tests.net.ladders.control import ControlLadder
from tests.net.ladders.names import real_host
from tests.net.ladders.peers import End, connected, listener

FILE = b"some bytes of a file"


class SocketLadder(ControlLadder):
    """A session with sockets, and the script it is played against."""

    def _word(self, text: str) -> None:
        for pattern, handle in WORDS:
            match = pattern.fullmatch(text)
            if match is not None:
                mine = PLAYED.get(handle.__name__)
                if mine is None:
                    raise SkipTest(f"no peer here does it: {handle.__name__.replace('_', ' ')}")
                mine(self, *match.groups())
                self.loop.calm()
                return
        self._fail("says what no word of the ladder says")

    # -- data connections -------------------------------------------------------------------------

    def _half(self, name: str) -> Any:
        """The gateway's part of one side's data connection."""
        driver = self.driver
        return driver.legs.side(Side.CLIENT) if name == "client" else driver.backend.data

    def _state(self, name: str) -> Leg | None:
        transfer = self.session.transfer.state
        return None if transfer is None else transfer.leg(Side(name))

    def listens(self, side: str, port: str, shown: str | None) -> None:
        if shown is not None:
            raise SkipTest("no peer here does it: resolves a name of ours")
        self._until(lambda: isinstance(self._half(side).leg, Listener), "no port is open")
        self.names.learn(int(port), self._half(side).leg.port)

    def connects(self, side: str, port: str) -> None:
        number = self.names.port(int(port))
        self._until(lambda: number in self.loop.dialled, "it is not dialled")
        self.data[Side(side)] = End(self.names.waiting[int(port)].accept()[0])

    def opens(self, side: str, tls: str | None) -> None:
        if tls is not None:
            raise SkipTest("no peer here does it: begins TLS")
        leg = self._half(side).leg
        if isinstance(leg, Listener):
            peer = CLIENT if side == "client" else SERVER
            where = (leg.socket.getsockname()[0], leg.port)
            self.data[Side(side)] = End(connected(real_host(peer.peer), where))
        else:
            self.loop.stands(self._dialled(side))
        self._until(lambda: isinstance(self._half(side).leg, DataSocket), "it is not taken")

    def _dialled(self, side: str) -> int:
        end = self.data.get(Side(side))
        if end is None:
            self._fail("tells of a leg that was not dialled")
        port: int = end.sock.getsockname()[1]
        return port

    def fails(self, side: str, reason: str | None) -> None:
        leg = self._half(side).leg
        if side in self._ahead:
            raise SkipTest("no peer here does it: takes no end")
        if reason:
            self._reasons.add(reason)
        if isinstance(leg, Listener):
            raise SkipTest("no peer here does it: breaks a port of ours")
        if isinstance(leg, DataSocket):
            if self._state(side) not in (Leg.MOVING, Leg.OPEN):
                raise SkipTest("no peer here does it: breaks a leg that nobody reads")
            self.data[Side(side)].break_()
            return
        port = self._dialled(side)
        held = self.loop.dialled[port].descriptor.socket
        with listener("127.0.0.1") as closed, socket.socket() as refused:
            where = closed.getsockname()
            closed.close()
            refused.setblocking(False)
            refused.connect_ex(where)
            os.dup2(refused.fileno(), held.fileno())
        self.loop.stands(port)

    def relays(self, side: str) -> None:
        source, sink = self.data[Side(side)], self.data[Side(side).other]
        transfer = self.session.transfer.state
        assert transfer is not None
        self.case.assertIs(transfer.source, Side(side), self._line)
        source.send(FILE)

        def moved() -> bool:
            sink.look()
            return sink.came == FILE

        self._until(moved, "nothing is relayed")

    def ends(self, side: str) -> None:
        self._ahead.discard(side)
        state = self._state(side)
        self.data[Side(side)].finish()
        self._until(lambda: self._state(side) not in (Leg.MOVING, Leg.ENDING), f"it is {state}")

    def ends_leg(self, side: str) -> None:
        self._over(side, "end")
        self._ahead.add(side)

    def closes_leg(self, side: str) -> None:
        self._over(side, "end", "reset")

    def aborts_leg(self, side: str) -> None:
        if side in self._ahead:
            raise SkipTest("no peer here does it: takes no end")
        self._over(side, "reset")

    def _over(self, side: str, *how: str) -> None:
        end = self.data.get(Side(side))
        if end is None or end.over == "ours":
            return  # nobody has come to it
        self._until(end.ended, "it has not ended")
        self.case.assertIn(end.over, how, self._line)


MINE = """
    connected unreachable forbidden lost half_closes dials hangs_up falls_silent
    accepts refuses_account too_busy checks
    expires starts stops done logged_in notes reports
    opens ends fails listens connects relays ends_leg aborts_leg closes_leg
""".split()  # noqa: SIM905  (a list of 27 words on 27 lines)
PLAYED: dict[str, Callable[..., None]] = {name: getattr(SocketLadder, name) for name in MINE}
"""The words of the ladder that are played here."""
