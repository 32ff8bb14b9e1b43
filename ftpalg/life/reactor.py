"""The reactor of the program."""

from __future__ import annotations

from typing import cast

from twisted.internet.interfaces import IReactorCore, IReactorProcess, IReactorUNIX

from ftpalg.net.reactors import IReaching


class IWhole(IReaching, IReactorCore, IReactorProcess, IReactorUNIX):
    """What a gateway's program wants of its reactor."""

    def run(installSignalHandlers: bool = True) -> None:
        """As ReactorBase has it."""


def installed() -> IWhole:
    """The reactor, which is installed with the first import of it."""
    from twisted.internet import reactor

    return cast(IWhole, reactor)
