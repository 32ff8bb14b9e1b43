"""TLS on both legs: AUTH, PBSZ, PROT and CCC of the client, and PBSZ and PROT towards the server.

RFC 4217, RFC 2228.  Each leg has a level of its own: a plain client and a protected server, and the
other way round, are both common.  What is required and cannot be had is a refusal (rule 6).
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import NamedTuple

from ftpalg.core.actions import GoOpaque, StartTls, StopTls
from ftpalg.core.desk import AWAIT, Await, Desk
from ftpalg.core.ends import Reason
from ftpalg.core.events import SIDE, ServerSecured, Side, Timer
from ftpalg.core.facts import TlsStands
from ftpalg.core.keys import at_hand
from ftpalg.core.phases import Phase
from ftpalg.core.routes import SERVER_TLS, ServerTls
from ftpalg.core.session_settings import CLIENT_TLS, ClientTls
from ftpalg.core.signals import Signal
from ftpalg.core.stage import Stage
from ftpalg.core.value import value
from ftpalg.core.wire.commands import KIND, Command
from ftpalg.core.wire.replies import Reply, reply

MECHANISMS = {b"TLS": False, b"TLS-C": False, b"SSL": True, b"TLS-P": True}
"""What AUTH knows (RFC 4217 section 2.1), and whether it implies PROT P."""

NO_CONSENT = (202, 220, 230, 232)
"""Positive replies that do not answer AUTH: superfluous here, or said of something else."""

BEFORE_TLS = frozenset(b"AUTH PBSZ PROT CCC FEAT QUIT NOOP SYST HELP CLNT OPTS HOST".split())
"""What a client may say before TLS where TLS is required."""


class Level(Enum):
    """The protection of a leg's data connections."""

    CLEAR = b"C"
    PRIVATE = b"P"


LEVEL = at_hand(Level)


class Control(Enum):
    """The client's control connection."""

    CLEAR = "in clear, from the start"
    SECURED = "under TLS"
    CLEARED = "in clear again, behind CCC"


CONTROL = at_hand(Control)


@value
class Guards(NamedTuple):
    """What is under TLS.

    ``client_level`` and ``server_level`` are those of data connections, the server's None where it
    is not settled; ``buffered`` is True behind PBSZ, ``implied`` where AUTH said P itself.
    ``word`` is what the server was asked for TLS with.  ``wanted`` is the level that it is being asked
    for, ``refused`` what it would not; ``then`` is whom to tell once TLS or the level stands.
    """

    control: Control = Control.CLEAR
    client_level: Level = Level.CLEAR
    buffered: bool = False
    implied: bool = False
    word: bytes = b""
    server_secured: bool = False
    server_level: Level | None = None
    wanted: Level = Level.CLEAR
    refused: frozenset[Level] = frozenset()
    then: Signal | None = None


CLEAR = Guards()
SECURED = Guards(Control.SECURED, Level.PRIVATE, buffered=True)
"""An implicit listener's client, from the first byte."""


