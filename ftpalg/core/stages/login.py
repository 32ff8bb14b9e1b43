"""At the server: its greeting, TLS with it, USER, PASS and ACCT."""

from __future__ import annotations

from ftpalg.core.actions import Dial, SendSecret
from ftpalg.core.desk import Await, Desk
from ftpalg.core.ends import DRAINING, FULL, TLS, UNTOLD, Reason
from ftpalg.core.events import (
    SecretMissing,
    ServerBroken,
    ServerConnected,
    ServerInsecure,
    ServerLost,
    ServerUnreachable,
    Side,
    Timer,
)
from ftpalg.core.facts import LoggedIn, LoginRefused, TlsFailed
from ftpalg.core.facts import ServerUnreachable as Unreachable
from ftpalg.core.phases import Phase
from ftpalg.core.routes import Mode, Route, Server, ServerTls
from ftpalg.core.signals import Signal
from ftpalg.core.stage import Stage
from ftpalg.core.stages.plan import AWAY, At, Plan
from ftpalg.core.stages.protection import Protection, refuses_tls
from ftpalg.core.wire.commands import Command
from ftpalg.core.wire.errors import BadArgument
from ftpalg.core.wire.printing import printable
from ftpalg.core.wire.replies import Reply, reply
from ftpalg.core.wire.user_at_host import parent_user

UNREACHABLE = 434
"""Requested host unavailable: the client may name another (RFC 5797's code space, 4yz: try again)."""

NOT_REACHED = "The server cannot be reached."
NOT_GREETED = "The server did not greet, TLS included, in time."
NO_LOGIN = (220, 221, 227, 228, 229, 234)
"""Positive replies to other verbs than those of a login: they let nobody in."""


