"""Before a server is reached: who the client is, and whither it wants.

A fixed or intercepted destination that needs no account is dialled at once and its greeting is the
client's.  Everybody else is greeted here, and says in one of the dialects of ``logins`` which
account at the gateway and which server it has.  What is asked meanwhile is answered here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from ftpalg.core.actions import Authenticate, Note, StartTimer
from ftpalg.core.commands import Command
from ftpalg.core.errors import BadArgument
from ftpalg.core.events import Timer
from ftpalg.core.features import list_features
from ftpalg.core.logins import (
    JOINED,
    Dialect,
    Named,
    parse_user,
    parse_where,
    split_password,
)
from ftpalg.core.phase import Phase
from ftpalg.core.replies import reply
from ftpalg.core.routes import Route, Server
from ftpalg.core.whither import Whither

if TYPE_CHECKING:
    from ftpalg.core.session import Session

PASSWORD = reply(331, "Password required.")
"""The answer to every USER that the gateway itself takes: no user name is told from another."""
REMEDY = "Name the server too: USER user@server or user@server:port."


class Arrival:
    """The part of a session that learns what its route depends on."""

    __slots__ = (
        "_claim",
        "_named",
        "_password",
        "_said",
        "_server",
        "_session",
        "_whither",
        "_wrong",
        "account",
    )

    def __init__(self, session: Session) -> None:
        self._session = session
        self._whither = Whither(session)
        self._server: Server | None = None
        self._said: bytes | None = None  # the user there
        self._named: Named | None = None
        self._password: bytes | None = None
        self._wrong = 0
        self._claim: Named | None = None  # what the account was named with
        self.account = ""

    def begin(self) -> None:
        """The client has connected."""
        session = self._session
        session.order(StartTimer(Timer.LOGIN))
        route = self._whither.route()
        if isinstance(route, Route) and self._whither.known(route) and not self._wants_account:
            session.login.dial(route, self._whither.server, greets=True)
            return
        session.phase = Phase.UNROUTED
        named = "." if session.rules.accounts else "; log in as user@server."
        session.tell(reply(220, f"ftpalg ready{named}"))

    def secured(self, sni: str) -> None:
        """TLS with the client stands; ``sni`` is the name it asked for.

        Who logs in is said again under it (RFC 4217 section 10.1).
        """
        self._named = self._password = None
        self._whither.secured(sni)

    def forget_server(self) -> None:
        """The server that was named is left: it has to be named again."""
        self._whither.opened = self._server = self._said = None

    def command(self, command: Command) -> None:
        """Answer a command that came before any server was named."""
        session, verb = self._session, command.verb
        answer = COMMANDS.get(verb)
        if answer is not None:
            self._carry_out(answer, command.argument)
        elif verb == b"OPTS" and (command.argument or b"").upper().startswith(b"UTF8"):
            session.answer(reply(200, "File names pass unchanged."))
        elif verb in LOCAL:
            session.answer(LOCAL[verb])
        else:
            session.refuse(530, "Log in first: USER user@server.")

    def user(self, argument: bytes | None) -> None:
        """A second USER, of a client that is not logged in at its server."""
        self._carry_out(Arrival._user, argument)

    def _carry_out(self, answer: Answer, argument: bytes | None) -> None:
        try:
            answer(self, argument)
        except BadArgument as error:
            self._session.refuse(error.code, str(error))

    # -- the route ------------------------------------------------------------------------------

    @property
    def _wants_account(self) -> bool:
        return self._session.rules.accounts and not self.account

    def _go(
        self,
        user: bytes | None,
        password: bytes | None = None,
        *,
        server: Server | None = None,
        welcome: int = 230,
    ) -> None:
        """Everything is known: reach the server, and log in there as far as the client has said."""
        if user is None and server is not None:
            self._whither.opened = server  # USER comes behind and names no server
        self._server, self._said = server or self._whither.server, user
        route = self._whither.route(user, self._server, final=True)
        if not isinstance(route, Route) or not (route.servers or self._server):
            self._session.refuse(530, REMEDY)
            return
        self._named = self._password = None
        self._session.login.dial(route, self._server, user=user, password=password, welcome=welcome)

    # -- USER, PASS, ACCT -------------------------------------------------------------------------

    def _user(self, argument: bytes | None) -> None:
        session = self._session
        self._named = self._password = None
        if self._repeats(argument):
            self._leave_server()
            self.forget_server()
            self._claim, self.account = None, ""
        if self._wants_account:
            self._named = self._read(argument)
            session.answer(PASSWORD)
            return
        told = self._whither.told(argument)
        named = Named(user=argument) if told else self._read(argument)
        user = named.user or b""
        server = named.server or (self._whither.server if told else self._server)
        if not told and server is None:
            session.refuse(530, REMEDY)
        elif session.phase is Phase.CONNECTED and self._leads_on(user, server):
            self._said = user
            session.login.ask_user(user)
        else:
            self._leave_server()
            self._go(user, server=server)

    def _leads_on(self, user: bytes, server: Server | None) -> bool:
        """True where the server that is connected is that user's too, by the same route."""
        route = self._whither.route(user, server, final=True)
        return server == self._server and route == self._session.login.route

    def _leave_server(self) -> None:
        if self._session.phase is Phase.CONNECTED:
            self._session.drop_server()
            self._session.phase = Phase.UNROUTED

    def _repeats(self, argument: bytes | None) -> bool:
        """True where USER says the gateway's login again: Net::FTP does where login() comes twice.

        The PASS behind it is the gateway's and not the server's to see.  A USER of the server that
        is already told may be spelled like the account, and is none.
        """
        rules, claim, opened = self._session.rules, self._claim, self._whither.opened
        if claim is None or (opened is None and self._whither.told(argument)):
            return False
        try:
            again = parse_user(argument, rules.dialects, rules.separators, account=True)
        except BadArgument:
            return False
        if again.account != claim.account:
            return False
        instead = self._said not in (None, argument)  # a user of that server comes first
        if again.server is None:
            return opened is None or instead
        return claim.dialect is again.dialect and (opened in (None, again.server) or instead)

    def _read(self, argument: bytes | None) -> Named:
        rules, wanted = self._session.rules, self._wants_account
        if wanted and self._whither.told():
            return Named(account=argument or b"")
        return parse_user(argument, rules.dialects, rules.separators, account=wanted)

    def _pass(self, argument: bytes | None) -> None:
        session, named, given = self._session, self._named, argument or b""
        if named is None:
            session.refuse(503, "USER comes first: USER user@server.")
        elif named.account is None and not self._whither.speaks(Dialect.AUTH):
            self._named = None
            self._turn_away("no account at the gateway was named")
        elif named.account is None:
            self._password = given
            session.answer(reply(230, "Now the account at this gateway: AUTH and RESP."))
        elif named.dialect is Dialect.USER_SERVER_ACCOUNT:
            self._password = given
            session.answer(reply(332, "Now the password at this gateway: ACCT."))
        elif named.dialect in JOINED:
            self._password, ours = split_password(named.dialect, given, session.rules.separators)
            self._check(named.account, ours)
        else:
            self._check(named.account, given)

    def _acct(self, argument: bytes | None) -> None:
        named = self._named
        if named is None or named.account is None or self._password is None:
            self._session.refuse(503, "USER comes first: USER user@server.")
        else:
            self._check(named.account, argument or b"")

    # -- AUTH account, RESP -----------------------------------------------------------------------

    @property
    def authorizes(self) -> bool:
        """True where AUTH with no mechanism of TLS names an account (Net::FTP's authorize)."""
        waits = self._named is not None and self._password is not None
        return waits and self._whither.speaks(Dialect.AUTH)

    def authorize(self, argument: bytes | None) -> None:
        """AUTH account."""
        assert self._named is not None
        self._named = replace(self._named, dialect=Dialect.AUTH, account=argument or b"")
        self._session.answer(reply(334, "RESP with its password."))

    def _resp(self, argument: bytes | None) -> None:
        named = self._named
        if named is None or named.dialect is not Dialect.AUTH or named.account is None:
            self._session.refuse(503, "AUTH account comes first.")
        else:
            self._check(named.account, argument or b"")

    # -- the account at the gateway ---------------------------------------------------------------

    def _check(self, account: bytes, password: bytes) -> None:
        self._session.phase = Phase.CHECKING
        self._session.order(Authenticate(account, password))

    def accepted(self, account: str) -> None:
        """The password was right."""
        session, named, password = self._session, self._named, self._password
        assert named is not None
        session.phase = Phase.UNROUTED
        self.account, self._claim = account, named
        self._named = self._password = None
        session.order(Note(f"account {account} at the gateway"))
        if named.server is not None:
            self._go(named.user, password, server=named.server)
            return
        route = self._whither.route(final=True)
        if isinstance(route, Route) and route.user and self._whither.known(route):
            self._go(b"")
        else:
            session.answer(reply(230, "Logged in at the gateway; go on with the server's login."))

    def refused(self, reason: str) -> None:
        """It was not; the wait that makes guessing slow is over."""
        self._session.phase = Phase.UNROUTED
        self._named = self._password = None
        self._turn_away(reason)

    def _turn_away(self, reason: str) -> None:
        session = self._session
        self._wrong += 1
        session.order(Note(f"login at the gateway refused: {reason}"))
        if self._wrong >= session.rules.bad_logins:
            session.leave(reply(421, "Too many failed logins; closing."))
        else:
            session.answer(reply(530, "Login incorrect."))

    # -- SITE, OPEN, HOST -------------------------------------------------------------------------

    def _site(self, argument: bytes | None) -> None:
        word, _, rest = (argument or b"").partition(b" ")
        if self.authorizes and word.upper() == b"AUTHENTICATE":  # gFTP's way to say AUTH
            self.authorize(rest)
        elif self.authorizes and word.upper() == b"RESPONSE":
            self._resp(rest)
        else:
            self._open(argument, Dialect.SITE)

    def _open(self, argument: bytes | None, dialect: Dialect = Dialect.OPEN) -> None:
        session = self._session
        if self._whither.speaks(dialect) and self._wants_account:
            session.refuse(530, "Log in at the gateway first.")
        elif not self._whither.speaks(dialect) or not self._whither.free:
            session.refuse(502, f"{dialect.name} names no server here.")
        else:
            self._go(None, server=parse_where(argument), welcome=220)

    def _host(self, argument: bytes | None) -> None:
        self._whither.host(argument, late=self._named is not None or bool(self.account))

    @property
    def hears_host(self) -> bool:
        """True where HOST has a meaning here."""
        return self._whither.hears_host

    # -- the rest -----------------------------------------------------------------------------------

    def _quit(self, _: bytes | None) -> None:
        self._session.leave(reply(221, "Goodbye."))

    def _features(self, _: bytes | None) -> None:
        hosts = (b"HOST",) if self.hears_host else ()
        self._session.answer(list_features((*self._session.features, *hosts)))

    def _algs(self, argument: bytes | None) -> None:
        self._session.passing.algs(argument)


Answer = Callable[[Arrival, bytes | None], None]

COMMANDS: dict[bytes, Answer] = {
    b"USER": Arrival._user,
    b"PASS": Arrival._pass,
    b"ACCT": Arrival._acct,
    b"RESP": Arrival._resp,
    b"SITE": Arrival._site,
    b"OPEN": Arrival._open,
    b"HOST": Arrival._host,
    b"QUIT": Arrival._quit,
    b"FEAT": Arrival._features,
    b"ALGS": Arrival._algs,
}

LOCAL = {
    b"SYST": reply(215, "UNIX Type: L8"),
    b"NOOP": reply(200, "OK."),
    b"CLNT": reply(200, "Noted."),
    b"HELP": reply(214, "Log in as user@server or user@server:port."),
}
"""What is answered the same to everybody."""
