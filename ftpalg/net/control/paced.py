"""A control connection to a client, as the rates have it: commands a second, handshakes a second."""

from __future__ import annotations

from typing import Any

from ftpalg.config import Listener
from ftpalg.core.facts import Resource, What
from ftpalg.core.session_settings import ClientTls, Rules
from ftpalg.core.wire.commands import Command, Kind
from ftpalg.core.wire.errors import NoHandshake, TooFast
from ftpalg.net.control.charged import Charged
from ftpalg.net.control.pace import pace_of
from ftpalg.net.owners import Admission

TOO_FAST = {
    What.HANDSHAKE_RATE: "Too many TLS handshakes; try again later.",
    What.HANDSHAKE_RATE_PER_PEER: "Too many TLS handshakes from your address; try again later.",
}


class Paced(Charged):
    """How fast its client may be; ``rules`` are its listener's."""

    __slots__ = ("_pace", "listener", "rules")

    def __init__(self, admission: Admission[Any], rules: Rules, listener: Listener) -> None:
        super().__init__(admission)
        self.rules = rules
        self.listener = listener
        limits = admission.settings.limits
        rates = limits.command_rate, listener.limits.command_rate
        self._pace = pace_of(rates, limits.command_delay)

    def _count(self, command: Command) -> None:
        """It counts against the rates.  Raise FtpError where one stands against it."""
        if self._pace is not None and not self._pace.take(self.reactor.seconds()):
            if command.kind is not Kind.QUIT:
                self._admission.log.tell(Resource(What.COMMAND_RATE))
                raise TooFast("Too many commands a second; slow down.")
        if command.kind is Kind.AUTH and self._may_begin_tls:
            found = self._admission.may_shake(self._key)
            if found is not None:
                self._admission.log.tell(Resource(found[1]))
                raise NoHandshake(TOO_FAST[found[1]])

    @property
    def _may_begin_tls(self) -> bool:
        """Whether an AUTH would be followed by a handshake, as far as can be told."""
        return self.tls is None and self.rules.client_tls is not ClientTls.OFF