class Protection(Stage):
    """``state`` is what is under TLS."""

    __slots__ = ()

    state: Guards

    def __init__(self, desk: Desk) -> None:
        implicit = desk.rules.client_tls is ClientTls.IMPLICIT
        self.desk, self.state = desk, SECURED if implicit else CLEAR

    # -- the client's leg -----------------------------------------------------------------------

    @property
    def client_secured(self) -> bool:
        """True once the client's control connection has been put under TLS."""
        return self.state.control is not Control.CLEAR

    @property
    def offered(self) -> bool:
        """True where AUTH is for the gateway to accept."""
        return self.desk.rules.client_tls is not ClientTls.OFF

    @property
    def features(self) -> tuple[bytes, ...]:
        """The lines of FEAT that tell of TLS."""
        if not self.offered:
            return ()
        return (b"AUTH TLS", b"PBSZ", b"PROT", *((b"CCC",) if self.desk.rules.ccc else ()))

    def lacking(self, command: Command) -> str:
        """Why a command may not come without TLS, where it is required and not there; or nothing.

        Behind CCC the login is over: another one, or a password, would have to go in clear.
        """
        rules, control = self.desk.rules, self.state.control
        of_account = rules.accounts and rules.account_tls  # without one nothing else goes either
        required = of_account or rules.client_tls in (CLIENT_TLS.REQUIRE, CLIENT_TLS.IMPLICIT)
        if not required or control is CONTROL.SECURED:
            return ""
        if control is CONTROL.CLEARED:
            login = command.kind is KIND.USER or command.secret
            return "No login and no password is taken in clear, behind CCC." if login else ""
        return "" if command.verb in BEFORE_TLS else "TLS is required here: send AUTH TLS first."

    def auth(self, command: Command) -> None:
        """AUTH with a mechanism: TLS of the gateway, of the server too (match), or none of ours."""
        desk, mechanism = self.desk, (command.argument or b"").strip().upper()
        if desk.rules.opaque:
            if desk.server is None:
                desk.refuse(530, "Name the server first.")
            else:
                desk.ask(command, Await.OPAQUE)
        elif not self.offered:
            desk.refuse(502, "TLS is not offered here.")
        elif mechanism not in MECHANISMS:
            desk.refuse(504, "AUTH knows TLS, TLS-C, SSL and TLS-P.")
        elif self.client_secured:
            now = "under TLS already" if self.state.control is Control.SECURED else "past its TLS"
            desk.refuse(503, f"This connection is {now}.")
        elif desk.logged_in:
            desk.refuse(503, "AUTH comes before the login.")
        elif desk.queue:
            desk.leave(Reason.CLEAR_BEHIND_AUTH)  # CVE-2011-1575
        else:
            self.state = self.state._replace(implied=MECHANISMS[mechanism])
            stays = desk.server is not None and not desk.named and not desk.swayed
            if desk.server_tls is ServerTls.MATCH and stays:
                self.ask_for_tls(Await.MATCHED)
            else:
                self.secure_client()

    def matched(self, message: Reply) -> None:
        """The server's answer to the AUTH that the client's AUTH brought about."""
        consent = self.consents(message, Await.MATCHED)
        if consent:
            self.secure_server(Signal.MATCHED)
        elif consent is not None:
            no = message.code >= 400  # a 2xx or 3xx that is no consent would be one to the client
            self.desk.answer(message if no else reply(504, "The server does not begin TLS."))

    def secure_client(self) -> None:
        """Accept the client's AUTH."""
        desk = self.desk
        if desk.queue:
            desk.leave(Reason.CLEAR_BEHIND_AUTH)
            return
        implied = self.state.implied
        self.state = self.state._replace(
            control=Control.SECURED,
            client_level=Level.PRIVATE if implied else Level.CLEAR,
            buffered=implied,
        )
        desk.signal(Signal.CLIENT_SECURED)
        desk.answer(reply(234, "TLS begins."))
        desk.order(StartTls(Side.CLIENT))

    def opaque_answered(self, message: Reply) -> None:
        """The server's answer to an AUTH that passed."""
        desk = self.desk
        desk.forward(message)
        if accepts_tls(message):
            desk.move(Phase.OPAQUE)
            desk.queue = ()
            desk.stop(Timer.LOGIN)
            desk.stop(Timer.IDLE)
            desk.order(GoOpaque())

    def command(self, command: Command) -> None:
        """PBSZ, PROT or CCC."""
        COMMANDS[command.verb](self, (command.argument or b"").strip().upper())

    def _pbsz(self, size: bytes) -> None:
        desk = self.desk
        if not self.client_secured:
            desk.refuse(503, "AUTH comes before PBSZ.")
        elif not size.isdigit():
            desk.refuse(501, "PBSZ needs a number; it is 0 under TLS.")
        else:
            self.state = self.state._replace(buffered=True)
            desk.answer(reply(200, "PBSZ=0"))

    def _prot(self, level: bytes) -> None:
        desk = self.desk
        if not self.client_secured:
            desk.refuse(503, "AUTH comes before PROT.")
        elif not self.state.buffered:
            desk.refuse(503, "PBSZ comes before PROT.")
        elif level in (b"C", b"P"):
            self.state = self.state._replace(client_level=Level(level))
            desk.answer(reply(200, f"Protection level is {level.decode('ascii')}."))
        elif level in (b"S", b"E"):
            desk.refuse(536, "TLS has the levels C and P only.")
        else:
            desk.refuse(504, "PROT knows C and P.")

    def _ccc(self, _: bytes) -> None:
        desk = self.desk
        if self.state.control is not Control.SECURED:
            desk.refuse(533, "This connection is not under TLS.")
        elif not desk.rules.ccc:
            desk.refuse(534, "The control connection stays under TLS here.")
        elif not desk.logged_in:
            desk.refuse(503, "CCC comes after the login.")
        elif desk.queue:
            desk.leave(Reason.TLS_BEHIND_CCC)
        else:
            self.state = self.state._replace(control=Control.CLEARED)
            desk.answer(reply(200, "The control connection goes on in clear."))
            desk.order(StopTls())

    # -- the server's leg -----------------------------------------------------------------------

    def ask_for_tls(self, awaited: Await, word: bytes = b"TLS") -> None:
        """Ask the server for TLS; ``awaited`` is for whom its answer is."""
        self.state = self.state._replace(word=word)
        self.desk.ask(Command(b"AUTH", word), awaited)

    def consents(self, message: Reply, awaited: Await) -> bool | None:
        """Whether its answer means that TLS begins; None where another is to come.

        A refusal is one once SSL was refused too: some servers know that older word only.
        """
        if message.preliminary:
            return None
        if accepts_tls(message):
            return True
        if refuses_tls(message) and self.state.word == b"TLS":
            self.ask_for_tls(awaited, b"SSL")
            return None
        return False

    def secure_server(self, then: Signal) -> None:
        """Begin TLS with the server; ``then`` follows once its certificate is accepted."""
        self.state = self.state._replace(then=then)
        self.desk.start(Timer.HANDSHAKE)
        self.desk.order(StartTls(Side.SERVER))

    def secured(self, event: ServerSecured) -> None:
        """The server's control connection is under TLS."""
        self.desk.stop(Timer.HANDSHAKE)
        then = self.state.then
        self.state = self.state._replace(server_secured=True, then=None)
        self.desk.observe(TlsStands(Side.SERVER))
        if then is not None:
            self.desk.signal(then)

    def forget_server(self) -> None:
        """The server's connection is gone, and what held for it."""
        self.state = self.state._replace(
            server_secured=False, server_level=None, refused=frozenset(), then=None
        )

    def forget_level(self) -> None:
        """The server has forgotten the level that it was asked for."""
        self.state = self.state._replace(server_level=None)

    def prepare_server(self, then: Signal) -> None:
        """PBSZ and PROT towards the server where the level it has is not the one wanted.

        RFC 4217 section 9: the level holds for all transfers that follow, so it is asked for once.
        """
        state = self.state
        wanted = LEVEL.PRIVATE
        if self.desk.server_tls is SERVER_TLS.MATCH and LEVEL.CLEAR not in state.refused:
            wanted = state.client_level  # a server that insists on P gets P for a client's C
        if state.wanted is not wanted:
            self.state = state = state._replace(wanted=wanted)
        if not state.server_secured or state.server_level is wanted:
            self.desk.signal(then)
        elif wanted in state.refused:
            self._take_refusal()
            self.desk.signal(then)
        else:
            self.state = state._replace(then=then)
            if state.server_level is None and not state.refused:
                self.desk.ask(Command(b"PBSZ", b"0"), AWAIT.PBSZ)
            else:
                self._ask_prot()

    def pbsz_answered(self, message: Reply) -> None:
        """The server's answer to PBSZ, whichever it is."""
        if not message.preliminary:
            self._ask_prot()

    def _ask_prot(self) -> None:
        self.desk.ask(Command(b"PROT", self.state.wanted.value), Await.PROT)

    def prot_answered(self, message: Reply) -> None:
        """The server's answer to PROT."""
        if message.preliminary:
            return
        state, then = self.state, self.state.then
        assert then is not None, "PROT is asked for somebody"
        if message.positive:
            self.state = state._replace(server_level=state.wanted, then=None)
            self.desk.signal(then)
            return
        self.state = state._replace(refused=state.refused | {state.wanted}, then=None)
        if state.wanted is Level.CLEAR:
            self.prepare_server(then)
        else:
            self._take_refusal()
            self.desk.signal(then)

    def _take_refusal(self) -> None:
        """The server refuses PROT P: no transfer, unless a setting lets data go in clear.

        Under implicit TLS the level is P from the start, and MS-FTPS forbids to ask for it.
        """
        level = None
        if self.state.wanted is Level.PRIVATE and self.desk.server_tls is ServerTls.IMPLICIT:
            level = Level.PRIVATE
        elif self.desk.rules.clear_data:
            level = Level.CLEAR
            self.desk.note("PROT P refused: data goes in clear (server-tls.clear-data)")
        self.state = self.state._replace(server_level=level)

    # -- both -----------------------------------------------------------------------------------

    def protects(self, side: Side) -> bool:
        """True where that side's data connections are under TLS."""
        if side is SIDE.CLIENT:
            return self.state.client_level is LEVEL.PRIVATE
        return self.state.server_secured and self.state.server_level is LEVEL.PRIVATE

    def transfer_refusal(self, *, client_shook: bool) -> str:
        """Why a transfer may not take place, or nothing.  RFC 4217 section 10: told only now.

        ``client_shook`` is True where the client's data connection has begun TLS already.
        """
        rules = self.desk.rules
        chooses = rules.client_tls is CLIENT_TLS.IMPLICIT and rules.client_clear_data
        required = rules.client_tls in (CLIENT_TLS.REQUIRE, CLIENT_TLS.IMPLICIT) and not chooses
        if required and self.state.client_level is not LEVEL.PRIVATE:
            return "Data connections must be protected here: send PROT P."
        if self.state.server_secured and self.state.server_level is None:
            return "The server refuses to protect data connections."
        if client_shook and not self.protects(SIDE.CLIENT):
            return "The data connection was opened before the protection level changed."
        return ""


def accepts_tls(message: Reply) -> bool:
    """Whether a server's reply to AUTH means that TLS begins.

    234, 334 (which counts for curl too), or another 2xx like VxWorks' 200: what follows fails closed
    if the server does not begin TLS.
    """
    return message.code == 334 or (message.positive and message.code not in NO_CONSENT)


def refuses_tls(message: Reply) -> bool:
    """Whether a server's reply to AUTH says that it will not begin TLS.

    The rest (421, and a 3xx of another mechanism) says nothing of the kind, and is no consent either.
    """
    return (message.code >= 400 and message.code != 421) or message.code in NO_CONSENT


COMMANDS: dict[bytes, Callable[[Protection, bytes], None]] = {
    b"PBSZ": Protection._pbsz,
    b"PROT": Protection._prot,
    b"CCC": Protection._ccc,
}
