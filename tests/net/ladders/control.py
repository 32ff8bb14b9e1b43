"""Plays a ladder's script over real sockets: what its peers say is sent, what they hear is read.

The session, its control connections, its data connections and the relay are the gateway's own.  The
script's addresses stand for some of loopback's, its ports for those that the kernel gives.  Waits are
over when the script says so.  What comes to one peer comes in the script's order; between two peers
there is no order.  A script that tells of what these peers cannot do is skipped, and says of what.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NoReturn
from unittest import SkipTest

from ftpalg.core import events as ev
from ftpalg.core import facts
from ftpalg.core.events import Link, Side, Timer, Traits
from ftpalg.core.last_lines import rungs
from ftpalg.core.routes import Server
from ftpalg.core.session import Session
from ftpalg.core.session_settings import ClientTls, Rules
from ftpalg.core.wire.errors import FtpError
from ftpalg.core.wire.replies import Reply, ReplyParser
from ftpalg.net.driver import Driver
from ftpalg.net.reach.attempt import Way
from tests.core.ladder import CLIENT, SERVER, Ladder
from tests.core.written import sentence, unescaped
from tests.net.ladders.gateway import OTHER_END, Entrance
from tests.net.ladders.loop import Loop
from tests.net.ladders.names import Names, real_host
from tests.net.ladders.peers import End, connected, listener

SYNCH = b"\xff\xf4\xff"
"""What of Telnet's Synch comes in band."""
BEGINNINGS = [(CLIENT, SERVER, None, tls) for tls in ClientTls if tls is not ClientTls.IMPLICIT]
LONGEST = 4000
"""Bytes of a command line that a gateway takes."""
FILE = b"some bytes of a file"


