"""Which sessions are meant: ``client=10.0.0.0/8 route=scanners``, or names of sessions.

Words of different keys must all fit; of several with the same key one must.  ``*`` and ``?`` are as in a
shell; letters of both sizes are alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from fnmatch import fnmatchcase
from functools import partial
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from ftpalg.admin.session_fields import STATES, Seen

DRAINING = "draining"
"""A state beside the others."""
Fits = Callable[[Seen], bool]


class BadFilter(Exception):
    """One sentence: which word is wrong, and what might be meant."""


def filter_of(words: Iterable[str]) -> Fits:
    """What tells whether a session fits.  Raise BadFilter."""
    found: dict[str, list[Fits]] = {}
    for word in words:
        key, equals, wanted = word.partition("=")
        if not equals:
            key, wanted = "session", word
        if key not in KEYS:
            raise BadFilter(f"{word!r} is no filter: {_meant(key)}")
        if not wanted:
            raise BadFilter(f"{word!r} is no filter: there is nothing behind {key}=")
        found.setdefault(key, []).append(KEYS[key](wanted))
    groups = list(found.values())
    return lambda seen: all(any(fits(seen) for fits in group) for group in groups)


def _meant(key: str) -> str:
    near = get_close_matches(key, KEYS, 1)
    return f"did you mean {near[0]}=?" if near else f"the keys are {', '.join(KEYS)}"


def _name(wanted: str) -> Fits:
    return lambda seen: seen.snapshot.about.session.startswith(wanted.lower())


def _like(of: Callable[[Seen], Iterable[str]], wanted: str) -> Fits:
    pattern = wanted.lower()
    return lambda seen: any(
        text.lower() == pattern or fnmatchcase(text.lower(), pattern)  # routes[0] is no pattern
        for text in of(seen)
    )


MAPPED = 96
"""Bits before the IPv4 address in one of IPv6 that stands for it."""


def network_of(text: str) -> IPv4Network | IPv6Network:
    """An address or a network, in the spelling that sessions' clients have.  Raise ValueError.

    ``who`` shows a link-local address with its zone, and ``::ffff:192.0.2.1`` as the client of IPv4 that
    it is.
    """
    host, slash, length = text.partition("/")
    network = ip_network(f"{host.partition('%')[0]}{slash}{length}", strict=False)
    if isinstance(network, IPv6Network) and network.prefixlen >= MAPPED:
        mapped = network.network_address.ipv4_mapped
        if mapped is not None:
            return IPv4Network((mapped, network.prefixlen - MAPPED))
    return network


def _client(wanted: str) -> Fits:
    try:
        network = network_of(wanted)
    except ValueError:
        raise BadFilter(f"client={wanted!r} is neither an address nor a network") from None
    return lambda seen: ip_address(seen.snapshot.about.client.host) in network


def _server(seen: Seen) -> Iterable[str]:
    about = seen.snapshot.about
    host, colon, port = about.name.rpartition(":")
    ends = (about.server.host, f"{about.server.host}:{about.server.port}") if about.server else ()
    return (about.name, *((host,) if colon and port.isdigit() else ()), *ends)


def _state(wanted: str) -> Fits:
    if wanted == DRAINING:
        return lambda seen: seen.snapshot.draining
    if wanted not in STATES.values():
        words = (*STATES.values(), DRAINING)
        near = get_close_matches(wanted, words, 1) or words
        raise BadFilter(f"state={wanted!r} is none of {', '.join(near)}")
    return lambda seen: STATES[seen.snapshot.moment.letter] == wanted


KEYS: Mapping[str, Callable[[str], Fits]] = {
    "session": _name,
    "client": _client,
    "server": partial(_like, _server),
    "account": partial(_like, lambda seen: (seen.known.account,)),
    "user": partial(_like, lambda seen: (seen.known.user,)),
    "route": partial(_like, lambda seen: (seen.snapshot.about.route,)),
    "listener": partial(_like, lambda seen: (seen.snapshot.about.listener,)),
    "state": _state,
}
"""What a session can be chosen by."""
