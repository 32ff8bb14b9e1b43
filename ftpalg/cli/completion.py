"""``ftpalg completion``: what shells complete, by shtab."""

from __future__ import annotations

import sys
from argparse import Namespace

from ftpalg.cli import DONE, FAILED
from ftpalg.cli.parser import parser


def completion(words: Namespace) -> int:
    """Print it; 1 where shtab is missing."""
    try:
        import shtab
    except ImportError:
        print("ftpalg completion: needs shtab: pip install shtab", file=sys.stderr)
        return FAILED
    print(shtab.complete(parser(), words.shell))
    return DONE
