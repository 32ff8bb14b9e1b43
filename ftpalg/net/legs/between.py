"""Which relay two legs get: in the kernel where that can be, else through a buffer."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from typing import Protocol

from ftpalg.net.ledger import Line
from ftpalg.net.legs.relay import CopyRelay, Hold, Relay, SpliceRelay
from ftpalg.net.legs.sockets import DataSocket
from ftpalg.net.reactors import Reactor

PIPE = 2
"""Descriptors of a pipe."""


class Between(Protocol):
    """Who makes a relay for two legs."""

    def __call__(
        self,
        reactor: Reactor,
        source: DataSocket,
        sink: DataSocket,
        ended: Callable[[], None],
        source_failed: Callable[[str], None],
        sink_failed: Callable[[str], None],
        *,
        splice: bool = True,
        hold: Hold | None = None,
    ) -> Relay: ...


SPLICE = hasattr(os, "splice") and hasattr(fcntl, "F_SETPIPE_SZ")


def between(
    reactor: Reactor,
    source: DataSocket,
    sink: DataSocket,
    ended: Callable[[], None],
    source_failed: Callable[[str], None],
    sink_failed: Callable[[str], None],
    *,
    splice: bool = True,
    hold: Hold | None = None,
    kinds: tuple[type[SpliceRelay], type[CopyRelay]] = (SpliceRelay, CopyRelay),
) -> Relay:
    """The relay for these legs: in the kernel where that can be, else through a buffer.

    Raise nothing: without descriptors for a pipe the transfer costs more, but it goes.
    """
    arguments = reactor, source, sink, ended, source_failed, sink_failed
    if splice and SPLICE and source.plain and sink.plain:
        ends = hold(Line.DESCRIPTORS, PIPE, 1.0) if hold is not None else None
        if ends is not None or hold is None:
            try:
                relay = kinds[0](*arguments)
                relay.granted, ends = ends, None
                return relay
            except OSError:
                pass
            finally:
                if ends is not None:
                    ends.back()
    copy = kinds[1](*arguments)
    copy.hold = hold
    return copy
