"""At the server: its greeting, TLS with it, USER, PASS and ACCT."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ftpalg.core.actions import Dial, LoggedIn, Note, SendSecret, StopTimer
from ftpalg.core.commands import Command, printable
from ftpalg.core.events import Timer
from ftpalg.core.phase import Phase
from ftpalg.core.protection import AUTH_ACCEPTED
from ftpalg.core.replies import Reply, reply
from ftpalg.core.routes import Mode, Route, Server, ServerTls
from ftpalg.core.scrub import scrub

if TYPE_CHECKING:
    from ftpalg.core.session import Session

UNREACHABLE = 434
"""Requested host unavailable: the client may name another (RFC 5797's code space, 4yz: try again)."""


class Login:
    """The part of a session that gets the client into its server.

    ``greets`` is True where the server's greeting is the client's, because no word of the client was
    needed to find it.
    """

    __slots__ = (
        "_greeting",
        "_greets",
        "_passless",
        "_password",
        "_session",
        "_user",
        "_user_stale",
        "_welcome",
        "_wrong",
        "done",
        "matched",
        "route",
        "server",
        "tls",
    )

    def __init__(self, session: Session) -> None:
        self._session = session
        self.route = Route()
        self.server: Server | None = None
        self._greets = False
        self._greeting: Reply | None = None
        self.tls = ServerTls.OFF
        self.matched = False
        self._user: bytes | None = None
        self._password: bytes | None = None
        self._welcome = 0
        self._passless = False
        self._user_stale = False
        self._wrong = 0
        self.done = False

    def dial(
        self,
        route: Route,
        named: Server | None,
        *,
        user: bytes | None = None,
        password: bytes | None = None,
        welcome: int = 0,
        greets: bool = False,
    ) -> None:
        """Reach the route's server, or the one that was named where it has none.

        Then log in with what is given; without a user, which is to come then, the greeting answers
        the client's command, recoded to ``welcome``.
        """
        session = self._session
        servers = route.servers or ((named,) if named else ())
        self.server, self.route = servers[0], route
        self._user = None if user is None else route.user.encode() or user
        self._password = password
        self._user_stale, self._welcome, self._greets = False, welcome, greets
        self.tls = route.tls or session.rules.tls_to(self.server)
        self.matched = self.tls is ServerTls.MATCH
        if self.matched and session.protection.client_secured:
            self.tls = ServerTls.EXPLICIT
        session.phase = Phase.DIALING
        session.order(Dial(servers, route, session.arrival.account, named=not route.servers))

    @property
    def mode(self) -> Mode:
        """How data connections to the server are opened."""
        if self.hidden:
            return Mode.PASSIVE  # nobody could connect to us through the parent
        return self.route.mode or self._session.rules.mode

    @property
    def hidden(self) -> bool:
        """True behind a parent that names the server itself: its family is not the connection's."""
        return bool(self.route.parent) and self.route.parent not in self._session.rules.ftp_parents

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
            if self._greets:
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
        if self._greets:
            session.leave(message)
            return
        self._give_up(message.recoded(UNREACHABLE))

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
        let_in = greeting.code == 230
        if self._user is None:
            if let_in:
                self._let_in()
            session.forward(greeting.recoded(self._welcome)) if self._welcome else session.tell(
                greeting
            )
        elif let_in:
            self._user_reply(greeting)
        else:
            self.ask_user(self._user)

    def unreachable(self, text: str, code: int = UNREACHABLE, *, why: str = "") -> None:
        """The server could not be reached or trusted, or left before its greeting.

        ``why`` is for the log, where the client is told less.
        """
        session = self._session
        session.order(Note(why or text))
        if self._greets:
            session.leave(reply(421, text))
            return
        self._give_up(reply(code, text))

    def _give_up(self, message: Reply) -> None:
        """Leave the server; the client may name another."""
        session = self._session
        session.drop_server()
        session.phase = Phase.UNROUTED
        session.arrival.forget_server()
        session.turn_down(message)  # counted: nobody scans for servers through the gateway

    # -- USER, PASS, ACCT -------------------------------------------------------------------------

    def command(self, command: Command) -> None:
        """USER, PASS or ACCT while a server is connected."""
        session = self._session
        if command.verb == b"USER":
            self._user_stale, self._password = True, None  # until this one is accepted
            if self._greets:
                self.ask_user(command.argument)
            elif self.done:
                session.refuse(503, "Already logged in; QUIT and connect again to change.")
            else:
                session.arrival.user(command.argument)
        elif self._user_stale:
            session.refuse(503, "USER comes first.")
        elif command.verb == b"PASS" and self._passless:
            self._passless = False
            session.answer(reply(230, "Already logged in."))
        else:
            session.ask(command, self._login_reply)

    def ask_user(self, user: bytes | None) -> None:
        """Log in as that user, unless the route names another."""
        user = self.route.user.encode() or user
        self._user, self._user_stale = user or b"", False
        if self.server is not None and self.route.parent in self._session.rules.ftp_parents:
            user = b"%b@%b" % (self._user, _where(self.server))
        self._session.ask(Command(b"USER", user), self._user_reply)

    def forget_user(self) -> None:
        """TLS has begun: who logs in is said again under it (RFC 4217 section 10.1)."""
        self._user_stale, self._passless = True, False

    def _user_reply(self, message: Reply) -> None:
        session = self._session
        self._passless = message.positive
        if message.code == 331 and self.route.secret:
            session.order(SendSecret(self.route.secret))
            session.expect(self._secret_reply)
        elif message.code == 331 and self._password is not None:
            password, self._password = self._password, None
            session.ask(Command(b"PASS", password), self._login_reply)
        else:
            self._login_reply(message)

    def _secret_reply(self, message: Reply) -> None:
        """The answer to a PASS that was not the client's: the client's is needed no more, or no use."""
        self._passless = message.positive
        self._user_stale = message.code >= 400
        self._login_reply(message)

    def secret_missing(self, reason: str) -> None:
        """The password for the server cannot be read."""
        text = "The gateway's login at the server is not set up."
        self.unreachable(text, why=f"password for the server: {reason}")

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
            self._session.order(LoggedIn(printable(self._user or b"")))


def _where(server: Server) -> bytes:
    """A server as a parent FTP proxy reads it behind ``user@``."""
    return str(server).removesuffix(":21").encode("ascii")
