"""Runs a gateway that charges nobody: ``python unledgered.py PROGRAM ARGUMENT…``.

The ledger, the seats, the grants, the lines of those that come and the rates are nothing, as far as a login
has to do with them; some ten calls of what does nothing are left.  It is run by its path, as ``unhurried``
is, to tell what they cost.
"""

from __future__ import annotations

import runpy
import sys
from typing import Any

from ftpalg.net import backend, driver, faults, ledger, seats, sessions
from ftpalg.net.control import charged, paced, server


def nothing(*_: object, **__: object) -> None:
    """Granted, or done."""


def charge(control: charged.Charged, link: Any) -> bool:
    """Its key is there, for those who ask."""
    control._key = link.peer
    return True


def enter(control: charged.Charged, link: Any) -> None:
    """It comes in at once."""
    control._admit(link)


STUBS: dict[type, tuple[str, ...]] = {
    ledger.OwnLedger: ("ask", "give", "linger", "settle"),
    ledger.Grant: ("to", "linger", "settle", "back"),
    seats.Seats: ("route", "server", "leave_server", "account", "leave_account", "end"),
    sessions.Sessions: ("_give_back", "_of_listener", "_too_fast"),
    faults.Faults: ("seen",),
    charged.Charged: ("_give_back", "lingers", "_settle_header"),
    server.ServerControl: ("lingers",),
}
"""What does nothing of each."""

if __name__ == "__main__":
    for kind, names in STUBS.items():
        for name in names:
            assert hasattr(kind, name), (kind, name)
            setattr(kind, name, nothing)
    granted = ledger.Grant(None, "", ledger.Line.DESCRIPTORS, 1)  # type: ignore[arg-type]
    others: list[tuple[Any, str, object]] = [
        (charged.Charged, "_charge", charge),
        (charged.Charged, "_line_up", enter),
        (ledger.OwnLedger, "whose", staticmethod(str)),
        (backend, "Grant", lambda *_: granted),
        (driver.Driver, "seats", seats.Seats(None, "")),  # type: ignore[arg-type]
        (paced, "pace_of", nothing),
    ]
    for place, name, instead in others:
        assert hasattr(place, name), (place, name)
        setattr(place, name, instead)
    del sys.argv[0]
    runpy.run_path(sys.argv[0], run_name="__main__")
