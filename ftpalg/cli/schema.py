"""``ftpalg schema``: for editors that complete and check settings as they are written."""

from __future__ import annotations

import json
from argparse import Namespace

from ftpalg.cli import DONE
from ftpalg.config.schema import json_schema


def schema(_: Namespace) -> int:
    """Print it."""
    print(json.dumps(json_schema(), indent=2, ensure_ascii=False))
    return DONE
