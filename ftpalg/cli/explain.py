"""``ftpalg explain``: where a session goes, and every rule on its way, taken or passed over."""

from __future__ import annotations

import sys
from argparse import Namespace

from ftpalg.cli import DONE, FAILED, WRONG
from ftpalg.cli.asked import WrongQuestion, question_of
from ftpalg.cli.explanation import flat, text
from ftpalg.config import SettingsError
from ftpalg.config.faults import written_out
from ftpalg.explain.explaining import CannotAsk
from ftpalg.explain.explaining import explain as answer
from ftpalg.explain.steps import Kind
from ftpalg.net.accounts import checkers_of, is_account_of
from ftpalg.options import load

NO_ACCOUNTS = "the accounts cannot be read here, so that no name is known to be one"


def explain(words: Namespace) -> int:
    """0 where the session goes through, 1 where it does not, 2 for wrong words or settings."""
    try:
        loaded = load(words)
        if loaded.faults:
            raise loaded.error()
    except SettingsError as error:
        print(error.report, file=sys.stderr)
        return WRONG
    settings, notes = loaded.settings, []
    try:
        is_account = is_account_of(checkers_of(settings.accounts.auth))
    except SettingsError:
        is_account = None
        notes.append(NO_ACCOUNTS)
    try:
        found = answer(settings, question_of(words, settings), is_account)
    except (WrongQuestion, CannotAsk) as error:
        print(written_out(f"ftpalg explain: {error}"), file=sys.stderr)
        return WRONG
    found = found._replace(notes=(*notes, *found.notes))
    client = getattr(words, "from")
    print(flat(found, client) if words.json else text(found, client))
    return DONE if found.verdict.kind is Kind.GOES else FAILED
