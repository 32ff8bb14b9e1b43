"""``ftpalg certificate``: a pair for trying out."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

from ftpalg.certificate import make_pair
from ftpalg.cli import DONE, FAILED, WRONG


def certificate(words: Namespace) -> int:
    """Make a self-signed pair; 2 for a name that no certificate can hold, 1 where it cannot be written."""
    try:
        made, key = make_pair(words.name, Path(words.folder), overwrite=words.force)
    except FileExistsError as error:
        remedy = f"{error.filename} exists already; --force overwrites it"
        print(f"ftpalg certificate: {remedy}", file=sys.stderr)
        return FAILED
    except OSError as error:
        print(f"ftpalg certificate: {error.filename}: {error.strerror}", file=sys.stderr)
        return FAILED
    except ValueError as error:
        print(f"ftpalg certificate: {error}", file=sys.stderr)
        return WRONG
    print(f"certificate: {made}\nprivate key: {key}\nself-signed: for trying out only")
    return DONE
