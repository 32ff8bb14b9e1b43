"""Gateways that lead to each other: a session comes from a machine and is sent back to it.

A user of the machine that the server is on does so, too, and is let in; in a loop no login ever ends.
So what counts are sessions that go back to where they came from and are not logged in there yet.  Our
own listeners are known exactly (``own_addresses``) and are nobody's destination at all.
"""

from __future__ import annotations

from collections.abc import Callable

from ftpalg.core.events import Link
from ftpalg.net.ledger import Bound, Ledger, Line


class Loops:
    """Counts them for each client's address; ``is_local`` knows this machine's own."""

    def __init__(self, most: int, is_local: Callable[[str], bool], ledger: Ledger) -> None:
        self._most = Bound(most)
        self._ledger = ledger
        self._is_local = is_local
        self._waiting: dict[str, set[Link]] = {}  # by the client's address

    def take_over(self, before: Loops) -> None:
        """Count together with those that were counted before other settings came."""
        self._waiting = before._waiting

    def returns(self, client: Link, address: str) -> bool:
        """Whether a session that goes there would go back to the machine it came from."""
        return client.peer == address or (self._is_local(client.peer) and self._is_local(address))

    def refusal(self, client: Link, address: str) -> str:
        """Why that address is not dialled for that client, or nothing: then it counts, as one that goes back,
        from now on, and not when it has arrived, as many may be under way at once."""
        waiting = self._waiting.get(client.peer, ())
        if not self.returns(client, address) or client in waiting:
            return ""
        if self._ledger.ask(client.peer, Line.RETURNING, bound=self._most) is not None:
            return f"limits.returning: sessions from {client.peer} lead back to it; is this a loop?"
        self._waiting.setdefault(client.peer, set()).add(client)
        return ""

    def reached(self, client: Link, address: str) -> None:
        """A session has reached that address; it is not logged in.  If it was another one that would have
        led back it does not count."""
        if not self.returns(client, address):
            self.discard(client)

    def discard(self, client: Link) -> None:
        """It is logged in, or over, or has not got there; harmless where it never counted."""
        waiting = self._waiting.get(client.peer)
        if waiting is not None and client in waiting:
            waiting.discard(client)
            self._ledger.give(client.peer, Line.RETURNING)
            if not waiting:
                del self._waiting[client.peer]
