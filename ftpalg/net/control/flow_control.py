"""Why a control connection is not read just now.

It is read while there is no reason against it: each reason is given and taken back by whoever knows
of it, and none undoes another.
"""

from __future__ import annotations

from twisted.internet.interfaces import IPushProducer

from ftpalg.core.keys import Key


class Hold(Key):
    """A reason not to read."""

    HEADER = "its first bytes are read by the reader of the PROXY header"
    LINE = "its turn to come in has not come"
    PEER = "its peer does not take what is written to it"
    OTHER = "the other side's peer does not take what would come of it"
    ROOM = "the session has no room for its commands"
    RATE = "its commands come faster than limits.command-rate"
    TURN = "the rest of what came waits for the reactor's next turn"


class Pauses:
    """``reasons`` are those that stand.  True while there is one."""

    __slots__ = ("_transport", "reasons")

    def __init__(self, transport: IPushProducer) -> None:
        """It is paused with the first reason, and resumed when the last one is gone."""
        self._transport = transport
        self.reasons: tuple[Hold, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.reasons)

    def __contains__(self, reason: Hold) -> bool:
        return reason in self.reasons

    def hold(self, reason: Hold) -> None:
        """Do not read, for that reason; a second time changes nothing."""
        if not self.reasons:
            self._transport.pauseProducing()
        if reason not in self.reasons:
            self.reasons += (reason,)

    def release(self, reason: Hold) -> None:
        """That reason is gone, or never was."""
        if reason in self.reasons:
            self.reasons = tuple(one for one in self.reasons if one is not reason)
            if not self.reasons:
                self._transport.resumeProducing()

    def clear(self) -> None:
        """Read on, whatever the reasons were."""
        if self.reasons:
            self.reasons = ()
            self._transport.resumeProducing()
