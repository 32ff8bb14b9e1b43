"""How much a record keeps of persons: names, addresses and paths, whole, short or not at all.

What a peer said may hold any of the three (``550 /home/…: not found``): it goes as soon as one of
them is not kept whole.
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address, ip_network

from ftpalg.ops.record_fields import FIELDS, Kind, Value
from ftpalg.ops.settings import Keep, LogSettings

PREFIX = {4: 24, 6: 48}
"""Bits of an address that stay: those of a network, as the usual anonymizers of web logs keep."""


def short_user(name: str) -> str:
    """A name that can be told from most others, and not read."""
    return name[:2] + "…"


def short_address(text: str) -> str:
    """The network that an address is of."""
    try:
        address = ip_address(text)
    except ValueError:
        return "…"
    return str(ip_network((address, PREFIX[address.version]), strict=False).network_address)


def short_path(path: str) -> str:
    """The last name, without the folders that lead to it."""
    folders, _, name = path.rpartition("/")
    return f"…/{name}" if folders else path


SHORT: dict[Kind, Callable[[str], str | None]] = {
    Kind.USER: short_user,
    Kind.ADDRESS: short_address,
    Kind.PATH: short_path,
}


class Privacy:
    """What is kept."""

    def __init__(self, settings: LogSettings) -> None:
        kept = {
            Kind.USER: settings.users,
            Kind.ADDRESS: settings.addresses,
            Kind.PATH: settings.paths,
        }
        self.whole = all(keep is Keep.WHOLE for keep in kept.values())
        kept[Kind.SAID] = Keep.WHOLE if self.whole else Keep.NONE
        cut = {kind: keep for kind, keep in kept.items() if keep is not Keep.WHOLE}
        self._forms = {
            name: SHORT[field.kind] if cut[field.kind] is Keep.SHORT else _nothing
            for name, field in FIELDS.items()
            if field.kind in cut
        }

    def keep(self, name: str, value: Value) -> Value | None:
        """The field as it may be written, or None where it may not."""
        form = self._forms.get(name)
        if form is None or not isinstance(value, str | tuple):
            return value
        return form(value) if isinstance(value, str) else None


def _nothing(text: str) -> None:
    """What is left of what is not kept."""
