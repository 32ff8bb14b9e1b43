"""Which part of a gateway a process is: all of it, or one of several workers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ftpalg.core.value import value
from ftpalg.life.inherited import Inherited
from ftpalg.life.notify import Notify


@value
class Program(NamedTuple):
    """How this program was started, to be started again for an upgrade."""

    words: tuple[str, ...]
    folder: str
    inherited: Inherited


@value
class Place(NamedTuple):
    """``worker`` counts from 1 to ``workers``.  ``epoch`` is that of the settings it begins with,
    ``inherited`` what it was handed on."""

    worker: int = 1
    workers: int = 1
    epoch: int = 1
    inherited: Inherited = Inherited()

    @property
    def notify(self) -> Notify:
        """Who tells systemd: of several processes the one that supervises the others."""
        silent: Mapping[str, str] = {}
        return Notify() if self.workers == 1 else Notify(silent)


WHOLE = Place()
