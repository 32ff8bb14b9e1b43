"""Whom the network side asks who is banned, and tells of right logins; ``life`` brings the answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from ftpalg.core.bans import Ban, Kind


class Bans(Protocol):
    """Peers are addresses in normal spelling, accounts as clients say them."""

    def of_peer(self, peer: str) -> Ban | None:
        """The ban that stands against a peer; None where it is only told (shadow)."""

    def of_account(self, account: str, peer: str) -> Ban | None:
        """The same of an account, for a peer from which it has not logged in lately."""

    def is_safe(self, peer: str) -> bool:
        """Whether nothing is ever counted against it."""

    def knows(self, account: str, peer: str) -> bool:
        """Whether the account has logged in from there lately."""

    def right(self, account: str, peer: str) -> None:
        """It has, now."""

    @property
    def counts(self) -> Mapping[Kind, int]:
        """How many there are."""


class NoBans:
    """Nobody is (``Bans``)."""

    counts: Mapping[Kind, int] = dict.fromkeys(Kind, 0)

    def of_peer(self, peer: str) -> Ban | None:
        return None

    def of_account(self, account: str, peer: str) -> Ban | None:
        return None

    def is_safe(self, peer: str) -> bool:
        return False

    def knows(self, account: str, peer: str) -> bool:
        return False

    def right(self, account: str, peer: str) -> None:
        pass


NO_BANS = NoBans()
