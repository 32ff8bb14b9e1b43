"""Before a transfer: PORT, EPRT, PASV and EPSV of the client, turned into what the server is asked.

The server's side is settled first, because it may refuse; then the client's, whose address is
always made anew.  RFC 959, RFC 2428, RFC 6384 (IPv6 client, IPv4 server), RFC 2577 (whom we dial).
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING

from ftpalg.core.actions import Listen
from ftpalg.core.addresses import (
    OTHER_FAMILY,
    family,
    format_eprt,
    format_port,
    parse_227,
    parse_229,
    parse_eprt,
    parse_port,
)
from ftpalg.core.commands import Command
from ftpalg.core.errors import (
    BadArgument,
    BadReply,
    FamilyRefused,
    ForeignAddress,
    FtpError,
    PrivilegedPort,
)
from ftpalg.core.events import Side
from ftpalg.core.replies import Reply, reply
from ftpalg.core.routes import Mode
from ftpalg.core.scrub import scrub
from ftpalg.core.transfer import Leg, Transfer

if TYPE_CHECKING:
    from ftpalg.core.session import Session

NOT_KNOWN = (500, 501, 502, 522, 425)
"""Refusals that say the server will never know this verb (502 and kin) or never make it work."""

SURPLUS = (225, 226)
"""What a server may still say of the transfer before; never an answer to EPSV or PASV."""

PASSIVE = (b"EPSV", b"PASV")
ACTIVE = (b"EPRT", b"PORT")


def verbs_to_try(
    mode: Mode, wanted: bytes, *, server_v6: bool, client_v6: bool, epsv: bool, eprt: bool
) -> tuple[bytes, ...]:
    """The commands to ask the server with, in order, for a client that sent ``wanted``.

    In client mode the client's own verb is sent and a refusal is left to the client, which knows
    what to try next; unless the two sides differ in family, where only we can know.
    """
    pair = {Mode.PASSIVE: PASSIVE, Mode.ACTIVE: ACTIVE}.get(mode)
    if pair is None:
        pair = PASSIVE if wanted in PASSIVE else ACTIVE
        if not server_v6 and not client_v6:
            return (wanted,)
    extended, classic = pair
    if server_v6:
        return (extended,)
    known = epsv if pair is PASSIVE else eprt
    return (extended, classic) if known else (classic,)


class Preparation:
    """The part of a session that readies both legs of the next transfer."""

    __slots__ = ("_refused", "_session", "_transfer", "_verbs", "_wanted", "all_extended")

    def __init__(self, session: Session) -> None:
        self._session = session
        self._transfer: Transfer | None = None
        self._verbs: tuple[bytes, ...] = ()
        self._refused: Reply | None = None
        self._wanted = b""
        self.all_extended = False

    def begin(self, command: Command) -> None:
        """PORT, EPRT, PASV, EPSV, or P@SW, which is PASV to gateways that eat the word."""
        session = self._session
        if not session.login.done:
            session.refuse(530, "Log in first.")  # no data port before the login: CVE-2002-0221
            return
        self._wanted = b"PASV" if command.verb == b"P@SW" else command.verb
        transfer = Transfer()
        try:
            if self._answer_all(command):
                return
            port = self._client_port(command.argument)
        except FtpError as error:
            session.refuse(error.code, str(error))
            return
        if port is not None:
            transfer.ports[Side.CLIENT] = port
        session.conduct.drop()
        self._transfer, self._refused = transfer, None
        session.protection.prepare_server(self._server_side)

    def _server_side(self) -> None:
        session = self._session
        assert session.server is not None
        self._verbs = verbs_to_try(
            session.login.mode,
            self._wanted,
            server_v6=family(session.server.peer) == 2 and not session.login.hidden,
            client_v6=family(session.client.peer) == 2,
            epsv=session.traits.epsv,
            eprt=session.traits.eprt,
        )
        if self._verbs[0] in PASSIVE:
            self._ask_passive()
        else:
            session.order(Listen(Side.SERVER))

    # -- the client's words ---------------------------------------------------------------------

    def _answer_all(self, command: Command) -> bool:
        """EPSV ALL: ours to keep, never the server's (RFC 6384 section 11: 504 across families)."""
        session = self._session
        word = (command.argument or b"").strip().upper()
        if command.verb == b"EPSV" and word == b"ALL":
            assert session.server is not None
            if family(session.client.peer) > family(session.server.peer):
                session.refuse(504, "EPSV ALL is not possible here.")
            else:
                self.all_extended = True
                session.answer(reply(200, "EPSV ALL accepted."))
            return True
        if self.all_extended and command.verb != b"EPSV":
            session.refuse(501, "Only EPSV after EPSV ALL.")
            return True
        return False

    def _client_port(self, argument: bytes | None) -> int | None:
        """The port to dial at the client; None where the client will dial us."""
        session = self._session
        mine = family(session.client.peer)
        if self._wanted == b"PASV":
            if family(session.client.advertised) == 2:
                raise FamilyRefused(OTHER_FAMILY)
            return None
        if self._wanted == b"EPSV":
            word = (argument or b"").strip()
            if not session.client.direct:
                raise FamilyRefused("EPSV would lead to another machine here, use PASV (1)")
            if word and not word.isdigit():
                raise BadArgument("EPSV knows 1, 2 and ALL.")
            if word and word != b"%d" % mine:
                raise FamilyRefused(OTHER_FAMILY)
            return None
        eprt = self._wanted == b"EPRT"
        host, port = parse_eprt(argument) if eprt else parse_port(argument)
        if eprt and family(host) != mine:
            raise FamilyRefused(OTHER_FAMILY)
        if host != session.client.peer and not (
            session.rules.replace_private and not ip_address(host).is_global
        ):
            raise ForeignAddress("That is not your address; data connections go to your own only.")
        if port < 1024:
            raise PrivilegedPort("Data ports below 1024 are refused.")
        return port

    # -- the server's side ----------------------------------------------------------------------

    def _ask_passive(self) -> None:
        self._session.ask(Command(self._verbs[0]), self._passive_reply)

    def _passive_reply(self, message: Reply) -> None:
        session, transfer = self._session, self._transfer
        assert transfer is not None
        if message.preliminary:
            return
        if not message.positive:
            self._fall_back(message)
            return
        if message.code in SURPLUS:
            session.expect(self._passive_reply)
            return
        try:
            if self._verbs[0] == b"EPSV":
                transfer.ports[Side.SERVER] = parse_229(b"\n".join(message.lines))
            else:
                transfer.ports[Side.SERVER] = parse_227(b"\n".join(message.lines)[4:])
        except BadReply as error:
            session.answer(reply(425, str(error)))
            return
        self._learn()
        self._client_side()

    def listening(self, side: Side, port: int) -> None:
        """A data port of ours is open; tell the peer that shall dial it."""
        session, transfer = self._session, self._transfer
        if transfer is None:
            return
        transfer.legs[side] = Leg.OPENING
        if side is Side.SERVER:
            assert session.server is not None
            host = session.server.advertised
            eprt = self._verbs[0] == b"EPRT"
            argument = format_eprt(host, port) if eprt else format_port(host, port)
            session.conduct.prepare(transfer)
            session.ask(Command(self._verbs[0], argument), self._active_reply)
            return
        self._finish()
        host = session.client.advertised
        if self._wanted == b"EPSV":
            session.answer(reply(229, f"Entering Extended Passive Mode (|||{port}|)"))
        else:
            where = format_port(host, port).decode("ascii")
            session.answer(reply(227, f"Entering Passive Mode ({where})"))

    def _active_reply(self, message: Reply) -> None:
        if message.preliminary:
            return
        if not message.positive:
            if len(self._verbs) == 1:
                self._session.conduct.drop()
            self._fall_back(message)
            return
        self._learn()
        self._client_side()

    def listen_failed(self, side: Side, reason: str) -> None:
        """No data port of ours can be had."""
        self._session.conduct.drop()
        self._transfer = None
        self._session.answer(reply(425, f"No data port: {reason}."))

    def _fall_back(self, refusal: Reply) -> None:
        session = self._session
        if len(self._verbs) == 1 or refusal.code == 530:
            session.conduct.drop()
            session.answer(scrub(refusal, session))
            return
        self._refused, self._verbs = refusal, self._verbs[1:]
        if self._verbs[0] == b"PASV":
            self._ask_passive()
        else:
            session.conduct.drop()
            session.order(Listen(Side.SERVER))

    def _learn(self) -> None:
        """The classic verb worked where the extended one did not: remember that of the server."""
        if self._refused is not None and self._refused.code in NOT_KNOWN:
            if self._verbs[0] == b"PASV":
                self._session.traits.epsv = False
            else:
                self._session.traits.eprt = False

    # -- the client's side ----------------------------------------------------------------------

    def _client_side(self) -> None:
        session, transfer = self._session, self._transfer
        assert transfer is not None
        if Side.CLIENT in transfer.ports:
            self._finish()
            session.answer(reply(200, f"{self._wanted.decode('ascii')} command successful."))
        else:
            session.order(Listen(Side.CLIENT))

    def _finish(self) -> None:
        assert self._transfer is not None
        self._session.conduct.prepare(self._transfer)
        self._transfer = None
