"""A question answered: the session is played, and every rule on its way told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ftpalg.config import Intercept, Listener, Settings
from ftpalg.config.contradictions import listener_keys
from ftpalg.config.endpoints import socket_of
from ftpalg.core.actions import Dial
from ftpalg.core.ends import Refusal
from ftpalg.core.events import Link
from ftpalg.core.routes import Route, Server, ServerTls
from ftpalg.core.session_settings import ClientTls
from ftpalg.core.wire.addresses import normal
from ftpalg.core.wire.lines import CommandLines
from ftpalg.core.wire.printing import printable
from ftpalg.core.wire.user_at_host import IsAccount
from ftpalg.explain import commands, names, quotas, routes, ways
from ftpalg.explain.limits import limits
from ftpalg.explain.question import Question
from ftpalg.explain.reached import Reached, Reacher
from ftpalg.explain.servers import TABLE, Servers, clients
from ftpalg.explain.steps import Explanation, Kind, Limit, Outcome, Step, Verdict
from ftpalg.explain.talk import Dialled, Talk
from ftpalg.explain.words import ANYBODY, login
from ftpalg.life.wiring import access_of, policies_of, rules_of
from ftpalg.net.admission import NOT_REDIRECTED
from ftpalg.net.advertised import holds
from ftpalg.net.judging import Judging
from ftpalg.net.own_addresses import Own
from ftpalg.net.reach.attempt import Asked
from ftpalg.net.reach.names import is_address
from ftpalg.net.sessions import SENTENCES

GATEWAY, PORT = "192.0.2.1", 40000
"""Our address and the client's port, which no rule asks about."""
WAY = "the way there"
"""What stands against a server that no rule is against."""
TLS = {
    ServerTls.OFF: "in clear",
    ServerTls.EXPLICIT: "under TLS (explicit)",
    ServerTls.IMPLICIT: "under TLS (implicit)",
    ServerTls.AUTO: "under TLS where the server has it (auto)",
    ServerTls.MATCH: "under TLS where the client is (match), in clear here",
}


class CannotAsk(Exception):
    """The question has no answer as it stands; the text says why."""


def own_listeners(settings: Settings) -> Own:
    """Where a gateway of these settings listens, as far as the endpoints say."""
    own = Own()
    for one in settings.all_listeners:
        found = socket_of(one.endpoint)
        if found is not None and found.port:
            own.add(found.host or "0.0.0.0", found.port)
    return own


def explain(
    settings: Settings, question: Question, is_account: IsAccount | None = None
) -> Explanation:
    """The answer.  Raise CannotAsk."""
    return Answering(settings, question, is_account).explanation()


