"""Runs a gateway that is counted, and slowed down by that: ``python unhurried.py PROGRAM ARGUMENT…``.

A turn of its reactor ends after some milliseconds (``ftpalg.net.turns``).  Under callgrind each turn would
be one call long, and what is counted would be the putting off.  It is run by its path, as ``counted`` is.
"""

from __future__ import annotations

import runpy
import sys
from contextlib import suppress

if __name__ == "__main__":
    with suppress(ImportError):  # an earlier checkout
        from ftpalg.net import turns

        turns.TURN = 3600.0
    del sys.argv[0]
    runpy.run_path(sys.argv[0], run_name="__main__")
