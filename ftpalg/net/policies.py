"""The questions that the network side asks before it acts; ``service`` brings the answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol

from ftpalg.core.facts import Shadowed
from ftpalg.core.routes import Balance, Server
from ftpalg.core.value import value


class Order(Protocol):
    """Several servers in the order to try them."""

    def __call__(
        self,
        servers: tuple[Server, ...],
        balance: Balance,
        *,
        client: str,
        turn: int,
        sessions: Callable[[Server], int],
        healthy: Callable[[Server], bool],
    ) -> list[Server]: ...


class Machine(Protocol):
    """What stands against a server's address because of the machine it is on, or nothing.

    ``ours`` is True for an address of this machine, ``local`` for a client on it, ``parent`` where a
    parent would connect.
    """

    def __call__(
        self, server: Server, address: str, *, ours: bool, local: bool, parent: bool
    ) -> str: ...


class Tried(Protocol):
    """What rules that are only tried would have said to a server's address instead of ``refusal``."""

    def __call__(
        self,
        client: str,
        account: str,
        server: Server,
        address: str,
        *,
        ours: bool,
        local: bool,
        parent: bool,
        refusal: str,
    ) -> Shadowed | None: ...


@value
class Policies(NamedTuple):
    """What a gateway asks before it acts.

    ``ports``: first and last port and those left out, to the ports to try.  ``admits``: whether a
    client's address may come.  ``refusal``: client, account, server and its address, to the sentence
    that stands against it, or nothing; the address is empty where a parent is told the name.
    ``by_name``: client, account and server, to why a parent may not be told the name, or nothing.
    ``tried`` and ``tried_by_name`` are rules that are only tried, None where there are none; the latter
    gets what ``by_name`` said, too.
    """

    ports: Callable[[int, int, frozenset[int]], Iterator[int]]
    admits: Callable[[str], bool]
    refusal: Callable[[str, str, Server, str], str]
    by_name: Callable[[str, str, Server], str]
    machine: Machine
    order: Order
    tried: Tried | None = None
    tried_by_name: Callable[[str, str, Server, str], Shadowed | None] | None = None
