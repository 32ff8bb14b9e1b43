"""The dialects: how the client's words were read."""

from __future__ import annotations

from collections.abc import Iterator

from ftpalg.config import Settings
from ftpalg.core.wire.printing import printable
from ftpalg.core.wire.user_at_host import Dialect, Named, Read
from ftpalg.explain.steps import Outcome, Step
from ftpalg.explain.talk import Talk

TABLE, KEY = "login", "login.dialects"
VERBS = {Dialect.SITE: "SITE", Dialect.OPEN: "OPEN", Dialect.HOST: "HOST", Dialect.AUTH: "RESP"}


def steps(settings: Settings, talk: Talk) -> Iterator[Step]:
    """Each dialect that is spoken, in its order, and what USER names by it."""
    reads = {one.dialect: one for one in talk.reads}
    whole = next((one for one in talk.reads if one.dialect is None), None)
    known = next((one for one in talk.reads if one.known), None)
    verbs = {text.partition(" ")[0] for arrow, text in talk.said if arrow == "C -> P"}
    for at, dialect in enumerate(settings.login.dialects):
        outcome, why = _came(dialect, reads.get(dialect), whole, known, verbs, talk)
        key = f"{KEY}[{at}]"
        place = settings.origin.place(key) or settings.origin.place(KEY)
        yield Step(TABLE, f"{KEY}: {dialect.value}", place, outcome, why)
    if whole is not None:
        why = "the account exists" if whole.lack is None else whole.lack.value
        rule = "USER names no server"
        yield Step(TABLE, rule, "", Outcome.TAKEN, f"{why}; {_named(whole.named)}")
    if talk.fault:
        yield Step(TABLE, "the last words", "", Outcome.TAKEN, talk.fault.removesuffix("."))


def _came(
    dialect: Dialect,
    read: Read | None,
    whole: Read | None,
    known: Read | None,
    verbs: set[str],
    talk: Talk,
) -> tuple[Outcome, str]:
    if dialect in VERBS or dialect is Dialect.SNI:
        return _command(dialect, verbs, talk)
    if read is not None and read.named is not None:
        exists = "; the account exists, which goes before all order" if read.known else ""
        return Outcome.TAKEN, f"{_named(read.named)}{exists}"
    if read is not None and read.lack is not None:
        return Outcome.PASSED, read.lack.value
    if whole is not None:
        return Outcome.NOT_REACHED, ""
    if known is not None:
        return Outcome.PASSED, "another reading names an account that exists"
    return Outcome.NOT_REACHED, ""


def _command(dialect: Dialect, verbs: set[str], talk: Talk) -> tuple[Outcome, str]:
    state = talk.session.destination.state
    if dialect is Dialect.SNI:
        if state.sni and state.given is not None and state.given.host == state.sni:
            return Outcome.TAKEN, f"server {state.given}, which the client's TLS names"
        return Outcome.PASSED, "the client's TLS names no server"
    verb = VERBS[dialect]
    if verb not in verbs:
        return Outcome.PASSED, f"{verb} was not said"
    if dialect is Dialect.AUTH:
        return Outcome.TAKEN, "it names the account"
    server = state.given if dialect is Dialect.HOST else state.opened
    if server is None:
        return Outcome.PASSED, f"{verb} named no server"
    return Outcome.TAKEN, f"server {server}"


def _named(named: Named | None) -> str:
    if named is None:
        return ""
    words = [f"account {printable(named.account)}"] if named.account is not None else []
    words += [f"user {printable(named.user)}"] if named.user is not None else []
    words += [f"server {named.server}"] if named.server is not None else []
    return ", ".join(words)
