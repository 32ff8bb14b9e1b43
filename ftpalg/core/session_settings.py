"""What a session is told when it begins: the settings that the core itself obeys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from fnmatch import fnmatchcase

from ftpalg.core.facts import Shadowed
from ftpalg.core.keys import at_hand
from ftpalg.core.permits import Permits
from ftpalg.core.routes import Choose, DataVerbs, Facts, Mode, Route, Server, ServerTls, Undecided
from ftpalg.core.wire.addresses import plain_name
from ftpalg.core.wire.user_at_host import DEFAULT_DIALECTS, Dialect, IsAccount


class ClientTls(Enum):
    """TLS on the client's connections."""

    OFF = "off"
    OFFER = "offer"
    REQUIRE = "require"
    IMPLICIT = "implicit"


CLIENT_TLS = at_hand(ClientTls)


Tried = Callable[[Facts, Route], Shadowed | None]
"""What rules that are only tried would have made of those facts, instead of that route."""


def _none(facts: Facts) -> None:
    """No table of routes."""


@dataclass(frozen=True, slots=True)
class Rules:
    """One listener's rules; shared by its sessions.

    ``server`` is None where the client names it; ``parent`` and ``source`` are its way.  ``choose``
    is the table of routes, whose silence leaves the general settings in force, and ``tried`` its shadow
    rules; ``hosts`` tells the
    names of HOST that it knows, None where it asks for none.  ``ftp_parents`` names the proxies that
    take ``USER user@server``, and ``separators_in_user`` those that take users with separators in
    them.  ``is_account`` knows the accounts, where they can be known without a password.  With
    ``accounts`` nobody gets further than the gateway without one, and with ``account_tls`` nobody
    may say one in clear.  Without ``active`` clients open every data connection themselves.  With
    ``other_mode`` a server that does not know passive mode is used in active mode, and the other way
    round.
    With ``counted`` each transfer waits until it is told that there is room for it.
    ``client_clear_data`` lets clients under implicit TLS choose PROT C.  ``server_tls_rules`` are
    pairs of a lower-case name pattern and the TLS for servers it fits.  ``permits`` are the rules for
    commands, None where there are none.  ``general`` is the route of all this.
    """

    server: Server | None = None
    mode: Mode = Mode.PASSIVE
    choose: Choose = _none
    tried: Tried | None = None
    hosts: Callable[[str], bool] | None = None
    dialects: tuple[Dialect, ...] = DEFAULT_DIALECTS
    separators: bytes = b"@"
    accounts: bool = False
    account_tls: bool = False
    is_account: IsAccount | None = None
    parent: str = ""
    source: str = ""
    ftp_parents: frozenset[str] = frozenset()
    separators_in_user: frozenset[str] = frozenset()
    replace_private: bool = False
    queued_commands: int = 256
    queued_size: int = 16384
    bad_commands: int = 10
    bad_logins: int = 5
    surplus_replies: int = 20
    client_tls: ClientTls = ClientTls.OFF
    ccc: bool = False
    opaque: bool = False
    server_tls: ServerTls = ServerTls.OFF
    server_tls_rules: tuple[tuple[str, ServerTls], ...] = ()
    clear_data: bool = False
    client_clear_data: bool = False
    verbs: DataVerbs = DataVerbs.AUTO
    other_mode: bool = True
    active: bool = True
    permits: Permits | None = None
    counted: bool = False
    general: Route = field(init=False, compare=False)

    def __post_init__(self) -> None:
        servers = (self.server,) if self.server else ()
        general = Route(servers, parent=self.parent, source=self.source)
        object.__setattr__(self, "general", general)

    def route(self, facts: Facts) -> Route | Undecided:
        """The route of a session with these facts; the general settings where no rule fits."""
        return self.choose(facts) or self.general

    def tls_to(self, server: Server) -> ServerTls:
        """The TLS that a server gets: the first pattern that fits its name, else the default."""
        at = self.tls_rule(server)
        return self.server_tls if at is None else self.server_tls_rules[at][1]

    def tls_rule(self, server: Server) -> int | None:
        """The place of that pattern."""
        name = plain_name(server.host)
        for at, (pattern, _) in enumerate(self.server_tls_rules):
            if fnmatchcase(name, plain_name(pattern)):
                return at
        return None
