"""``ftpalg upgrade``: a new gateway takes over the listeners of a running one."""

from __future__ import annotations

import sys
from argparse import Namespace


def upgrade(words: Namespace) -> int:
    """1 where that fails, and the running one serves on."""
    from ftpalg.foreground import upgrade as take_over

    status, sentence = take_over(words.pid)
    print(f"ftpalg: {sentence}", file=sys.stderr if status else sys.stdout)
    return status