@dataclass
class Answering:
    """One question on its way."""

    settings: Settings
    question: Question
    is_account: IsAccount | None

    def __post_init__(self) -> None:
        settings, question = self.settings, self.question
        self.listener: Listener = settings.all_listeners[question.listener]
        self.policies = policies_of(settings)
        self.own = own_listeners(settings)
        self.judging = Judging(self.policies, self.own)
        self.rules = rules_of(settings, self.listener, self.is_account, lambda: question.at)
        self.notes: list[str] = []
        self.talk = Talk(
            self.rules,
            self._link(),
            CommandLines(settings.limits.command_line, lf_lines=bool(self.listener.lf_lines)),
            Reacher(self.judging, access_of(settings), settings.parents, self.own, question),
            question.sni,
        )

    @property
    def intercepts(self) -> bool:
        """Whether the listener takes connections that were meant for others."""
        return self.listener.intercept in (Intercept.REDIRECT, Intercept.TPROXY)

    def _link(self) -> Link:
        question = self.question
        link = Link(question.client, GATEWAY, PORT)
        if not self.intercepts:
            return link
        to = question.to
        if to is None or not is_address(to.host):
            raise CannotAsk(
                f"{self.listener.endpoint} takes intercepted connections: --to must be the address that"
                " they are for"
            )
        return link._replace(destination=Server(normal(to.host), to.port))

    # -- the session ------------------------------------------------------------------------------

    def explanation(self) -> Explanation:
        """The whole of it."""
        settings, question = self.settings, self.question
        key = listener_keys(settings)[question.listener]
        admitted = self.policies.admits(question.client)
        first = clients(settings, question.client, admitted=admitted)
        steps: tuple[Step, ...] = (first,)
        if self._is_for_itself:  # asked before anybody is admitted
            steps = (first._replace(outcome=Outcome.NOT_REACHED, why=""),)
            verdict = self._not_redirected()
        elif not admitted:
            verdict = self._turned_away(first)
        else:
            self._play()
            steps += tuple(self._steps())
            verdict = self._verdict(steps)
            steps, verdict = self._command(steps, verdict)
        if not self.talk.dialled:
            steps += tuple(self._unasked(with_routes=len(steps) == 1))
        return Explanation(
            self.listener.endpoint,
            settings.origin.of(key),
            tuple(self.talk.said),
            tuple(self.notes),
            steps,
            verdict,
            tuple(self._limits()),
        )

    def _limits(self) -> Iterator[Limit]:
        last, account = self._last, self.talk.session.desk.account
        route = last.dial.route.name if last is not None else ""
        at = self.question.listener
        return limits(self.settings, at, self.listener, route, account=bool(account))

    def _turned_away(self, first: Step) -> Verdict:
        speaks = self.listener.client_tls is not ClientTls.IMPLICIT
        text = SENTENCES[Refusal.NOT_ADMITTED]
        return Verdict(Kind.REFUSED, first.rule, first.place, 421 if speaks else 0, text)

    @property
    def _is_for_itself(self) -> bool:
        """Whether somebody called an intercepting listener itself."""
        to = self.question.to
        return self.intercepts and to is not None and self.own.listens_on(to.host, to.port)

    def _not_redirected(self) -> Verdict:
        rule = Refusal.NOT_INTERCEPTED.rule
        place = self.settings.origin.place(rule)
        return Verdict(Kind.REFUSED, rule, place, 0, NOT_REDIRECTED)

    def _play(self) -> None:
        """The client says what it says."""
        talk, question = self.talk, self.question
        if holds(self.settings.proxy_protocol.balancers, question.client):
            self.notes.append(
                f"{question.client} is a balancer: its connections begin with a PROXY header,"
                " which says who the client is"
            )
        talk.begin()
        if talk.session.over:
            return
        implicit = self.rules.client_tls is ClientTls.IMPLICIT
        if not implicit and (question.tls or question.sni or talk.wants_tls):
            talk.try_out(b"AUTH TLS")
        if question.host is not None:
            talk.try_out(b"HOST " + question.host)
        if question.account is not None and not self.rules.accounts:
            self.notes.append("this listener asks for no account: --account is not said")
        for line in self._login():
            if line.startswith(b"HOST"):
                talk.try_out(line)
            else:
                talk.log_in(line, question.account)
            if talk.refused:
                break
        if self.rules.accounts:
            self.notes.append("every password at the gateway is taken for right")

    def _login(self) -> tuple[bytes, ...]:
        question, rules = self.question, self.rules
        if question.user is None:
            if self.talk.dialled and question.to is None:
                return ()
            self.notes.append(f"no --user: the client says USER {ANYBODY.decode()}")
        return login(
            question,
            rules.dialects,
            rules.separators,
            accounts=rules.accounts,
            intercepted=self.intercepts,
        )

    # -- what came of it --------------------------------------------------------------------------

    @property
    def _last(self) -> Dialled | None:
        return self.talk.dialled[-1] if self.talk.dialled else None

    def _steps(self) -> Iterator[Step]:
        settings, talk, last = self.settings, self.talk, self._last
        facts = last.facts if last is not None else talk.facts
        yield ways.with_client(settings, self.question.listener, self.listener, talk)
        yield from names.steps(settings, talk)
        yield from routes.steps(settings, self.listener, facts, talk.tried or facts)
        if last is None:
            return
        servers = Servers(settings, last.dial, self.question.client, self.judging)
        for tried in last.reached.tried:
            yield from servers.steps(tried)
        yield from ways.with_server(settings, self.rules, last.dial)
        yield from ways.parents(settings, last.dial, last.reached)
        account, route = talk.session.desk.account, last.dial.route.name
        yield from quotas.steps(settings, self.listener, route, account, self.question.command)

    def _command(
        self, steps: tuple[Step, ...], verdict: Verdict
    ) -> tuple[tuple[Step, ...], Verdict]:
        """The command that is said once the client is in, if one is asked about."""
        if self.question.command is None or verdict.kind not in (Kind.GOES, Kind.DEPENDS):
            return (*steps, *commands.unasked(self.settings)), verdict
        found = commands.asked(self.settings, self.question, self.question.command, self.talk)
        self.notes += found.notes
        return (*steps, *found.steps), verdict if found.verdict is None else found.verdict

    def _unasked(self, *, with_routes: bool) -> Iterator[Step]:
        """The rules that no session came to."""
        if with_routes:
            yield from routes.unasked(self.settings)
        dial = Dial((), Route())
        yield from Servers(self.settings, dial, self.question.client, self.judging).unasked()
        yield from ways.unasked(self.settings)

    def _verdict(self, steps: tuple[Step, ...]) -> Verdict:
        talk, last = self.talk, self._last
        code = talk.reply.code if talk.reply is not None else 0
        lines = talk.reply.lines if talk.reply is not None else ()
        sentence = " ".join(printable(line[4:]) for line in lines)
        if last is None or (talk.refused and talk.session.desk.server is None):
            if last is not None:
                rule, place = _decider(steps, last.reached)
                return Verdict(Kind.REFUSED, rule, place, code, sentence)
            kind = Kind.REFUSED if code >= 400 else Kind.NOWHERE
            said = "login.dialects"
            return Verdict(kind, said, self.settings.origin.place(said), code, sentence)
        if talk.refused:
            return Verdict(Kind.REFUSED, *self._behind(), code, sentence)
        return self._goes(last)

    def _behind(self) -> tuple[str, str]:
        """What refuses once the server is reached: its login."""
        route = self.talk.session.login.state.route.name or "login.dialects"
        return route, self.settings.origin.place(route)

    def _goes(self, last: Dialled) -> Verdict:
        session, reached, dial = self.talk.session, last.reached, last.dial
        plan = session.login.state
        named = reached.tried[-1].server
        tls = TLS[plan.tls]
        if plan.tls is ServerTls.MATCH and session.protection.state.server_secured:
            tls = TLS[ServerTls.EXPLICIT]
        parent = dial.route.parent
        if parent and reached.tried:
            parent = f"{parent} ({ways.TOLD.get(reached.tried[-1].how, Asked.DIALLED.value)})"
        depends = reached.open.startswith("depends")
        route = dial.route.name
        return Verdict(
            Kind.DEPENDS if depends else Kind.GOES,
            route,
            self.settings.origin.place(route) if route else "",
            name=str(named),
            others=tuple(str(one) for one in dial.servers if one != named),
            address=reached.address,
            account=session.desk.account,
            user=printable(plan.user or b""),
            tls=tls,
            mode=session.login.mode.value,
            parent=parent,
            route=route,
            unless=reached.open,
        )


def _decider(steps: tuple[Step, ...], reached: Reached) -> tuple[str, str]:
    """The rule that was taken last, or may have been, of what the client hears; without a sentence for
    it the way itself."""
    about = _judged_last(reached)
    found = [
        one
        for one in steps
        if one.table == TABLE
        and one.outcome in (Outcome.TAKEN, Outcome.DEPENDS)
        and not one.shadow
        and one.about in ("", about)
    ]
    return (found[-1].rule, found[-1].place) if reached.forbidden and found else (WAY, "")


def _judged_last(reached: Reached) -> str:
    """The address, or what stands for it, that the last refusal is about; as steps have it."""
    about = ""
    for tried in reached.tried:
        host = tried.server.host
        if tried.judged is None:
            about = f"any address of {host}"
        elif not tried.judged:
            about = f"the name {host}"
        for one in tried.judged or ():
            about = (one.address or host) if one.refusal else about
    return about
