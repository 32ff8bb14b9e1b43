"""TLS on both legs: AUTH, PBSZ, PROT and CCC of the client, and PBSZ and PROT towards the server.

RFC 4217, RFC 2228.  Each leg has a level of its own: a plain client and a protected server, and the
other way round, are both common.  What is required and cannot be had is a refusal (rule 6).
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING

from ftpalg.core.actions import GoOpaque, Note, StartTimer, StartTls, StopTls
from ftpalg.core.commands import Command
from ftpalg.core.events import Side, Timer
from ftpalg.core.replies import Reply, reply
from ftpalg.core.routes import ServerTls
from ftpalg.core.rules import ClientTls

if TYPE_CHECKING:
    from ftpalg.core.session import Session

MECHANISMS = {b"TLS": False, b"TLS-C": False, b"SSL": True, b"TLS-P": True}
"""What AUTH knows (RFC 4217 section 2.1), and whether it implies PROT P."""

AUTH_ACCEPTED = (234, 334)
"""334 counts as success for curl too; anything else, even another 2xx, is no promise of TLS."""

BEFORE_TLS = frozenset(b"AUTH PBSZ PROT CCC FEAT QUIT NOOP SYST HELP CLNT OPTS HOST".split())
"""What a client may say before TLS where TLS is required."""


class Level(Enum):
    """The protection of a leg's data connections."""

    CLEAR = b"C"
    PRIVATE = b"P"


