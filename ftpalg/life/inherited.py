"""Listening sockets that the program before this one hands on, in one variable of the environment.

``{"listeners": {ENDPOINT: DESCRIPTOR}, "status": DESCRIPTOR, "drained": [[KIND, NAME]]}``: the sockets stay
those of both, and to ``status`` goes one line, how the start went.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, MutableMapping
from types import MappingProxyType
from typing import NamedTuple

from ftpalg.core.value import value

VARIABLE = "FTPALG_INHERITED"
READY = "ready"


NOBODYS: Mapping[str, int] = MappingProxyType({})


@value
class Inherited(NamedTuple):
    """``listeners`` by endpoint; ``status`` is -1 where nobody handed on anything; ``drained`` are the kinds
    and names of what takes no new sessions."""

    listeners: Mapping[str, int] = NOBODYS
    status: int = -1
    drained: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        listeners = dict(self.listeners)
        return json.dumps({"listeners": listeners, "status": self.status, "drained": self.drained})

    def tell(self, line: str) -> None:
        """Tell the program before this one, once: READY, or why not."""
        if self.status < 0:
            return
        try:
            os.write(self.status, f"{line}\n".encode("utf-8", "backslashreplace"))
            os.close(self.status)
        except OSError:
            return  # it has gone meanwhile, or has heard


def inherited(environ: MutableMapping[str, str] = os.environ) -> Inherited:
    """What was handed on; the variable is gone then, and no child of ours takes it for its own."""
    text = environ.pop(VARIABLE, "")
    if not text:
        return Inherited()
    try:
        found = json.loads(text)
        listeners = {str(name): int(number) for name, number in found["listeners"].items()}
        status = int(found["status"])
        drained = tuple((str(kind), str(name)) for kind, name in found.get("drained", ()))
    except (AttributeError, KeyError, TypeError, ValueError):
        return Inherited()
    for number in (*listeners.values(), status):
        try:
            os.set_inheritable(number, False)
        except OSError:
            return Inherited()  # the variable is of somebody else's making
    return Inherited(listeners, status, drained)
