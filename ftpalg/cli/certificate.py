"""``ftpalg certificate``: a pair for trying out, and the CA that it is trusted by."""

from __future__ import annotations

import shlex
import sys
from argparse import Namespace
from pathlib import Path

from ftpalg.certificate import CA_FILE, DAYS, make_pair
from ftpalg.cli import DONE, FAILED, WRONG


def certificate(words: Namespace) -> int:
    """Make the files; 2 for a name that no certificate can hold, 1 where they cannot be written."""
    try:
        made = make_pair(words.name, Path(words.folder), overwrite=words.force)
    except FileExistsError as error:
        remedy = f"{error.filename} exists already; --force overwrites it"
        print(f"ftpalg certificate: {remedy}", file=sys.stderr)
        return FAILED
    except OSError as error:
        where = error.filename or words.folder
        print(f"ftpalg certificate: {where}: {error.strerror}", file=sys.stderr)
        return FAILED
    except ValueError as error:
        print(f"ftpalg certificate: {error}", file=sys.stderr)
        return WRONG
    print(_told(*made, Path(words.folder) / CA_FILE))
    return DONE


def _told(*made: Path) -> str:
    """What there is now, and how it is used."""
    certificate, key, ca = (shlex.quote(str(file)) for file in made)
    return (
        f"certificate: {made[0]}\nprivate key: {made[1]}\nCA:          {made[2]}\n"
        f"For trying out only, for {DAYS} days; the CA's key is not kept.\n"
        f"Show it:  ftpalg run --client-tls offer --certificate {certificate} --private-key {key} …\n"
        f"Trust it: curl --ssl-reqd --cacert {ca} …, or ftpalg run --server-ca {ca} …"
    )
