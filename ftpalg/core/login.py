"""From the first byte to the login: which server, its greeting, USER, PASS and ACCT.

Two routes: a fixed server is dialled at once and its greeting is the client's; otherwise the client
names a server in USER, and what it asks before that is answered here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ftpalg.core.actions import Dial, LoggedIn, Note, Server, StartTimer, StopTimer
from ftpalg.core.commands import Command, printable
from ftpalg.core.errors import BadArgument
from ftpalg.core.events import Timer
from ftpalg.core.features import list_features
from ftpalg.core.logins import parse_user
from ftpalg.core.phase import Phase
from ftpalg.core.protection import AUTH_ACCEPTED
from ftpalg.core.replies import Reply, reply
from ftpalg.core.routes import ServerTls
from ftpalg.core.scrub import scrub

if TYPE_CHECKING:
    from ftpalg.core.session import Session

UNREACHABLE = 434
"""Requested host unavailable: the client may name another (RFC 5797's code space, 4yz: try again)."""


class Login:
    """The part of a session that finds the server and lets the client in."""

    __slots__ = (
        "_greeting",
        "_passless",
        "_server",
        "_session",
        "_user",
        "_user_stale",
        "_wrong",
        "done",
        "matched",
        "tls",
    )

    def __init__(self, session: Session) -> None:
        self._session = session
        self._server: Server | None = None
        self._greeting: Reply | None = None
        self.tls = ServerTls.OFF
        self.matched = False
        self._user: bytes = b""
        self._passless = False
        self._user_stale = False
        self._wrong = 0
        self.done = False

    @property
    def fixed(self) -> bool:
        """True where the configuration names the server and USER is not ours to read."""
        return self._session.rules.server is not None

    def begin(self) -> None:
        """The client has connected."""
        session = self._session
        session.order(StartTimer(Timer.LOGIN))
        if session.rules.server is not None:
            self._dial(session.rules.server)
            return
        session.phase = Phase.UNROUTED
        session.tell(reply(220, "ftpalg ready; log in as user@server."))

    # -- the server's greeting ------------------------------------------------------------------

    def connected(self) -> None:
        """The control connection to the server stands."""
        if self.tls is ServerTls.IMPLICIT:
            self._session.protection.secure_server(lambda: None)

    def greeted(self, message: Reply) -> None:
        """The server's first words, 120 included."""
        session = self._session
        if message.preliminary:
            session.order(
                StopTimer(Timer.HANDSHAKE)
            )  # it asks for patience; timeouts.login bounds it
            if self.fixed:
                session.tell(message)
        elif not message.positive:
            self._turned_away(message)
        elif self.tls is ServerTls.EXPLICIT and message.code == 230:
            self.unreachable("The server logs in before TLS, which is required.")
        elif self.tls in (ServerTls.EXPLICIT, ServerTls.AUTO):
            self._greeting = message
            session.ask(Command(b"AUTH", b"TLS"), self._auth_reply)
        else:
            self._enter(message)

    def _turned_away(self, message: Reply) -> None:
        session = self._session
        message = scrub(message, session)
        if self.fixed:
            session.leave(message)
            return
        session.drop_server()
        session.phase = Phase.UNROUTED
        session.answer(message.recoded(UNREACHABLE))

    def _auth_reply(self, message: Reply) -> None:
        """The server's answer to our AUTH TLS."""
        session, greeting = self._session, self._greeting
        if message.preliminary or greeting is None:
            return
        if message.code in AUTH_ACCEPTED:
            session.protection.secure_server(lambda: self._enter(greeting))
        elif self.tls is ServerTls.AUTO and message.code >= 400:
            session.order(Note("the server offers no TLS: going on in clear (auto)"))
            self._enter(greeting)
        else:
            self.unreachable("The server does not begin TLS, which is required.")

    def _enter(self, greeting: Reply) -> None:
        """The server takes commands now."""
        session, self._greeting = self._session, None
        session.order(StopTimer(Timer.HANDSHAKE))
        session.phase = Phase.CONNECTED
        if self.fixed:
            if greeting.code == 230:
                self._let_in()
            session.tell(greeting)
        elif greeting.code == 230:
            self._user_reply(greeting)
        else:
            session.ask(Command(b"USER", self._user), self._user_reply)

    def unreachable(self, text: str) -> None:
        """The server could not be reached or trusted, or left before its greeting."""
        session = self._session
        if self.fixed:
            session.leave(reply(421, text))
            return
        session.drop_server()
        session.phase = Phase.UNROUTED
        session.answer(reply(UNREACHABLE, text))

    def _dial(self, server: Server) -> None:
        session = self._session
        self._server = server
        self.tls = session.rules.tls_to(server)
        self.matched = self.tls is ServerTls.MATCH
        if self.matched and session.protection.client_secured:
            self.tls = ServerTls.EXPLICIT
        session.phase = Phase.DIALING
        session.order(Dial(server))

    # -- before a server is known ---------------------------------------------------------------

    def local(self, command: Command) -> None:
        """Answer a command that came before any server was named."""
        session, verb = self._session, command.verb
        if verb == b"USER":
            self._named(command)
        elif verb == b"QUIT":
            session.leave(reply(221, "Goodbye."))
        elif verb == b"FEAT":
            session.answer(list_features(session.features))
        elif verb == b"OPTS" and (command.argument or b"").upper().startswith(b"UTF8"):
            session.answer(reply(200, "File names pass unchanged."))
        elif verb in LOCAL:
            session.answer(LOCAL[verb])
        else:
            session.refuse(530, "Log in first: USER user@server.")

    def _named(self, command: Command) -> None:
        """USER where the client names the server."""
        session = self._session
        try:
            login = parse_user(command.argument)
        except BadArgument as error:
            session.refuse(error.code, str(error))
            return
        if login.server is None and session.phase is Phase.UNROUTED:
            session.refuse(530, "Name the server too: USER user@server or user@server:port.")
            return
        self._user, self._user_stale = login.user, False
        if session.phase is Phase.CONNECTED:
            if login.server in (None, self._server):
                session.ask(Command(b"USER", login.user), self._user_reply)
                return
            session.drop_server()
        assert login.server is not None
        self._dial(login.server)

    # -- at the server --------------------------------------------------------------------------

    def command(self, command: Command) -> None:
        """USER, PASS or ACCT while a server is connected."""
        session = self._session
        if command.verb == b"USER":
            self._user_stale = False
            if self.fixed:
                self._user = command.argument or b""
                session.ask(command, self._user_reply)
            elif self.done:
                session.refuse(503, "Already logged in; QUIT and connect again to change.")
            else:
                self._named(command)
        elif self._user_stale:
            session.refuse(503, "USER comes first.")
        elif command.verb == b"PASS" and self._passless:
            self._passless = False
            session.answer(reply(230, "Already logged in."))
        else:
            session.ask(command, self._login_reply)

    def forget_user(self) -> None:
        """TLS has begun: who logs in is said again under it (RFC 4217 section 10.1)."""
        self._user_stale, self._passless = True, False

    def _user_reply(self, message: Reply) -> None:
        self._passless = message.positive
        self._login_reply(message)

    def _login_reply(self, message: Reply) -> None:
        session = self._session
        if message.positive:
            self._let_in()
        session.forward(message)
        if message.code == 530:
            self._wrong += 1
            if self._wrong >= session.rules.bad_logins:
                session.leave(reply(421, "Too many failed logins; closing."))

    def _let_in(self) -> None:
        if not self.done:
            self.done = True
            self._session.order(StopTimer(Timer.LOGIN))
            self._session.order(LoggedIn(printable(self._user)))


LOCAL = {
    b"SYST": reply(215, "UNIX Type: L8"),
    b"NOOP": reply(200, "OK."),
    b"CLNT": reply(200, "Noted."),
    b"HELP": reply(214, "Log in as user@server or user@server:port."),
    b"PASS": reply(503, "USER comes first: USER user@server."),
    b"ACCT": reply(503, "USER comes first: USER user@server."),
}
