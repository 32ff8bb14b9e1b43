"""What the network side adds to what the core tells: it knows addresses, TLS, bytes and seconds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from ftpalg.core.events import Side
from ftpalg.core.facts import (
    AccountLoggedIn,
    Fact,
    LoggedIn,
    LoginRefused,
    ProtocolError,
    ServerUnreachable,
    SessionClosed,
    SessionOpened,
    TlsFailed,
    TlsStands,
    TransferOver,
)
from ftpalg.core.wire.printing import printable
from ftpalg.core.wire.replies import Reply
from ftpalg.net.accounts import Check
from ftpalg.net.backend import FtpBackend
from ftpalg.net.control.client import ClientControl
from ftpalg.net.legs.pair import Pair
from ftpalg.net.shared import Shared
from ftpalg.net.tls.connection import TlsConnection
from ftpalg.net.tls.remedies import refused_by
from ftpalg.net.tls.shown import alert_of


class Knowing(Protocol):
    """A session, as far as it is asked here; ``reply`` is the server's last one, ``check`` the last
    login at the gateway, ``began`` the reactor's second at which the client was admitted."""

    shared: Shared
    client: ClientControl
    backend: FtpBackend
    reply: Reply | None
    check: Check | None
    began: float

    @property
    def legs(self) -> Pair:
        """Its data connections."""

    @property
    def last_lines(self) -> bytes:
        """What both dialogues have said last, where that is kept."""


def completed(session: Knowing, fact: Fact) -> Fact:
    """The fact with what the network side knows of it."""
    add = ADDS.get(type(fact))
    return fact if add is None else add(session, fact)


def _connection(session: Knowing, side: Side) -> TlsConnection | None:
    control = session.client if side is Side.CLIENT else session.backend.control
    return control.tls.connection if control is not None and control.tls is not None else None


def _opened(session: Knowing, fact: SessionOpened) -> Fact:
    return fact._replace(proxy=session.client.balancer)


def _tls_stands(session: Knowing, fact: TlsStands) -> Fact:
    made = _connection(session, fact.side)
    if made is None:
        return fact
    version, cipher = made.get_protocol_version_name(), made.get_cipher_name() or ""
    return fact._replace(version=version, cipher=cipher)


def _tls_failed(session: Knowing, fact: TlsFailed) -> Fact:
    made = _connection(session, fact.side)
    if made is None:
        return fact
    certificate, remedy = refused_by(made)
    return fact._replace(alert=alert_of(made), shown=certificate, remedy=remedy)


def _logged_in(session: Knowing, fact: LoggedIn) -> Fact:
    last = session.reply
    return fact if last is None else fact._replace(code=last.code, text=printable(last.text))


def _kinds(session: Knowing) -> list[str]:
    """The kinds of checkers that have answered."""
    auth = session.shared.settings.accounts.auth
    answered = session.check.answered if session.check is not None else ()
    return [auth[at].partition(":")[0] for at in answered if at < len(auth)]


def _account(session: Knowing, fact: AccountLoggedIn) -> Fact:
    return fact._replace(checker="".join(_kinds(session)[-1:]))


def _login_refused(session: Knowing, fact: LoginRefused) -> Fact:
    if fact.side is not None or session.check is None:
        return fact
    delay = session.shared.settings.accounts.delay
    return fact._replace(checker=",".join(_kinds(session)), delay=delay)


def _unreachable(session: Knowing, fact: ServerUnreachable) -> Fact:
    return fact._replace(tried=session.backend.tried)


def _offended(session: Knowing, fact: ProtocolError) -> Fact:
    fact = fact._replace(before=session.last_lines)
    if fact.side is Side.CLIENT:
        return fact._replace(offset=session.client.offset)
    control = session.backend.control
    if control is None:
        return fact
    return fact._replace(line=fact.line or control.line, offset=control.offset)


def _transferred(session: Knowing, fact: TransferOver) -> Fact:
    """Its data connections tell what they did, and nothing moves any more."""
    done = session.legs.done()
    return fact._replace(
        moved=done.moved,
        seconds=done.seconds,
        ports=done.ports,
        resumed=done.resumed,
        opened=done.opened,
    )


def _closed(session: Knowing, fact: SessionClosed) -> Fact:
    return fact._replace(seconds=session.shared.reactor.seconds() - session.began)


ADDS: dict[type, Callable[[Any, Any], Fact]] = {
    SessionOpened: _opened,
    TlsStands: _tls_stands,
    TlsFailed: _tls_failed,
    LoggedIn: _logged_in,
    AccountLoggedIn: _account,
    LoginRefused: _login_refused,
    ServerUnreachable: _unreachable,
    ProtocolError: _offended,
    SessionClosed: _closed,
    TransferOver: _transferred,
}
"""Which facts it adds to."""
