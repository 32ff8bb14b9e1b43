"""What came of each rule, and of all of them together."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from ftpalg.core.value import value


class Outcome(Enum):
    """What came of a rule."""

    TAKEN = "taken"
    PASSED = "passed over"
    NOT_REACHED = "not reached"
    DEPENDS = "cannot be judged"


@value
class Step(NamedTuple):
    """A rule of a table was asked, or was not.

    ``rule`` is its key, ``place`` the file and line where it stands, empty for what is so by default.
    ``why`` is a short sentence without a full stop.  A ``shadow`` decides nothing: its outcome is what
    it would have been.  ``about`` is the address or the name that was judged, where there are several.
    """

    table: str
    rule: str
    place: str
    outcome: Outcome
    why: str
    shadow: bool = False
    about: str = ""


class Scope(Enum):
    """Where a limit was set."""

    GENERAL = "general"
    LISTENER = "listener"
    ROUTE = "route"


@value
class Limit(NamedTuple):
    """A limit that holds: ``rule`` is its key, ``place`` the file and line, empty for the default; so much
    of ``whose`` there may be, or so many a second."""

    rule: str
    place: str
    value: float
    whose: str
    scope: Scope


class Kind(Enum):
    """What becomes of a session."""

    GOES = "goes"
    REFUSED = "refused"
    NOWHERE = "nowhere"
    DEPENDS = "depends"


@value
class Verdict(NamedTuple):
    """What becomes of it: of one that goes, whither and how; else ``code`` and ``sentence`` as the client
    hears them, and the ``rule`` that decides.  ``unless`` says what is not known.

    ``name`` is the server as the client or the settings spell it; ``address`` that which was allowed.
    """

    kind: Kind
    rule: str = ""
    place: str = ""
    code: int = 0
    sentence: str = ""
    name: str = ""
    others: tuple[str, ...] = ()
    address: str = ""
    account: str = ""
    user: str = ""
    tls: str = ""
    mode: str = ""
    parent: str = ""
    route: str = ""
    unless: str = ""


@value
class Explanation(NamedTuple):
    """All of it.  ``said`` is the dialogue, arrows and texts, without a password; ``notes`` say what was
    assumed."""

    listener: str
    place: str
    said: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    steps: tuple[Step, ...]
    verdict: Verdict
    limits: tuple[Limit, ...] = ()