class ControlLadder(Ladder):
    """A session with sockets, and what its control connections and its waits do of a script."""

    def __init__(
        self,
        case: Any,
        rules: Rules,
        client: Link = CLIENT,
        server: Link = SERVER,
        traits: Traits | None = None,
        sni: str | None = None,
    ) -> None:
        if (client, server, sni, rules.client_tls) not in BEGINNINGS:
            raise SkipTest("other addresses, or TLS from the beginning")
        self.case = case
        self.loop = Loop()
        self.entrance = Entrance(self.loop, rules, Traits() if traits is None else traits)
        self.names = Names()
        self.data: dict[Side, End] = {}
        self.peers: dict[Side, End] = {}
        self._line = "start"
        self._reasons: set[str] = set()
        self._ahead: set[str] = set()
        """Legs that have taken their end already, while the script goes on to that."""
        self._parser = ReplyParser(65536)  # tells which of the server's lines begin a reply
        case.addCleanup(self._close)
        with listener(real_host(CLIENT.local)) as port:
            self.peers[Side.CLIENT] = End(connected(real_host(CLIENT.peer), port.getsockname()))
            self.entrance.adopt(port.accept()[0])
        self._until(lambda: self.entrance.driver, "a session")

    def _close(self) -> None:
        for end in (*self.peers.values(), *self.data.values()):
            end.close()
        self.names.close()
        driver = self.entrance.driver
        if driver is not None:
            driver._release()
        self.loop.end()

    # -- what tests look at -----------------------------------------------------------------------

    @property
    def driver(self) -> Driver:
        """The session's."""
        assert self.entrance.driver is not None, "admitted at once"
        return self.entrance.driver

    @property
    def session(self) -> Session:  # type: ignore[override]
        """The core of it."""
        return self.driver.session

    @property
    def running(self) -> set[Timer]:  # type: ignore[override]
        """The waits that run."""
        return set(self.driver.shared.timers.running(self.driver))

    def feed(self, event: ev.Event) -> None:
        raise SkipTest(f"a test that tells of {type(event).__name__} by itself")

    def end(self, last: object) -> None:
        raise SkipTest("a test that ends the session by itself")

    @property
    def told(self) -> NoReturn:  # type: ignore[override]
        """Orders are seen by their effects only."""
        raise SkipTest("a test that looks at orders")

    traits = legs = _waiting = _aside = told

    # -- the script -------------------------------------------------------------------------------

    def _turn(self, arrow: str, text: str) -> None:
        if arrow in ("C -> P", "C => P"):
            line = self.names.real(unescaped(text), Side.CLIENT)
            if len(line) > LONGEST or b"\0" in line:
                raise SkipTest("a line that no control connection brings")
            if arrow == "C => P":
                self.peers[Side.CLIENT].send(SYNCH)
                self.peers[Side.CLIENT].send(b"\xf2", socket.MSG_OOB)
            self.peers[Side.CLIENT].send(line + b"\r\n")
            self.loop.calm()
        elif arrow == "P <- S":
            self._server_says(self.names.real(unescaped(text), Side.SERVER))
            self.loop.calm()
        elif arrow == "C <- P":
            if self.peers[Side.CLIENT].over == "ours":
                return  # it has left, and hears nothing
            self._same(self._hears(Side.CLIENT), self.names.real(unescaped(text)))
        elif arrow == "P ..":
            self._word(text.strip())
        else:
            line = self._hears(Side.SERVER)
            self.case.assertEqual(line.startswith(SYNCH), arrow == "P => S", "urgency")
            self._same(line.removeprefix(SYNCH), self.names.real(unescaped(text)))

    def _server_says(self, line: bytes) -> None:
        if self._parser.empty and not line[:3].isdigit():
            raise SkipTest("text without a code, which the gateway may pass over")
        with suppress(FtpError):
            if isinstance(self._parser.feed(line), Reply):
                self._parser.in_step()
        self._there(Side.SERVER).send(line + b"\r\n")

    def _hears(self, side: Side) -> bytes:
        self._until(lambda: self._there(side).holds_line, "nothing is said")
        return self._there(side).line()

    def _there(self, side: Side) -> End:
        if side not in self.peers:
            self._fail("but the server is not connected")
        return self.peers[side]

    def _same(self, found: bytes, wanted: bytes) -> None:
        """Why a data connection failed is told in the system's words, not in the script's."""
        for reason in self._reasons:
            if reason.encode() in wanted:
                before, _, after = wanted.partition(reason.encode())
                self.case.assertTrue(found.startswith(before) and found.endswith(after), found)
                return
        super()._same(found, wanted)

    def _until(self, ready: Callable[[], object], otherwise: str) -> None:
        if not self.loop.until(ready):
            held = {side.value: (end.came, end.over) for side, end in self.peers.items()}
            self._fail(f"but {otherwise}; the peers hold {held}")

    def _nothing_left(self) -> None:
        self.loop.calm()
        for side, end in self.peers.items():
            if end.holds_line and not self._ahead:
                self._fail(f"and the {side.value} has more: {end.came!r}")
        said = self.entrance.log.lines
        kept = list(rungs(self.driver.last_lines, 0)) if self.entrance.driver is not None else []
        self.case.assertEqual(kept, said[len(said) - len(kept) :], "the last lines are others")
        self.case.assertEqual(bool(kept), bool(said), "nothing is kept")

    def _story(self, lines: list[str], at: int, why: str) -> str:
        shown = [f"    {line.strip()}" for line in lines]
        shown[at:at] = [f">>> {why}"]
        held = [f"state: {self.session.desk.value}, {self.session.transfer.state}"]
        held += [one.trace for one in self.entrance.log.facts if isinstance(one, facts.Failed)]
        return "\n".join(("", *(line for line in shown if line.strip()), *held))

    # -- control connections ----------------------------------------------------------------------

    def dials(self, where: str) -> None:
        self._until(lambda: self.entrance.reaching.asked, "nobody is dialled")
        servers: tuple[Server, ...] = self.entrance.reaching.asked[0].dial.servers
        self._same(" or ".join(map(str, servers)).encode(), where.encode())

    def _dialling(self) -> Any:
        if not self.entrance.reaching.asked:
            self._fail("but nobody is dialled")
        return self.entrance.reaching.asked.pop(0)

    def connected(self) -> None:
        asked = self._dialling()
        with listener(real_host(SERVER.peer)) as port:
            sock = connected(real_host(SERVER.local), port.getsockname())
            sock.setblocking(False)
            if Side.SERVER in self.peers:
                self.peers[Side.SERVER].close()
            self.peers[Side.SERVER] = End(port.accept()[0])
        asked.reached(sock, asked.dial.servers[0], Way())

    def unreachable(self, reason: str | None) -> None:
        self._dialling().failed(self.names.real((reason or "refused").encode()).decode(), "")

    def forbidden(self, sentence: str) -> None:
        self._dialling().failed("forbidden", sentence)

    def lost(self, who: str) -> None:
        peer = self._there(Side(who))
        peer.break_() if who == "client" else peer.close()

    def half_closes(self) -> None:
        self.peers[Side.CLIENT].finish()

    def hangs_up(self, side: str | None) -> None:
        for name in (side,) if side else ("server", "client"):
            peer = self.peers.get(Side(name))
            if peer is not None:
                self._until(peer.ended, f"the {name} is not hung up on")

    def falls_silent(self) -> None:
        self._parser.end_here()
        self.loop.now += OTHER_END

    def checks(self, account: str, password: str | None) -> None:
        self._until(lambda: self.entrance.accounts.asked, "no account is checked")
        asked = self.entrance.accounts.asked[0]
        self._same(asked.account, unescaped(account))
        self._same(asked.password, unescaped(password or ""))

    def accepts(self, account: str) -> None:
        self.entrance.accounts.asked.pop(0).accepted(account)

    def refuses_account(self, reason: str) -> None:
        self.entrance.accounts.asked.pop(0).refused(reason)

    def too_busy(self) -> None:
        self.entrance.accounts.asked.pop(0).busy()

    # -- waits, and what is told ------------------------------------------------------------------

    def expires(self, name: str) -> None:
        if Timer(name) not in self.running:
            self._fail("tells of a timer that does not run")
        self.driver.shared.timers.stop(self.driver, Timer(name))
        self.driver.handle(ev.TimerExpired(Timer(name)))

    def starts(self, name: str) -> None:
        if name == Timer.DELIVERY.value:
            raise SkipTest("no peer here does it: takes no end")
        self._until(lambda: Timer(name) in self.running, "it does not run")

    def stops(self, name: str) -> None:
        self._until(lambda: Timer(name) not in self.running, "it runs")

    def done(self, outcome: str, verb: str, reason: str | None) -> None:
        def last() -> tuple[str, str] | None:
            over = [one for one in self.entrance.log.facts if isinstance(one, facts.TransferOver)]
            return (over[-1].outcome.value, over[-1].command.verb.decode()) if over else None

        self._until(lambda: last() == (outcome, verb), f"it is {last()}")

    def logged_in(self, user: str) -> None:
        told = [one.user for one in self.entrance.log.facts if isinstance(one, facts.LoggedIn)]
        self.case.assertIn(user, told, self._line)

    def notes(self, text: str) -> None:
        def said() -> list[bytes]:
            return [sentence(fact).encode() for fact in self.entrance.log.facts]

        self._until(lambda: self.names.real(text.encode()) in said(), f"there is only {said()}")

    def reports(self) -> None:
        self._same(self._hears(Side.CLIENT), "213 …".encode())
