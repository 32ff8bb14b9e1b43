"""``ftpalg run``: the gateway in the foreground, without a pid file."""

from __future__ import annotations

import sys
from argparse import Namespace
from functools import partial

from ftpalg.cli import WRONG
from ftpalg.config import SettingsError
from ftpalg.options import load


def run(words: Namespace) -> int:
    """2 for faults of the settings; then what the service says."""
    from ftpalg.foreground import run as serve
    from ftpalg.life.source import Source

    try:
        return serve(Source(partial(load, words), words.config or ""), words.signals)
    except SettingsError as error:
        print(error.report, file=sys.stderr)
        return WRONG
