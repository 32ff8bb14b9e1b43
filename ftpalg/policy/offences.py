"""Which facts are offences, and whose: a table, and the one thing that has to be remembered for it.

No fault of ours, or of a server of the settings, is anybody's offence: an account that could not be
checked, a server that is down, a client that does not accept our certificate.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Container
from typing import Any

from ftpalg.core.bans import Offence
from ftpalg.core.ends import UNTOLD, Reason, Refusal
from ftpalg.core.events import Side
from ftpalg.core.facts import LoginRefused, ServerUnreachable, SessionClosed
from ftpalg.core.news import News, Refused

ENDS = {
    Reason.NOT_FTP: Offence.NO_FTP,
    Reason.BAD_LINES: Offence.NO_FTP,
    Reason.CLEAR_BEHIND_AUTH: Offence.NO_FTP,
    Reason.CLIENT_TLS: Offence.BAD_TLS,
    Reason.CLIENT_TLS_VERSION: Offence.BAD_TLS,
}
"""How sessions end that somebody began who does not speak FTP."""

REFUSALS = {
    Refusal.TOO_MANY_OF_PEER: Offence.LIMIT,
    Refusal.DESCRIPTORS_OF_PEER: Offence.LIMIT,
}
"""Which refusals are a peer's own doing."""

REFUSED_LOGINS = frozenset((430, 530))
"""Replies of a server that say that the login was wrong; others tell of its troubles."""

SCANS = UNTOLD | {Reason.ADDRESS_FORBIDDEN}
"""What somebody sees who looks for servers."""

NAMES = 32
PEERS = 4096
"""Servers that are remembered of a peer, and peers: the same server again is no scan."""


class Offences:
    """Finds them.  ``knows``: whether an account exists, None where nobody can tell; ``configured``: the
    servers of the settings."""

    def __init__(
        self,
        knows: Callable[[str], bool | None],
        configured: Callable[[], Container[str]],
    ) -> None:
        self._knows = knows
        self._configured = configured
        self._named: OrderedDict[str, OrderedDict[str, None]] = OrderedDict()

    def of_session(self, peer: str, server: str, fact: object) -> Offence | None:
        """The offence that a fact is of a session of that peer, with that server."""
        find = FIND.get(type(fact))
        return None if find is None else find(self, peer, server, fact)

    def of_gateway(self, news: News) -> Offence | None:
        """The same of what happens to the gateway."""
        return REFUSALS.get(news.why) if isinstance(news, Refused) else None

    def _login(self, peer: str, server: str, fact: LoginRefused) -> Offence | None:
        if fact.side is Side.SERVER:
            return Offence.WRONG_AT_SERVER if fact.code in REFUSED_LOGINS else None
        if not fact.sure:
            return None
        unknown = self._knows(fact.user) is False
        return Offence.UNKNOWN_ACCOUNT if unknown else Offence.WRONG_PASSWORD

    def _unreachable(self, peer: str, server: str, fact: ServerUnreachable) -> Offence | None:
        if fact.why not in SCANS or server in self._configured():
            return None
        named = self._named.setdefault(peer, OrderedDict())
        self._named.move_to_end(peer)
        if len(self._named) > PEERS:
            self._named.popitem(last=False)
        if server in named:
            return None
        named[server] = None
        if len(named) > NAMES:
            named.popitem(last=False)
        return Offence.SCAN

    def _closed(self, peer: str, server: str, fact: SessionClosed) -> Offence | None:
        return ENDS.get(fact.reason)


FIND: dict[type, Callable[[Offences, str, str, Any], Offence | None]] = {
    LoginRefused: Offences._login,
    ServerUnreachable: Offences._unreachable,
    SessionClosed: Offences._closed,
}
"""Which facts of sessions may be offences."""
