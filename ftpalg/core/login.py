"""From the first byte to the login: which server, its greeting, USER, PASS and ACCT.

Two routes: a fixed server is dialled at once and its greeting is the client's; otherwise the client
names a server in USER, and what it asks before that is answered here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ftpalg.core.actions import Dial, LoggedIn, Server, StartTimer, StopTimer
from ftpalg.core.commands import Command, printable
from ftpalg.core.errors import BadArgument
from ftpalg.core.events import Timer
from ftpalg.core.features import list_features
from ftpalg.core.logins import parse_user
from ftpalg.core.phase import Phase
from ftpalg.core.replies import Reply, reply
from ftpalg.core.scrub import scrub

if TYPE_CHECKING:
    from ftpalg.core.session import Session

UNREACHABLE = 434
"""Requested host unavailable: the client may name another (RFC 5797's code space, 4yz: try again)."""


class Login:
    """The part of a session that finds the server and lets the client in."""

    __slots__ = ("_passless", "_server", "_session", "_user", "done")

    def __init__(self, session: Session) -> None:
        self._session = session
        self._server: Server | None = session.rules.server
        self._user: bytes = b""
        self._passless = False
        self.done = False

    @property
    def fixed(self) -> bool:
        """True where the configuration names the server and USER is not ours to read."""
        return self._session.rules.server is not None

    def begin(self) -> None:
        """The client has connected."""
        session = self._session
        session.order(StartTimer(Timer.LOGIN))
        if self._server is not None:
            session.order(Dial(self._server))
            return
        self._rest_unrouted()
        session.tell(reply(220, "ftpalg ready; log in as user@server."))

    def _rest_unrouted(self) -> None:
        self._session.phase = Phase.UNROUTED

    # -- the server's greeting ------------------------------------------------------------------

    def greeted(self, message: Reply) -> None:
        """The server's first words, 120 included."""
        session = self._session
        if message.preliminary:
            session.expect(self.greeted)
            if self.fixed:
                session.tell(message)
        elif self.fixed:
            if not message.positive:
                session.leave(scrub(message, session))
                return
            session.phase = Phase.CONNECTED
            session.tell(message)
        elif message.code == 230:
            session.phase = Phase.CONNECTED
            self._user_reply(message)
        elif message.positive:
            session.phase = Phase.CONNECTED
            session.ask(Command(b"USER", self._user), self._user_reply)
        else:
            session.drop_server()
            self._rest_unrouted()
            session.answer(message.recoded(UNREACHABLE))

    def unreachable(self, text: str) -> None:
        """The server could not be reached, or left before its greeting."""
        session = self._session
        if self.fixed:
            session.leave(reply(421, text))
            return
        session.drop_server()
        self._rest_unrouted()
        session.answer(reply(UNREACHABLE, text))

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
        self._user = login.user
        if session.phase is Phase.CONNECTED:
            if login.server in (None, self._server):
                session.ask(Command(b"USER", login.user), self._user_reply)
                return
            session.drop_server()
        self._server = login.server
        session.phase = Phase.DIALING
        assert login.server is not None
        session.order(Dial(login.server))

    # -- at the server --------------------------------------------------------------------------

    def command(self, command: Command) -> None:
        """USER, PASS or ACCT while a server is connected."""
        session = self._session
        if command.verb == b"USER":
            if self.fixed:
                self._user = command.argument or b""
                session.ask(command, self._user_reply)
            elif self.done:
                session.refuse(503, "Already logged in; QUIT and connect again to change.")
            else:
                self._named(command)
        elif command.verb == b"PASS" and self._passless:
            self._passless = False
            session.answer(reply(230, "Already logged in."))
        else:
            session.ask(command, self._login_reply)

    def _user_reply(self, message: Reply) -> None:
        if message.positive:
            self._passless = True
        self._login_reply(message)

    def _login_reply(self, message: Reply) -> None:
        if message.positive and not self.done:
            self.done = True
            self._session.order(StopTimer(Timer.LOGIN))
            self._session.order(LoggedIn(printable(self._user)))
        self._session.forward(message)


LOCAL = {
    b"SYST": reply(215, "UNIX Type: L8"),
    b"NOOP": reply(200, "OK."),
    b"CLNT": reply(200, "Noted."),
    b"HELP": reply(214, "Log in as user@server or user@server:port."),
    b"PASS": reply(503, "USER comes first: USER user@server."),
    b"ACCT": reply(503, "USER comes first: USER user@server."),
}