class Login(Stage):
    """``state`` is the plan and how far it has come."""

    __slots__ = ("_protection",)

    state: Plan

    def __init__(self, desk: Desk, protection: Protection) -> None:
        super().__init__(desk, AWAY)
        self._protection = protection

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
        desk = self.desk
        servers = route.servers or ((named,) if named else ())
        tls = desk.server_tls = route.tls or desk.rules.tls_to(servers[0])
        if tls is ServerTls.MATCH and self._protection.client_secured:
            tls = ServerTls.EXPLICIT
        self.state = Plan(
            At.GREETING,
            route,
            servers[0],
            tls,
            greets=greets,
            welcome=welcome,
            user=None if user is None else route.user.encode() or user,
            password=password,
            wrong=self.state.wrong,
        )
        desk.named = not greets
        desk.move(Phase.DIALING)
        desk.order(Dial(servers, route, desk.account, named=not route.servers))

    @property
    def mode(self) -> Mode:
        """How data connections to the server are opened."""
        if self.hidden:
            return Mode.PASSIVE  # nobody could connect to us through the parent
        return self.state.route.mode or self.desk.rules.mode

    @property
    def behind_ftp_parent(self) -> bool:
        """True where the server is reached through a parent that is told USER user@server."""
        return self.state.route.parent in self.desk.rules.ftp_parents

    @property
    def hidden(self) -> bool:
        """True behind a parent that names the server itself: its family is not the connection's."""
        return bool(self.state.route.parent) and not self.behind_ftp_parent

    def _go(self, at: At) -> None:
        self.state = self.state._replace(at=at)

    # -- the server's greeting ------------------------------------------------------------------

    def connected(self, event: ServerConnected) -> None:
        """The control connection to the server stands."""
        desk = self.desk
        desk.server, desk.traits = event.link, event.traits
        if event.server is not None:
            self.state = self.state._replace(server=event.server)
        desk.awaited = Await.GREETING
        desk.start(Timer.HANDSHAKE)
        if self.state.tls is ServerTls.IMPLICIT:
            self._protection.secure_server(Signal.SERVER_SECURED)

    def secured(self) -> None:
        """TLS with the server stands: what its greeting began goes on."""
        if (greeting := self.state.greeting) is not None:
            self._enter(greeting)
        else:  # under implicit TLS it is still to come
            self.desk.start(Timer.HANDSHAKE)

    def greeted(self, message: Reply) -> None:
        """The server's first words, 120 included; ProFTPD's name its address."""
        desk, plan = self.desk, self.state
        message = desk.masked(message)
        if message.preliminary:
            desk.stop(Timer.HANDSHAKE)  # it asks for patience; timeouts.login bounds it
            if plan.greets:
                desk.tell(message)
        elif not message.positive:
            if plan.greets:
                desk.leave(Reason.SERVER_REFUSES, message)
            else:
                self._give_up(message.recoded(UNREACHABLE))
        elif plan.tls is ServerTls.EXPLICIT and message.code == 230:
            text = "The server logs in before TLS, which is required."
            self.unreachable(Reason.SERVER_NO_TLS, text)
        elif plan.tls in (ServerTls.EXPLICIT, ServerTls.AUTO):
            self.state = plan._replace(at=At.AUTH, greeting=message)
            self._protection.ask_for_tls(Await.AUTH)
        else:
            self._enter(message)

    def auth_answered(self, message: Reply) -> None:
        """The server's answer to our AUTH."""
        plan = self.state
        assert plan.greeting is not None, "AUTH follows a greeting"
        consent = self._protection.consents(message, Await.AUTH)
        if consent is None:
            return
        if consent:
            self._go(At.TLS)
            self._protection.secure_server(Signal.SERVER_SECURED)
        elif plan.tls is ServerTls.AUTO and refuses_tls(message):
            self.desk.note("the server offers no TLS: going on in clear (auto)")
            self._enter(plan.greeting)
        else:
            text = "The server does not begin TLS, which is required."
            why = f"{text} It says: {message.code} {printable(message.text)}"
            self.unreachable(Reason.SERVER_NO_TLS, text, why=why)

    def _enter(self, greeting: Reply) -> None:
        """The server takes commands now."""
        desk = self.desk
        self.state = plan = self.state._replace(at=At.GREETED, greeting=None)
        desk.stop(Timer.HANDSHAKE)
        desk.move(Phase.SERVED)
        let_in = greeting.code == 230
        if plan.user is None:
            if let_in:
                self._let_in(At.IN)
            if plan.welcome:
                desk.forward(greeting.recoded(plan.welcome))
            else:
                desk.tell(greeting)
        elif let_in:
            self._go(At.USER)
            self.user_answered(greeting)
        else:
            self.ask_user(plan.user)

    def insecure(self, event: ServerInsecure) -> None:
        """TLS with the server failed."""
        self.desk.stop(Timer.HANDSHAKE)
        self.unreachable(event.why, event.reason)

    def not_reached(self, event: ServerUnreachable) -> None:
        """No address of the server could be reached, or none may be."""
        why, text = f"server unreachable: {event.reason}", event.forbidden
        if event.why in DRAINING | FULL:
            self.desk.leave(event.why, reply(421, text), event.reason)
        elif text:
            self.unreachable(Reason.ADDRESS_FORBIDDEN, text, 530, why=why)
        else:
            self.unreachable(Reason.SERVER_UNREACHABLE, NOT_REACHED, why=why)

    def broken(self, event: ServerBroken) -> None:
        """What listens there speaks no FTP."""
        self.desk.offended(Side.SERVER, str(event.error))
        self.unreachable(Reason.SERVER_NOT_FTP, str(event.error))

    def left_early(self, event: ServerLost) -> None:
        """The server has left before it greeted."""
        self.unreachable(Reason.SERVER_LEFT_EARLY, "The server closed the connection.")

    def too_late(self, timer: Timer) -> None:
        """The greeting did not come in time."""
        self.unreachable(Reason.SERVER_NO_GREETING, NOT_GREETED)

    def unreachable(
        self, reason: Reason, text: str, code: int = UNREACHABLE, *, why: str = ""
    ) -> None:
        """The server could not be reached or trusted, or left early; ``why`` is for the log."""
        desk, plan, why = self.desk, self.state, why or text
        if reason in UNTOLD and plan.greeting is None and not plan.route.servers:
            text = NOT_REACHED  # it may be looking for ports that are open
        tls = reason in TLS
        desk.observe(TlsFailed(Side.SERVER, why, reason) if tls else Unreachable(why, reason))
        if plan.greets:
            desk.leave(reason, reply(421, text), why)
        else:
            self._give_up(reply(code, text))

    def _give_up(self, message: Reply) -> None:
        """Leave the server; the client may name another."""
        desk = self.desk
        desk.leave_server()
        desk.move(Phase.UNROUTED)
        self.forget()
        desk.signal(Signal.SERVER_REFUSED)
        desk.refuse_with(message)  # counted: nobody scans for servers through the gateway

    # -- USER, PASS, ACCT -------------------------------------------------------------------------

    def say_again(self) -> None:
        """USER comes anew, or has to: a PASS before it is accepted belongs to nobody."""
        self.state = self.state._replace(at=At.READY, password=None)

    def forget(self) -> None:
        """The server that the client had named is left."""
        self.state = Plan(wrong=self.state.wrong)
        self.desk.server_tls, self.desk.named = ServerTls.OFF, False

    def client_secured(self) -> None:
        """TLS has begun: who logs in is said again under it (RFC 4217 section 10.1)."""
        if self.state.at is not At.AWAY:
            self.say_again()

    def password(self, command: Command) -> None:
        """PASS or ACCT while a server is connected."""
        desk, at = self.desk, self.state.at
        if at is At.READY:
            desk.refuse(503, "USER comes first.")
        elif self.state.route.secret and at is not At.PASSLESS:
            desk.refuse(530, "The gateway itself logs in at this server.")
        elif command.verb == b"PASS" and at is At.PASSLESS:
            self._go(At.IN)
            desk.answer(reply(230, "Already logged in."))
        else:
            if at is not At.GREETED:
                self._go(At.PASS)
            desk.ask(command, Await.LOGIN)

    def ask_user(self, user: bytes | None) -> None:
        """Log in as that user, unless the route names another."""
        plan = self.state
        user = plan.route.user.encode() or user
        named = user or b""
        if plan.server is not None and self.behind_ftp_parent:
            try:
                user = self._for_parent(named, plan.server)
            except BadArgument as error:
                self.desk.refuse(error.code, str(error))
                return
        self.state = plan._replace(at=At.USER, user=named)
        self.desk.ask(Command(b"USER", user), Await.USER)

    def _for_parent(self, user: bytes, server: Server) -> bytes:
        rules = self.desk.rules
        allow = self.state.route.parent in rules.separators_in_user
        return parent_user(user, server, rules.separators, allow=allow)

    def user_answered(self, message: Reply) -> None:
        """The server's answer to USER; or a greeting that makes USER needless."""
        desk, plan = self.desk, self.state
        if message.code == 331 and plan.route.secret:
            self._send_secret()
        elif message.code == 331 and plan.password is not None:
            self.state = plan._replace(at=At.PASS, password=None)
            desk.ask(Command(b"PASS", plan.password), Await.LOGIN)
        else:
            self._answered(message, At.PASSLESS)

    def _send_secret(self) -> None:
        """The password that the route has for its server: to nobody else, and not in clear."""
        desk, plan = self.desk, self.state
        if plan.server not in plan.route.secret_for:
            text = "The gateway's login is for another server."
            why = f"no password is set up for {plan.server}"
            self.unreachable(Reason.PASSWORD_MISSING, text, why=why)
        elif not (self._protection.state.server_secured or plan.route.clear_secret):
            text = "The gateway's login here needs TLS."
            why = f"{plan.server} has no TLS: routes.password-in-clear would allow its password"
            self.unreachable(Reason.PASSWORD_MISSING, text, why=why)
        else:
            self._go(At.PASS)
            desk.order(SendSecret(plan.route.secret))
            desk.await_reply(b"PASS", Await.SECRET)

    def secret_answered(self, message: Reply) -> None:
        """The answer to a PASS that was not the client's: the client's is needed no more, or no use."""
        if message.code >= 400:
            self._go(At.READY)
        self._answered(message, At.PASSLESS)

    def secret_missing(self, event: SecretMissing) -> None:
        """The password for the server cannot be read."""
        text = "The gateway's login at the server is not set up."
        why = f"password for the server: {event.reason}"
        self.unreachable(Reason.PASSWORD_MISSING, text, why=why)

    def answered(self, message: Reply) -> None:
        """The server's answer to PASS or ACCT."""
        self._answered(message, At.IN)

    def site_auth_answered(self, message: Reply) -> None:
        """The server's answer to SITE AUTH: 230 and 232 let the client in (RFC 2228 section 5)."""
        if message.code in (230, 232):
            self._let_in(At.IN)
        self.desk.forward(message)
        if message.code >= 400:
            self._count_wrong(message)

    def _answered(self, message: Reply, inside: At) -> None:
        desk = self.desk
        if message.positive and message.code not in NO_LOGIN:
            if self.state.at is not At.GREETED:
                self._let_in(inside)
        elif not message.preliminary and self.state.at in (At.USER, At.PASS):
            refused_user = self.state.at is At.USER and not 300 <= message.code < 400
            self._go(At.READY if refused_user else At.NAMED)
        desk.forward(message)
        if message.code >= 400:
            self._count_wrong(message)

    def _count_wrong(self, message: Reply) -> None:
        desk, wrong = self.desk, self.state.wrong + 1
        self.state = self.state._replace(wrong=wrong)
        user = printable(self.state.user or b"")
        desk.observe(LoginRefused(printable(message.text), message.code, Side.SERVER, user))
        if wrong >= desk.rules.bad_logins:
            desk.leave(Reason.BAD_LOGINS_THERE, reply(421, "Too many failed logins; closing."))

    def _let_in(self, at: At) -> None:
        self._go(at)
        if not self.desk.logged_in:
            self.desk.logged_in = True
            self.desk.stop(Timer.LOGIN)
            self.desk.start(Timer.IDLE)  # no command may have led here: a greeting of 230
            self.desk.observe(LoggedIn(printable(self.state.user or b"")))
