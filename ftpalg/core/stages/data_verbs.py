"""Which commands a server is asked for a data connection with, and what their refusals teach."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from ftpalg.core.events import Traits
from ftpalg.core.routes import DataVerbs, Mode

NOT_KNOWN = (500, 501, 502, 522, 425, 530)
"""Refusals that say the server will never know this verb (502 and kin) or never make it work; some
refuse EPSV behind the login by the 530 that they have for what comes before it."""

NO_SUCH_MODE = (500, 502)
"""Refusals of a whole pair of verbs that say the server does not know the mode at all."""

ANSWERS = (227, 228, 229)
"""The only 2xx that answer EPSV and PASV; any other is of something before."""

PASSIVE = (b"EPSV", b"PASV")
ACTIVE = (b"EPRT", b"PORT")


@lru_cache(256)
def verbs_to_try(
    mode: Mode,
    wanted: bytes,
    *,
    server_v6: bool,
    client_v6: bool,
    traits: Traits,
    verbs: DataVerbs = DataVerbs.AUTO,
    other_mode: bool = False,
) -> tuple[bytes, ...]:
    """The commands to ask the server with, in order, for a client that sent ``wanted``.

    In client mode the client's own verb is sent and a refusal is left to the client, which knows
    what to try next; unless the two sides differ in family, where only we can know.  With
    ``other_mode`` the verbs of the other mode follow, for servers that know one only.
    """
    pair = {Mode.PASSIVE: PASSIVE, Mode.ACTIVE: ACTIVE}.get(mode)
    if pair is None:
        pair = PASSIVE if wanted in PASSIVE else ACTIVE
        if not server_v6 and not client_v6:
            return (wanted,)
    pairs = [pair]
    only_extended = server_v6 or verbs is DataVerbs.EXTENDED
    if other_mode:
        pairs.append(ACTIVE if pair is PASSIVE else PASSIVE)
        useful = [_useful(one, traits, only_extended=only_extended) for one in pairs]
        if useful == [False, True]:
            pairs.reverse()
    return tuple(
        verb
        for extended, classic in pairs
        for verb in _of_pair(extended, classic, traits, verbs, only_extended=only_extended)
    )


def _useful(pair: tuple[bytes, bytes], traits: Traits, *, only_extended: bool) -> bool:
    """Whether a mode may serve; where its newer verb is all of it, one that does not ends it."""
    mode, extended = traits.passive, traits.epsv
    if pair is ACTIVE:
        mode, extended = traits.active, traits.eprt
    return mode and (extended or not only_extended)


def _of_pair(
    extended: bytes, classic: bytes, traits: Traits, verbs: DataVerbs, *, only_extended: bool
) -> tuple[bytes, ...]:
    if only_extended:
        return (extended,)
    known = traits.epsv if extended == b"EPSV" else traits.eprt
    return (extended, classic) if known and verbs is DataVerbs.AUTO else (classic,)


def learned(traits: Traits, refused: Iterable[tuple[bytes, int]]) -> Traits:
    """What is known of a server that has refused these verbs with these codes."""
    for verb, code in refused:
        if code in NOT_KNOWN and verb == b"EPSV":
            traits = traits._replace(epsv=False)
        elif code in NOT_KNOWN and verb == b"EPRT":
            traits = traits._replace(eprt=False)
    return traits
