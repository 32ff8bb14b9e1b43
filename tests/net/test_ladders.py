"""Every ladder of the core once more, over real sockets: one script, both levels."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any
from unittest import SkipTest

import tests.core
from ftpalg.core.events import Link, Traits
from ftpalg.core.session_settings import Rules
from tests.core.ladder import CLIENT, FIXED, SERVER, Ladder, LadderTest
from tests.net.ladders.ladder import SocketLadder

ABOUT_ITSELF = ("tests.core.test_ladder",)
"""What tests the notation."""
OF_THE_SCRIPT = {
    "test_traits_are_the_servers": "looks for the script's address in the session",
    "test_every_conversion": "looks for the script's ports in the session",
    "test_about_both_peers": "looks for the script's addresses in the session",
    "test_lost_behind_quit": "its client has left, and hears what no client can",
    "test_decided": "its rules know the script's addresses",
    "test_what_is_judged": "looks for the script's addresses in what is judged",
}


class OverSockets:
    """Plays what its class plays against a session alone."""

    def ladder(
        self,
        rules: Rules | None = None,
        *,
        client: Link = CLIENT,
        server: Link = SERVER,
        traits: Traits | None = None,
        sni: str | None = None,
    ) -> Ladder:
        name = self._testMethodName  # type: ignore[attr-defined]
        if name in OF_THE_SCRIPT:
            raise SkipTest(OF_THE_SCRIPT[name])
        chosen = Rules(server=FIXED) if rules is None else rules
        return SocketLadder(self, chosen, client, server, traits, sni)


def is_drawn(method: object) -> bool:
    """Whether Hypothesis plays it."""
    return getattr(method, "is_hypothesis_test", False)


def left_out(case: object) -> None:
    """In its place."""
    raise SkipTest("drawn by Hypothesis, which keeps to one class")


def second_level() -> dict[str, Any]:
    """The classes of tests.core that play ladders, played here."""
    found = {}
    for module in pkgutil.iter_modules(tests.core.__path__, "tests.core."):
        for name, case in vars(importlib.import_module(module.name)).items():
            own = isinstance(case, type) and case.__module__ == module.name not in ABOUT_ITSELF
            if own and issubclass(case, LadderTest) and case is not LadderTest:
                title = f"{module.name.removeprefix('tests.core.test_').title()}{name}"
                drawn = {key: left_out for key in dir(case) if is_drawn(getattr(case, key, None))}
                found[title] = type(title, (OverSockets, case), {"__module__": __name__, **drawn})
    return found


globals().update(second_level())
