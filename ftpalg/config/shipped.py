"""The files that come with ftpalg: settings, nftables sets, units, filters for what bans addresses.

They are the folder ``data`` of the package, which is ``etc`` of the source.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable

SETTINGS = "ftpalg.toml"


def names() -> list[str]:
    """Each file, as a path below the folder, the settings first."""
    return sorted(_below(_data(), ""), key=lambda name: (name != SETTINGS, name))


def text(name: str) -> str:
    """What a file says."""
    return _data().joinpath(name).read_text("utf-8")


def folder() -> str:
    """Where they are, for people."""
    return str(_data())


def _data() -> Traversable:
    return files("ftpalg").joinpath("data")


def _below(place: Traversable, before: str) -> Iterator[str]:
    for entry in place.iterdir():
        if entry.is_dir():
            yield from _below(entry, f"{before}{entry.name}/")
        else:
            yield f"{before}{entry.name}"
