"""What every session of a gateway is given."""

from __future__ import annotations

from collections.abc import Iterator
from resource import RLIMIT_NOFILE, getrlimit
from typing import TYPE_CHECKING, NamedTuple

from ftpalg.config import Settings
from ftpalg.core.events import Side
from ftpalg.core.facts import What
from ftpalg.core.value import value
from ftpalg.net.accounts import Accounts
from ftpalg.net.advertised import Advertised
from ftpalg.net.arrivals import Arrivals
from ftpalg.net.bans import NO_BANS, Bans
from ftpalg.net.control.client import ClientControl
from ftpalg.net.drained import DrainedParts
from ftpalg.net.faults import Faults
from ftpalg.net.ledger import Ledger
from ftpalg.net.own_addresses import Own
from ftpalg.net.owners import Session
from ftpalg.net.pinholes import Pinholes
from ftpalg.net.policies import Policies
from ftpalg.net.reaching import Reaching
from ftpalg.net.reactors import IReaching
from ftpalg.net.recorder import Recorder
from ftpalg.net.sessions import Sessions
from ftpalg.net.timers import Timers
from ftpalg.net.tls.certificates import Certificates
from ftpalg.net.turns import Turns

if TYPE_CHECKING:
    from ftpalg.net.bandwidth import Bandwidth
    from ftpalg.net.quotas import Quotas


@value
class Shared(NamedTuple):
    """One of each for all sessions; ``pinholes`` is None where no firewall is to be opened, ``bandwidth``
    and ``quotas`` where nothing is limited.

    ``epoch`` counts the settings since the start.
    """

    reactor: IReaching
    settings: Settings
    log: Recorder
    policies: Policies
    own: Own
    ledger: Ledger
    arrivals: Arrivals
    accounts: Accounts
    advertised: Advertised
    pinholes: Pinholes | None
    certificates: Certificates
    reaching: Reaching
    sessions: Sessions[ClientControl, Session]
    timers: Timers
    turns: Turns
    drained: DrainedParts
    bandwidth: Bandwidth | None
    epoch: int = 1
    bans: Bans = NO_BANS
    faults: Faults | None = None
    quotas: Quotas | None = None

    def ports(self, side: Side) -> Iterator[int]:
        """Data ports to try towards that side."""
        data = self.settings.data
        first, last = data.client_ports if side is Side.CLIENT else data.server_ports
        return self.policies.ports(first, last, data.excluded_ports)

    def usage(self, side: Side, what: What) -> tuple[int, int]:
        """How much of something is used, and how much there is; 0 for what cannot be told."""
        if what is What.DESCRIPTORS:
            limit = getrlimit(RLIMIT_NOFILE)[0]
            return limit, limit
        if what is not What.DATA_PORTS:
            return 0, 0
        return self.sessions.ports_used(side), self.data_ports(side)

    def data_ports(self, side: Side) -> int:
        """How many there are towards that side."""
        data = self.settings.data
        first, last = data.client_ports if side is Side.CLIENT else data.server_ports
        return last - first + 1 - sum(first <= port <= last for port in data.excluded_ports)
