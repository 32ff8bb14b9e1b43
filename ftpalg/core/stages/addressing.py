"""Before a transfer: PORT, EPRT, PASV and EPSV of the client, turned into what the server is asked.

The server's side is settled first, because it may refuse; then the client's, whose address is
always made anew.  RFC 959, RFC 2428, RFC 6384 (IPv6 client, IPv4 server), RFC 2577 (whom we dial).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import ip_address
from typing import NamedTuple

from ftpalg.core.actions import Listen
from ftpalg.core.desk import AWAIT, Await, Desk
from ftpalg.core.ends import Reason
from ftpalg.core.events import SIDE, TIMER, Link, ListenFailed, Listening, Timer
from ftpalg.core.routes import MODE, Mode
from ftpalg.core.signals import SIGNAL
from ftpalg.core.stage import Stage
from ftpalg.core.stages.data_verbs import (
    ACTIVE,
    ANSWERS,
    NO_SUCH_MODE,
    NOT_KNOWN,
    PASSIVE,
    learned,
    verbs_to_try,
)
from ftpalg.core.stages.login import Login
from ftpalg.core.stages.protection import Protection
from ftpalg.core.stages.resync import Resync
from ftpalg.core.stages.transfer import TransferStage
from ftpalg.core.stages.transfer_command import TransferCommand
from ftpalg.core.stages.transfer_states import Transfer
from ftpalg.core.value import value
from ftpalg.core.wire.addresses import (
    OTHER_FAMILY,
    family,
    format_eprt,
    format_port,
    parse_227,
    parse_229,
    parse_eprt,
    parse_port,
)
from ftpalg.core.wire.commands import Command
from ftpalg.core.wire.errors import (
    BadArgument,
    BadReply,
    FamilyRefused,
    ForeignAddress,
    FtpError,
    PrivilegedPort,
)
from ftpalg.core.wire.replies import Reply, reply

NAMED = re.compile(rb"\b(?:(?i:EPSV|PASV|EPRT)|PORT)\b")
"""A verb in a refusal's text; a "port" is no verb."""


@value
class Preparation(NamedTuple):
    """``wanted`` is the client's verb, ``client_port`` its data port, 0 where it dials us.

    ``verbs`` are those still to try, the first of them asked; ``refused`` are the refusals of those
    before.  ``owed`` counts verbs that have not been answered, ``doubtful`` is a reply that may be
    to one of them.  ``again`` is True where a transfer waits for the server's side only.
    ``all_extended`` is True behind EPSV ALL.
    """

    wanted: bytes = b""
    client_port: int = 0
    verbs: tuple[bytes, ...] = ()
    refused: tuple[tuple[bytes, int], ...] = ()
    owed: int = 0
    doubtful: Reply | None = None
    again: bool = False
    all_extended: bool = False


IDLE = Preparation()


