"""The states of a control connection; what happens in one of them is told where it happens."""

from __future__ import annotations

from enum import Enum

from ftpalg.core.keys import at_hand


class State(Enum):
    """Where a control connection stands.  A server's begins with TALKING."""

    HEADER = "nobody is admitted yet; a balancer says first whose connection it is"
    SHAKING = "implicit TLS: the session begins once the handshake is done"
    TALKING = "lines go to the session"
    OPAQUE = "bytes are copied to the other control connection"
    CLOSING = "it is over for the session; what still comes is read and dropped"


STATE = at_hand(State)
