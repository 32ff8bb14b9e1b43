"""What the network side tells an operator; ``ops.log`` writes it down, a test can keep it."""

from __future__ import annotations

from typing import Protocol

from ftpalg.core.facts import About, Fact
from ftpalg.core.last_lines import LastLines
from ftpalg.core.news import News


class Recorder(Protocol):
    """An observer of facts; it never sees a live object."""

    @property
    def ladder(self) -> bool:
        """True where the lines of both dialogues are to be told too."""

    @property
    def last_lines(self) -> LastLines | None:
        """Who keeps the last of them for each session; None where nobody would ask."""

    def see(self, about: About, fact: Fact) -> None:
        """Something has happened in a session."""

    def tell(self, news: News) -> None:
        """Something has happened to the gateway."""

    def told(self, text: str) -> None:
        """Something about the gateway."""

    def warned(self, text: str) -> None:
        """Something about the gateway that should not stay so."""