class Protection:
    """The part of a session that knows what is under TLS."""

    __slots__ = (
        "_after",
        "_buffered",
        "_implied",
        "_refused",
        "_session",
        "_wanted",
        "client_level",
        "client_secured",
        "server_level",
        "server_secured",
    )

    def __init__(self, session: Session) -> None:
        implicit = session.rules.client_tls is ClientTls.IMPLICIT
        self._session = session
        self.client_secured = implicit
        self.client_level = Level.PRIVATE if implicit else Level.CLEAR
        self._buffered = implicit
        self._implied = False
        self.server_secured = False
        self.server_level: Level | None = None
        self._wanted = Level.CLEAR
        self._refused: set[Level] = set()
        self._after: Callable[[], None] | None = None

    # -- the client's leg -----------------------------------------------------------------------

    @property
    def offered(self) -> bool:
        """True where AUTH is for the gateway to accept."""
        return self._session.rules.client_tls is not ClientTls.OFF

    @property
    def features(self) -> tuple[bytes, ...]:
        """The lines of FEAT that tell of TLS."""
        if not self.offered:
            return ()
        return (b"AUTH TLS", b"PBSZ", b"PROT", *((b"CCC",) if self._session.rules.ccc else ()))

    def must_wait(self, command: Command) -> bool:
        """True for a command that may only come under TLS, and has not."""
        required = self._session.rules.client_tls is ClientTls.REQUIRE
        return required and not self.client_secured and command.verb not in BEFORE_TLS

    def command(self, command: Command) -> None:
        """AUTH, PBSZ, PROT or CCC at the head of the queue."""
        COMMANDS[command.verb](self, (command.argument or b"").strip().upper())

    def _auth(self, mechanism: bytes) -> None:
        session = self._session
        if session.rules.opaque:
            assert session.head is not None
            if session.server is None:
                session.refuse(530, "Name the server first.")
            else:
                session.ask(session.head, self._opaque_reply)
        elif session.arrival.authorizes and mechanism not in MECHANISMS and session.head:
            session.arrival.authorize(session.head.argument)
        elif not self.offered:
            session.refuse(502, "TLS is not offered here.")
        elif mechanism not in MECHANISMS:
            session.refuse(504, "AUTH knows TLS, TLS-C, SSL and TLS-P.")
        elif self.client_secured:
            session.refuse(503, "This connection is under TLS already.")
        elif session.login.done:
            session.refuse(503, "AUTH comes before the login.")
        elif session.queue:
            session.leave()  # plain bytes behind AUTH: CVE-2011-1575
        else:
            self._implied = MECHANISMS[mechanism]
            if session.login.tls is ServerTls.MATCH and session.server is not None:
                session.ask(Command(b"AUTH", b"TLS"), self._matched)
            else:
                self._secure_client()

    def _matched(self, message: Reply) -> None:
        """The server's answer to the AUTH that the client's AUTH brought about."""
        session = self._session
        if message.preliminary:
            return
        if message.code in AUTH_ACCEPTED:
            self.secure_server(self._secure_client)
        else:
            session.answer(message)

    def _secure_client(self) -> None:
        session = self._session
        if session.queue:
            session.leave()
            return
        self.client_secured = True
        self.client_level = Level.PRIVATE if self._implied else Level.CLEAR
        self._buffered = self._implied
        session.conduct.drop()
        session.login.forget_user()
        session.answer(reply(234, "TLS begins."))
        session.order(StartTls(Side.CLIENT))

    def _opaque_reply(self, message: Reply) -> None:
        session = self._session
        session.forward(message)
        if message.code in AUTH_ACCEPTED:
            session.go_opaque()
            session.order(GoOpaque())

    def _pbsz(self, size: bytes) -> None:
        session = self._session
        if not self.client_secured:
            session.refuse(503, "AUTH comes before PBSZ.")
        elif not size.isdigit():
            session.refuse(501, "PBSZ needs a number; it is 0 under TLS.")
        else:
            self._buffered = True
            session.answer(reply(200, "PBSZ=0"))

    def _prot(self, level: bytes) -> None:
        session = self._session
        if not self.client_secured:
            session.refuse(503, "AUTH comes before PROT.")
        elif not self._buffered:
            session.refuse(503, "PBSZ comes before PROT.")
        elif level in (b"C", b"P"):
            self.client_level = Level(level)
            session.answer(reply(200, f"Protection level is {level.decode('ascii')}."))
        elif level in (b"S", b"E"):
            session.refuse(536, "TLS has the levels C and P only.")
        else:
            session.refuse(504, "PROT knows C and P.")

    def _ccc(self, _: bytes) -> None:
        session = self._session
        if not self.client_secured:
            session.refuse(533, "This connection is not under TLS.")
        elif not session.rules.ccc:
            session.refuse(534, "The control connection stays under TLS here.")
        elif not session.login.done:
            session.refuse(503, "CCC comes after the login.")
        elif session.queue:
            session.leave()
        else:
            session.answer(reply(200, "The control connection goes on in clear."))
            session.order(StopTls())

    # -- the server's leg -----------------------------------------------------------------------

    def secure_server(self, then: Callable[[], None]) -> None:
        """Begin TLS with the server; ``then`` follows once its certificate is accepted."""
        self._after = then
        self._session.order(StartTimer(Timer.HANDSHAKE))
        self._session.order(StartTls(Side.SERVER))

    def secured(self) -> None:
        """The server's control connection is under TLS."""
        self.server_secured = True
        after, self._after = self._after, None
        if after is not None:
            after()

    def forget_server(self) -> None:
        """The server's connection is gone, and what held for it."""
        self.server_secured = False
        self.server_level = self._after = None
        self._refused = set()

    def prepare_server(self, then: Callable[[], None]) -> None:
        """PBSZ and PROT towards the server where the level it has is not the one wanted.

        RFC 4217 section 9: the level holds for all transfers that follow, so it is asked for once.
        """
        matched = self._session.login.matched
        self._wanted = self.client_level if matched else Level.PRIVATE
        if self._wanted is Level.CLEAR and Level.CLEAR in self._refused:
            self._wanted = Level.PRIVATE  # a server that insists on P, for a client that wants C
        if not self.server_secured or self.server_level is self._wanted:
            then()
            return
        if self._wanted in self._refused:
            self._take_refusal()
            then()
            return
        self._after = then
        if self.server_level is None and not self._refused:
            self._session.ask(Command(b"PBSZ", b"0"), self._pbsz_reply)
        else:
            self._ask_prot()

    def _pbsz_reply(self, message: Reply) -> None:
        if not message.preliminary:
            self._ask_prot()

    def _ask_prot(self) -> None:
        self._session.ask(Command(b"PROT", self._wanted.value), self._prot_reply)

    def _prot_reply(self, message: Reply) -> None:
        if message.preliminary:
            return
        after, self._after = self._after, None
        assert after is not None
        if message.positive:
            self.server_level = self._wanted
            after()
            return
        self._refused.add(self._wanted)
        if self._wanted is Level.CLEAR:
            self.prepare_server(after)
        else:
            self._take_refusal()
            after()

    def _take_refusal(self) -> None:
        """The server refuses PROT P: no transfer, unless a setting lets data go in clear."""
        self.server_level = None
        if self._session.rules.clear_data:
            self.server_level = Level.CLEAR
            self._session.order(Note("PROT P refused: data goes in clear (server-tls.clear-data)"))

    # -- both -----------------------------------------------------------------------------------

    def protects(self, side: Side) -> bool:
        """True where that side's data connections are under TLS."""
        if side is Side.CLIENT:
            return self.client_level is Level.PRIVATE
        return self.server_secured and self.server_level is Level.PRIVATE

    def transfer_refusal(self, opened: dict[Side, bool]) -> str:
        """Why a transfer may not take place, or nothing.  RFC 4217 section 10: told only now.

        ``opened`` has the legs that stand already, True for those under TLS.
        """
        rules = self._session.rules
        required = rules.client_tls in (ClientTls.REQUIRE, ClientTls.IMPLICIT)
        if required and self.client_level is not Level.PRIVATE:
            return "Data connections must be protected here: send PROT P."
        if self.server_secured and self.server_level is None:
            return "The server refuses to protect data connections."
        if any(self.protects(side) is not protected for side, protected in opened.items()):
            return "The data connection was opened before the protection level changed."
        return ""


COMMANDS: dict[bytes, Callable[[Protection, bytes], None]] = {
    b"AUTH": Protection._auth,
    b"PBSZ": Protection._pbsz,
    b"PROT": Protection._prot,
    b"CCC": Protection._ccc,
}
