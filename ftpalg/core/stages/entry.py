"""Before a server is reached: who the client is, and whither it wants.

A fixed or intercepted destination that needs no account is dialled at once and its greeting is the
client's.  Everybody else is greeted here, and says in one of the dialects which account at the
gateway and which server it has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ftpalg.core.actions import Authenticate
from ftpalg.core.desk import Desk
from ftpalg.core.ends import Reason
from ftpalg.core.events import (
    AccountAccepted,
    AccountRefused,
    AccountsBusy,
    Busy,
    ClientSecured,
    Side,
    Timer,
)
from ftpalg.core.facts import AccountLoggedIn, LoginRefused, TlsStands
from ftpalg.core.phases import Phase
from ftpalg.core.routes import Route, Server
from ftpalg.core.stage import Stage
from ftpalg.core.stages.destination import Destination
from ftpalg.core.stages.login import Login
from ftpalg.core.stages.protection import MECHANISMS, Protection
from ftpalg.core.stages.wish import NOTHING, Wish
from ftpalg.core.wire.commands import Command
from ftpalg.core.wire.errors import BadArgument
from ftpalg.core.wire.printing import printable
from ftpalg.core.wire.replies import reply
from ftpalg.core.wire.user_at_host import (
    JOINED,
    Dialect,
    Named,
    Read,
    parse_user,
    parse_where,
    reading,
    split_password,
)

PASSWORD = reply(331, "Password required.")
"""The answer to every USER that the gateway itself takes: no user name is told from another."""
UNSEEN = {
    Busy.CHECKS: (Reason.ACCOUNTS_BUSY, "Too many logins are being checked; try again later."),
    Busy.BARRED: (Reason.TOO_MANY_WRONG, "Too many wrong passwords; try again later."),
    Busy.FULL: (Reason.ACCOUNT_FULL, "Too many sessions of your account; try again later."),
}
REMEDY = "Name the server too: USER user@server or user@server:port."


class Entry(Stage):
    """``state`` is the client's wish."""

    __slots__ = ("_destination", "_login", "_protection")

    state: Wish

    def __init__(
        self, desk: Desk, destination: Destination, protection: Protection, login: Login
    ) -> None:
        super().__init__(desk, NOTHING)
        self._destination = destination
        self._protection = protection
        self._login = login

    def begin(self) -> None:
        """The client has connected."""
        desk = self.desk
        desk.start(Timer.LOGIN)
        facts = self._destination.facts()
        route = desk.rules.route(facts)
        leads = isinstance(route, Route) and self._destination.leads_somewhere(route)
        if leads and isinstance(route, Route) and not self._wants_account:
            self._login.dial(route, self._destination.server, greets=True)
            self._destination.settled(facts, route)
            return
        named = "." if desk.rules.accounts else "; log in as user@server."
        desk.tell(reply(220, f"ftpalg ready{named}"))

    def forget(self) -> None:
        """TLS begins: what the client has said in clear counts no more (rule 9, RFC 4217 section
        10.1), an account and a server that it named among it; nor does a server that was told in clear
        what it may remember."""
        desk = self.desk
        if desk.phase is Phase.SERVED and (desk.swayed or not self._login.state.greets):
            self._leave_server()
            self._login.forget()
        self.state = Wish(wrong=self.state.wrong)
        desk.account = ""

    def secured(self, event: ClientSecured) -> None:
        """TLS with the client stands."""
        self._destination.secured(event.sni)
        self.desk.observe(TlsStands(Side.CLIENT, event.sni))

    def forget_server(self) -> None:
        """The server that was named is left: it has to be named again."""
        self._destination.open(None)
        self.state = self.state._replace(server=None, user=None)

    # -- the route ------------------------------------------------------------------------------

    @property
    def _wants_account(self) -> bool:
        return self.desk.rules.accounts and not self.desk.account

    def _go(
        self,
        user: bytes | None,
        password: bytes | None = None,
        *,
        server: Server | None = None,
        welcome: int = 230,
    ) -> None:
        """Everything is known: reach the server, and log in there as far as the client has said."""
        whither, named = self._destination, server
        if user is None and server is not None:
            whither.open(server)  # USER comes behind and names no server
        server = server or whither.server
        self.state = self.state._replace(user=user, server=server)
        facts = whither.facts(user, server, final=True, named=named)
        route = self.desk.rules.route(facts)
        if isinstance(route, Route):
            whither.settled(facts, route)
        if not isinstance(route, Route) or not (route.servers or server):
            self.desk.refuse(530, REMEDY)
            return
        self.state = self.state._replace(named=None, password=None)
        self._login.dial(route, server, user=user, password=password, welcome=welcome)

    # -- USER, PASS, ACCT -------------------------------------------------------------------------

    def user(self, command: Command) -> None:
        """USER, as long as no server is reached."""
        self._read_as(Entry._user, command)

    def user_there(self, command: Command) -> None:
        """USER while a server is connected: its own, or it names another one."""
        desk, login = self.desk, self._login
        login.say_again()
        if login.state.greets:
            self._destination.named(command.argument, login.state.route)
            login.ask_user(command.argument)
        elif desk.logged_in:
            desk.refuse(503, "Already logged in; QUIT and connect again to change.")
        else:
            self._read_as(Entry._user, command)

    def _read_as(self, answer: Answer, command: Command) -> None:
        try:
            answer(self, command.argument)
        except BadArgument as error:
            self.desk.refuse(error.code, str(error))

    def _user(self, argument: bytes | None) -> None:
        desk, whither = self.desk, self._destination
        self.state = self.state._replace(named=None, password=None)
        if self._repeats(argument):
            self._leave_server()
            self.forget_server()
            self.state = self.state._replace(claim=None)
            desk.account = ""
        named = next(one.named for one in self.reading(argument) if one.named is not None)
        if named.account is not None or self._wants_account:
            self.state = self.state._replace(named=named)
            desk.answer(PASSWORD)
            return
        user = named.user or b""
        known = named.server is None and whither.known(user)
        server = named.server or (whither.server if known else self.state.server)
        nowhere = not known and server is None
        if nowhere and (desk.phase is Phase.SERVED or not user):
            desk.refuse(530, REMEDY)
        elif nowhere:
            # an account that nobody asks for, as clients with a proxy setting send it
            self.state = self.state._replace(named=Named(account=user))
            desk.answer(PASSWORD)
        elif desk.phase is Phase.SERVED and self._leads_on(user, server):
            self.state = self.state._replace(user=user)
            self._login.ask_user(user)
        else:
            self._leave_server()
            self._go(user, server=server)

    def _is_account(self, argument: bytes | None) -> bool:
        """True for an account that nobody asks for, and that reads like a user of a server: neither
        its name nor its password is that server's to see."""
        is_account = self.desk.rules.is_account
        if self.desk.rules.accounts or self._destination.known() or is_account is None:
            return False
        return bool(is_account(argument or b""))

    def _leads_on(self, user: bytes, server: Server | None) -> bool:
        """True where the server that is connected is that user's too, by the same route."""
        named = None if self._destination.known() else server
        route = self._destination.route(user, server, final=True, named=named)
        return server == self.state.server and route == self._login.state.route

    def _leave_server(self) -> None:
        if self.desk.phase is Phase.SERVED:
            self.desk.leave_server()
            self.desk.move(Phase.UNROUTED)

    def _repeats(self, argument: bytes | None) -> bool:
        """True where USER says the gateway's login again: Net::FTP does where login() comes twice.

        The PASS behind it is the gateway's and not the server's to see.  A USER of the server that
        is already known may be spelled like the account, and is none.
        """
        rules, claim, opened = self.desk.rules, self.state.claim, self._destination.state.opened
        if claim is None or (opened is None and self._destination.known(argument)):
            return False
        try:
            again = parse_user(argument, rules.dialects, rules.separators, account=True)
        except BadArgument:
            return False
        if again.account != claim.account:
            return False
        instead = self.state.user not in (None, argument)  # a user of that server comes first
        if again.server is None:
            return opened is None or instead
        return claim.dialect is again.dialect and (opened in (None, again.server) or instead)

    def reading(self, argument: bytes | None) -> Iterator[Read]:
        """The one reading of what USER says, before any rule is asked; its first ``named`` counts.

        Raise BadArgument.
        """
        rules = self.desk.rules
        if self._is_account(argument):
            yield Read(None, None, Named(account=argument), known=True)
        else:
            yield from reading(
                argument,
                rules.dialects,
                rules.separators,
                account=self._wants_account,
                told=self._destination.known(),
                is_account=rules.is_account,
            )

    def password(self, command: Command) -> None:
        """PASS or ACCT, as long as no server is reached."""
        self._read_as(Entry._acct if command.verb == b"ACCT" else Entry._pass, command)

    def _pass(self, argument: bytes | None) -> None:
        desk, named, given = self.desk, self.state.named, argument or b""
        if named is None:
            desk.refuse(503, "USER comes first: USER user@server.")
        elif not self._wants_account:
            self.state = self.state._replace(named=None)
            desk.answer(reply(230, "No account is needed here; go on with the server's login."))
        elif named.account is None and not self._destination.speaks(Dialect.AUTH):
            self.state = self.state._replace(named=None)
            self._refuse_login(b"", "no account at the gateway was named")
        elif named.account is None:
            self.state = self.state._replace(password=given)
            desk.answer(reply(230, "Now the account at this gateway: AUTH and RESP."))
        elif named.dialect is Dialect.USER_SERVER_ACCOUNT:
            self.state = self.state._replace(password=given)
            desk.answer(reply(332, "Now the password at this gateway: ACCT."))
        elif named.dialect in JOINED:
            self._check_joined(named.dialect, named.account, given)
        else:
            self._check(named.account, given)

    def _check_joined(self, dialect: Dialect | None, account: bytes, given: bytes) -> None:
        """What does not join two passwords is a wrong one: an empty one, which is always refused."""
        try:
            theirs, ours = split_password(dialect, given, self.desk.rules.separators)
        except BadArgument:
            theirs, ours = b"", b""
        self.state = self.state._replace(password=theirs)
        self._check(account, ours)

    def _acct(self, argument: bytes | None) -> None:
        named = self.state.named
        if named is None or named.account is None or self.state.password is None:
            self.desk.refuse(503, "USER comes first: USER user@server.")
        else:
            self._check(named.account, argument or b"")

    # -- AUTH account, RESP -----------------------------------------------------------------------

    @property
    def _authorizes(self) -> bool:
        """True where AUTH with no mechanism of TLS names an account (Net::FTP's authorize)."""
        waits = self.state.named is not None and self.state.password is not None
        return waits and self._destination.speaks(Dialect.AUTH)

    def auth(self, command: Command) -> None:
        """AUTH, which begins TLS, or names an account where one is waited for."""
        mechanism = (command.argument or b"").strip().upper()
        if self._authorizes and mechanism not in MECHANISMS and not self.desk.rules.opaque:
            self._authorize(command.argument)
        else:
            self._protection.auth(command)

    def _authorize(self, argument: bytes | None) -> None:
        assert self.state.named is not None, "only where it authorizes"
        named = self.state.named._replace(dialect=Dialect.AUTH, account=argument or b"")
        self.state = self.state._replace(named=named)
        self.desk.answer(reply(334, "RESP with its password."))

    def response(self, command: Command) -> None:
        """RESP, the password of the account that AUTH named."""
        self._response(command.argument)

    def _response(self, argument: bytes | None) -> None:
        named = self.state.named
        if named is None or named.dialect is not Dialect.AUTH or named.account is None:
            self.desk.refuse(503, "AUTH account comes first.")
        else:
            self._check(named.account, argument or b"")

    # -- the account at the gateway ---------------------------------------------------------------

    def _check(self, account: bytes, password: bytes) -> None:
        self.desk.move(Phase.CHECKING)
        self.desk.order(Authenticate(account, password))

    def accepted(self, event: AccountAccepted) -> None:
        """The password was right."""
        desk, named, password = self.desk, self.state.named, self.state.password
        assert named is not None, "an account is checked for a USER"
        desk.move(Phase.UNROUTED)
        desk.account = event.account
        self.state = self.state._replace(claim=named, named=None, password=None)
        desk.observe(AccountLoggedIn(event.account))
        if named.server is not None:
            self._go(named.user, password, server=named.server)
            return
        route = self._destination.route(final=True)
        if isinstance(route, Route) and route.user and self._destination.leads_somewhere(route):
            self._go(b"")
        else:
            desk.answer(reply(230, "Logged in at the gateway; go on with the server's login."))

    def refused(self, event: AccountRefused) -> None:
        """It was not; the wait that makes guessing slow is over."""
        named = self.state.named
        self.desk.move(Phase.UNROUTED)
        self.state = self.state._replace(named=None, password=None)
        account = b"" if named is None else named.account or b""
        self._refuse_login(account, event.reason, sure=event.sure)

    def busy(self, event: AccountsBusy) -> None:
        """It is no wrong login, and none that can go on."""
        reason, text = UNSEEN[event.why]
        self.desk.leave(reason, reply(421, text))

    def _refuse_login(self, account: bytes, reason: str, *, sure: bool = True) -> None:
        desk, wrong = self.desk, self.state.wrong + 1
        self.state = self.state._replace(wrong=wrong)
        desk.observe(LoginRefused(reason, user=printable(account), sure=sure))
        if wrong >= desk.rules.bad_logins:
            desk.leave(Reason.BAD_LOGINS_HERE, reply(421, "Too many failed logins; closing."))
        else:
            desk.answer(reply(530, "Login incorrect."))

    # -- SITE, OPEN, HOST -------------------------------------------------------------------------

    def site(self, command: Command) -> None:
        """SITE server, or gFTP's way to say AUTH and RESP."""
        word, _, rest = (command.argument or b"").partition(b" ")
        if self._authorizes and word.upper() == b"AUTHENTICATE":
            self._authorize(rest)
        elif self._authorizes and word.upper() == b"RESPONSE":
            self._response(rest)
        else:
            self._read_as(lambda entry, argument: entry._open(argument, Dialect.SITE), command)

    def open(self, command: Command) -> None:
        """OPEN server."""
        self._read_as(lambda entry, argument: entry._open(argument, Dialect.OPEN), command)

    def _open(self, argument: bytes | None, dialect: Dialect) -> None:
        desk, whither = self.desk, self._destination
        if whither.speaks(dialect) and self._wants_account:
            desk.refuse(530, "Log in at the gateway first.")
        elif not whither.speaks(dialect) or not whither.free:
            desk.refuse(502, f"{dialect.name} names no server here.")
        else:
            self._go(None, server=parse_where(argument), welcome=220)

    def host(self, command: Command) -> None:
        """HOST, before the login."""
        late = self.state.named is not None or bool(self.desk.account)
        self._read_as(lambda entry, text: entry._destination.host(text, late=late), command)


Answer = Callable[[Entry, bytes | None], None]
