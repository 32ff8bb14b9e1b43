"""What is asked: a client, and what it says."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address
from typing import NamedTuple

from ftpalg.core.routes import Server
from ftpalg.core.value import value
from ftpalg.core.wire.addresses import normal
from ftpalg.core.wire.commands import Command, parse_command
from ftpalg.core.wire.errors import BadArgument, BadCommand
from ftpalg.core.wire.user_at_host import parse_server

LookedUp = Callable[[str], tuple[list[str], str]]
"""A name to its addresses, or none and why."""


@value
class Question(NamedTuple):
    """Who comes, to which of ``all_listeners``, and with which words.

    ``client`` is an address in normal spelling.  ``to`` is the server that the client names, or that its
    packets were for.  ``account``, ``user`` and ``host`` are what it says behind USER and HOST, ``sni``
    what its TLS asks for; ``tls`` is True where it begins TLS wherever that is offered.  ``addresses``
    are what the name of the server is taken to resolve to; ``look_up`` looks up names, None where none
    is to be looked up.  ``command`` is what the client says once it is logged in, in the directory
    ``place``; ``at`` is when, in seconds since 1970.
    """

    client: str
    listener: int = 0
    user: bytes | None = None
    account: bytes | None = None
    to: Server | None = None
    host: bytes | None = None
    sni: str = ""
    tls: bool = False
    addresses: tuple[str, ...] = ()
    look_up: LookedUp | None = None
    command: Command | None = None
    place: bytes = b"/"
    at: float = 0.0

    def addresses_of(self, host: str, *, named: bool) -> tuple[str, ...] | None:
        """The addresses of a server; None where they are not known."""
        if named and self.addresses:
            return self.addresses
        return tuple(self.look_up(host)[0]) if self.look_up is not None else None


def server_of(text: bytes) -> Server:
    """A server as a client writes it, or an IPv6 address without brackets.  Raise ValueError."""
    bare = text.count(b":") > 1 and not text.startswith(b"[")
    try:
        return parse_server(b"[%b]" % text if bare else text)
    except BadArgument as error:
        raise ValueError(str(error)) from None


def command_of(text: bytes) -> Command:
    """A command as a client says it.  Raise ValueError."""
    try:
        return parse_command(text)
    except BadCommand as error:
        raise ValueError(str(error)) from None


def address_of(text: str) -> str:
    """An address in normal spelling, its zone left out.  Raise ValueError."""
    return normal(str(ip_address(text)))