class Addressing(Stage):
    """``state`` is what is being prepared."""

    __slots__ = ("_command", "_login", "_protection", "_resync", "_transfer")

    state: Preparation

    def __init__(
        self,
        desk: Desk,
        resync: Resync,
        protection: Protection,
        login: Login,
        transfer: TransferStage,
        command: TransferCommand,
    ) -> None:
        self.desk, self.state = desk, IDLE
        self._resync = resync
        self._protection = protection
        self._login = login
        self._transfer = transfer
        self._command = command

    def begin(self, command: Command) -> None:
        """PORT, EPRT, PASV, EPSV, or P@SW, which is PASV to gateways that eat the word."""
        desk = self.desk
        if not desk.logged_in:
            desk.refuse(530, "Log in first.")  # no data port before the login: CVE-2002-0221
            return
        wanted = b"PASV" if command.verb == b"P@SW" else command.verb
        if wanted in ACTIVE and not desk.rules.active:
            desk.refuse(502, "Data connections are not opened to clients here; use passive mode.")
            return
        try:
            if self._answer_all(command):
                return
            port = self._client_port(wanted, command.argument)
        except FtpError as error:
            desk.refuse(error.code, str(error))
            return
        self.state = Preparation(wanted, port, all_extended=self.state.all_extended)
        self._transfer.drop()
        # ask_server follows: before this returns where the level stands already
        self._protection.prepare_server(SIGNAL.LEVEL_FOR_ADDRESS)

    def ask_server(self) -> None:
        """The server's protection level stands: ask it for its side."""
        self.state = self.state._replace(verbs=self._chain(), refused=(), owed=0, doubtful=None)
        self._ask()

    def _chain(self) -> tuple[bytes, ...]:
        desk, login = self.desk, self._login
        alone = login.mode is MODE.CLIENT and self.state.all_extended  # it may try nothing else
        return verbs_to_try(
            MODE.PASSIVE if alone else login.mode,
            self.state.wanted,
            server_v6=family(self._server.peer) == 2 and not login.hidden,
            client_v6=family(desk.client.peer) == 2,
            traits=desk.traits,
            verbs=login.state.route.verbs or desk.rules.verbs,
            other_mode=desk.rules.other_mode and not login.hidden and not self.state.again,
        )

    def again(self) -> None:
        """A transfer needs the server's side once more: its port is not to be had, or is used up."""
        self.state = self.state._replace(again=True)
        self.ask_server()

    def _ask(self) -> None:
        """Ask with the first verb that is left."""
        verb = self.state.verbs[0]
        if not self.state.again:
            self._transfer.prepare(Transfer(client_port=self.state.client_port))
        if verb in PASSIVE:
            self.desk.ask(Command(verb), AWAIT.PASSIVE)
            self.desk.start(TIMER.EXTENDED)
        else:
            self.desk.order(Listen(SIDE.SERVER))

    @property
    def _server(self) -> Link:
        assert self.desk.server is not None, "addresses are asked for where a server is connected"
        return self.desk.server

    # -- the client's words ---------------------------------------------------------------------

    def _answer_all(self, command: Command) -> bool:
        """EPSV ALL: ours to keep, never the server's (RFC 6384 section 11: 504 across families)."""
        desk = self.desk
        word = (command.argument or b"").strip().upper()
        if command.verb == b"EPSV" and word == b"ALL":
            if not self._epsv_will_work:
                desk.refuse(504, "EPSV ALL is not possible here.")
            else:
                self.state = self.state._replace(all_extended=True)
                desk.answer(reply(200, "EPSV ALL accepted."))
            return True
        if self.state.all_extended and command.verb != b"EPSV":
            desk.refuse(501, "Only EPSV after EPSV ALL.")
            return True
        return False

    @property
    def _epsv_will_work(self) -> bool:
        """Whether a client that gives up all else has something left."""
        desk = self.desk
        across = family(desk.client.peer) > family(self._server.peer)
        needs_server = self._login.mode is Mode.CLIENT and not desk.traits.epsv
        return desk.client.direct and not across and not needs_server

    def _client_port(self, wanted: bytes, argument: bytes | None) -> int:
        """The port to dial at the client; 0 where the client will dial us.  Raise FtpError."""
        client = self.desk.client
        mine = family(client.peer)
        if wanted == b"PASV":
            if family(client.advertised) == 2:
                raise FamilyRefused(OTHER_FAMILY)
            return 0
        if wanted == b"EPSV":
            word = (argument or b"").strip()
            if not client.direct:
                raise FamilyRefused("EPSV would lead to another machine here, use PASV (1)")
            if word and not word.isdigit():
                raise BadArgument("EPSV knows 1, 2 and ALL.")
            if word and word != b"%d" % mine:
                raise FamilyRefused(OTHER_FAMILY)
            return 0
        eprt = wanted == b"EPRT"
        host, port = parse_eprt(argument) if eprt else parse_port(argument)
        if eprt and family(host) != mine:
            raise FamilyRefused(OTHER_FAMILY)
        replaced = self.desk.rules.replace_private and not ip_address(host).is_global
        if host != client.peer and not replaced:
            raise ForeignAddress("That is not your address; data connections go to your own only.")
        if port < 1024:
            raise PrivilegedPort("Data ports below 1024 are refused.")
        return port

    # -- the server's side ----------------------------------------------------------------------

    def passive_answered(self, message: Reply) -> None:
        """A reply to EPSV or PASV."""
        desk = self.desk
        if message.preliminary:
            return
        if message.positive and message.code not in ANSWERS:
            desk.awaited = AWAIT.PASSIVE  # what is still said of the transfer before
            return
        if self.state.owed and message.code == 229 and self.state.verbs[0] == b"PASV":
            self.state = self.state._replace(owed=0)  # EPSV's, late: PASV has asked anew
            desk.awaited = AWAIT.PASSIVE
            return
        certain = message.code == 227 and self.state.verbs[0] == b"PASV"
        if self._doubts(message, AWAIT.PASSIVE, certain=certain):
            return
        desk.stop(TIMER.EXTENDED)
        if not message.positive:
            self._fall_back(message)
            return
        try:
            if self.state.verbs[0] == b"EPSV":
                port = parse_229(b"\n".join(message.lines))
            else:
                port = parse_227(b"\n".join(message.lines)[4:])
        except BadReply as error:
            self._unreadable(error)
            return
        self._learn_refusals()
        self._transfer.server_port(port)
        self._client_side()

    def _doubts(self, message: Reply, awaited: Await, *, certain: bool) -> bool:
        """Whether a reply may be the answer to a verb before the last one: then one more is waited
        for, and if none comes the session ends, because nobody could tell (rule 3)."""
        if not self.state.owed or certain or self.state.doubtful is not None:
            self.state = self.state._replace(owed=0, doubtful=None)
            return False
        self.state = self.state._replace(doubtful=message)
        self.desk.awaited = awaited
        self.desk.start(Timer.EXTENDED)
        return True

    def _unreadable(self, error: BadReply) -> None:
        """An address that cannot be read: another verb may have a better one."""
        verb, *others = self.state.verbs
        if others and verb in (b"EPSV", b"EPRT"):
            self._next(NOT_KNOWN[0])
        else:
            self._give_up(reply(425, str(error)))

    def unanswered(self, timer: Timer) -> None:
        """The server has not answered in time."""
        desk, state = self.desk, self.state
        if state.doubtful is not None:
            self._learn(state.refused)
            text = "The server sent a reply that may answer one of two commands; closing."
            desk.leave(Reason.SERVER_OUT_OF_STEP, reply(421, text))
        elif len(state.verbs) > 1 and state.verbs[0] in (b"EPSV", b"EPRT"):
            self.state = state._replace(owed=state.owed + 1)
            self._learn([(state.verbs[0], NOT_KNOWN[0])])
            self._next(NOT_KNOWN[0])
        else:
            owed = state.owed + 1
            self._give_up(reply(425, "The server does not answer."))
            self._resync.begin(owed, b"NOOP" if state.verbs[0] in PASSIVE else b"PWD")

    def listening(self, event: Listening) -> None:
        """A data port of ours is open; tell the peer that shall dial it."""
        if self._transfer.state is None:
            return
        desk, side, port = self.desk, event.side, event.port
        desk.is_known_by(side, event.shown)
        self._transfer.listening(side)
        if side is SIDE.SERVER:
            verb, host = self.state.verbs[0], self._server.advertised
            argument = format_eprt(host, port) if verb == b"EPRT" else format_port(host, port)
            desk.ask(Command(verb, argument), AWAIT.ACTIVE)
            desk.start(TIMER.EXTENDED)
        elif self.state.wanted == b"EPSV":
            desk.answer(reply(229, f"Entering Extended Passive Mode (|||{port}|)"))
        else:
            where = format_port(desk.client.advertised, port).decode("ascii")
            desk.answer(reply(227, f"Entering Passive Mode ({where})"))

    def active_answered(self, message: Reply) -> None:
        """The server's answer to EPRT or PORT."""
        if message.preliminary or self._doubts(message, AWAIT.ACTIVE, certain=False):
            return
        self.desk.stop(TIMER.EXTENDED)
        if message.code == 202:  # RFC 959: "Command not implemented, superfluous at this site"
            self._fall_back(reply(502, "The server calls it superfluous."))
        elif message.positive:
            self._learn_refusals()
            self._client_side()
        else:
            self._fall_back(message)

    def listen_failed(self, event: ListenFailed) -> None:
        """No data port of ours can be had; EPRT may be without its answer."""
        owed = self.state.owed
        self._give_up(reply(425, f"No data port: {event.reason}."))
        if owed:
            self._resync.begin(owed, b"PWD")

    def _fall_back(self, refusal: Reply) -> None:
        """A verb is refused: try the next one, if it can be more to this server's liking."""
        verb, *others = self.state.verbs
        same = bool(others) and (verb in PASSIVE) is (others[0] in PASSIVE)
        if others and (same or refusal.code in NO_SUCH_MODE):
            self._next(refusal.code)
        else:
            self._give_up(self._in_clients_words(refusal))

    def _in_clients_words(self, refusal: Reply) -> Reply:
        """A refusal that names no verb but the one that the client sent."""
        named = {verb.upper() for verb in NAMED.findall(b" ".join(refusal.lines))}
        if named <= {self.state.wanted}:
            return self.desk.masked(refusal)
        wanted = self.state.wanted.decode("ascii")
        return reply(refusal.code, f"The server makes {wanted} impossible.")

    def _next(self, code: int) -> None:
        refused = (*self.state.refused, (self.state.verbs[0], code))
        self.state = self.state._replace(refused=refused, verbs=self.state.verbs[1:])
        self._ask()

    def _give_up(self, message: Reply) -> None:
        """There is no data connection to be had: the client hears why."""
        if self.state.again:
            self.state = self.state._replace(again=False)
            self._command.not_again()
        else:
            self._transfer.drop()
            self.desk.answer(message)

    def _learn_refusals(self) -> None:
        """A verb works where others did not: remember that of the server."""
        if not self.state.refused:
            return  # it is the first that was asked
        self._learn(self.state.refused)
        if (self.state.verbs[0] in PASSIVE) is not (self._chain()[0] in PASSIVE):
            if self.state.verbs[0] in ACTIVE:
                self.desk.learn(self.desk.traits._replace(passive=False))
            else:
                self.desk.learn(self.desk.traits._replace(active=False))

    def _learn(self, refused: Iterable[tuple[bytes, int]]) -> None:
        self.desk.learn(learned(self.desk.traits, refused))

    def port_failed(self) -> None:
        """The server's port could not be reached: if EPSV named it, PASV may name a better one."""
        if self.state.verbs[:2] == PASSIVE:
            self._learn([(b"EPSV", NOT_KNOWN[0])])

    def server_lost(self) -> None:
        """The server has left before it answered: the next session asks with the other verb."""
        if self.desk.awaited in (Await.PASSIVE, Await.ACTIVE) and len(self.state.verbs) > 1:
            self._learn([(self.state.verbs[0], NOT_KNOWN[0])])

    # -- the client's side ----------------------------------------------------------------------

    def _client_side(self) -> None:
        if self.state.again:
            self.state = self.state._replace(again=False)
            self._command.once_more()
        elif self.state.client_port:
            wanted = self.state.wanted.decode("ascii")
            self.desk.answer(reply(200, f"{wanted} command successful."))
            self._transfer.prepared()
        else:
            self.desk.order(Listen(SIDE.CLIENT))
