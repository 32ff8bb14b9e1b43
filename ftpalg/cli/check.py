"""``ftpalg check``: what is wrong with settings, what is suspicious, and what they mean.

By itself it looks at the files that are named there, at the clock, and at nothing else: it binds
nothing, needs no sockets of systemd's and changes nothing, so that it can stand before a start or in a
commit's checks.
"""

from __future__ import annotations

import sys
from argparse import Namespace
from datetime import UTC, datetime
from typing import TextIO

from ftpalg.cli import DONE, WRONG
from ftpalg.cli.ends import ends, suspected
from ftpalg.cli.here import faults_of_machine
from ftpalg.cli.meaning import meaning
from ftpalg.config import Loaded, SettingsError
from ftpalg.config.effective import effective
from ftpalg.config.faults import Finding, Warning, independent
from ftpalg.life.files import every_warning, faults_of_files
from ftpalg.options import load


def check(words: Namespace) -> int:
    """0 for sound settings, which are explained; 2 for faults, which are told all at once."""
    wrong = wrong_words(words)
    if wrong:
        print(f"ftpalg check: {wrong}", file=sys.stderr)
        return WRONG
    try:
        loaded = load(words)
    except SettingsError as error:
        print(error.report, file=sys.stderr)
        return WRONG
    found = faults_of_files(loaded.settings)
    if words.here:
        here, more = faults_of_machine(loaded.settings)
        found += here
    else:
        more = [suspected(one) for one in ends(loaded.settings, datetime.now(UTC))]
    suspicious = every_warning(loaded.settings, more)
    faults = [*loaded.faults, *independent(found, loaded.faults)]
    for fault in faults:
        _print(loaded, fault, sys.stderr)
    out = sys.stderr if words.effective else sys.stdout
    if not faults:
        if not words.quiet:
            print(
                effective(loaded, anonymous=words.anonymous)
                if words.effective
                else meaning(loaded.settings)
            )
        for warning in suspicious:
            _print(loaded, warning, out)
    if faults or (words.strict and suspicious):
        return WRONG
    if not words.quiet:
        print(f"OK: {_read(loaded, here=words.here)}", file=out)
    return DONE


def wrong_words(words: Namespace) -> str:
    """What does not go together."""
    if words.file and words.config:
        return f"{words.file!r} is one file too many: --config names one already"
    if words.anonymous and not words.effective:
        return "--anonymous goes with --effective"
    if words.quiet and words.effective:
        return "--effective prints, and --quiet prints nothing"
    return ""


def _print(loaded: Loaded, one: Finding, out: TextIO) -> None:
    sentence, quoted = loaded.tell(one)
    if isinstance(one, Warning):
        place = sentence.removesuffix(one.sentence)
        sentence = f"{place}warning: {one.sentence} [{one.id}]"
    for line in filter(None, (sentence, quoted)):
        print(line, file=out)


def _read(loaded: Loaded, *, here: bool) -> str:
    """What was looked at."""
    settings = loaded.settings
    sources = set(loaded.sources.values())
    in_file = sum(loaded.document is not None and ":" in one for one in loaded.sources.values())
    read = [f"{loaded.document.name} ({in_file} values)"] if loaded.document else ["no file"]
    read += sorted(source for source in sources if source.startswith("FTPALG_"))
    read += ["the command line"] if "command line" in sources else []
    pairs = len(settings.pairs)
    read += [f"{pairs} certificate{'s' * (pairs != 1)} with keys"] if pairs else []
    kinds = [one.partition(":")[0] for one in settings.accounts.auth]
    read += [f"accounts by {', '.join(kinds)}"] if kinds else []
    read += ["this machine"] if here else []
    return "; ".join(read)
