"""The words of ``ftpalg explain``, read."""

from __future__ import annotations

import os
from argparse import Namespace
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Any

from ftpalg.config import Settings
from ftpalg.config.contradictions import listener_keys
from ftpalg.explain.question import Question, address_of, command_of, server_of
from ftpalg.net.reach.system import addresses_of


class WrongQuestion(Exception):
    """A word that is no answer to what was asked for; the text says which, and why."""


def question_of(words: Namespace, settings: Settings) -> Question:
    """The question.  Raise WrongQuestion."""
    for name in ("user", "account", "host", "cwd"):
        _one_line(name, getattr(words, name))
    _one_line("command", words.command_line)
    return Question(
        client=_address("from", getattr(words, "from")),
        listener=_listener(words.listener, settings),
        user=_bytes(words.user),
        account=_bytes(words.account),
        to=_server(words.to),
        host=_bytes(words.host),
        sni=_name(words.sni),
        tls=words.tls,
        addresses=tuple(_address("address", one) for one in words.address or ()),
        look_up=addresses_of if words.resolve else None,
        command=_command(words.command_line),
        place=os.fsencode(words.cwd or "/"),
        at=_moment(words.at),
    )


def _bytes(word: str | None) -> bytes | None:
    """A word as the shell gave it, its odd bytes too."""
    return None if word is None else os.fsencode(word)


def _command(word: str | None) -> Any:
    """A command as a client says it."""
    if word is None:
        return None
    try:
        return command_of(os.fsencode(word))
    except ValueError as error:
        raise WrongQuestion(f"--command {word!r}: {error}") from None


def _moment(word: str | None) -> float:
    """Seconds since 1970; a time without an offset is this machine's, and none is now."""
    try:
        return (datetime.fromisoformat(word) if word else datetime.now(UTC)).timestamp()
    except ValueError:
        raise WrongQuestion(f"--at {word!r}: is no time, like 2026-11-28T03:00") from None


def _one_line(name: str, word: str | None) -> None:
    if word is not None and "\n" in word:
        raise WrongQuestion(
            f"--{name}: a line ends in it, and what follows would be another command"
        )


def _address(name: str, word: str) -> str:
    try:
        return address_of(word)
    except ValueError:
        raise WrongQuestion(f"--{name} {word!r}: is no address") from None


def _server(word: str | None) -> Any:
    if word is None:
        return None
    try:
        return server_of(os.fsencode(word))
    except ValueError as error:
        raise WrongQuestion(f"--to {word!r}: {error}") from None


def _name(word: str | None) -> str:
    """As it arrives in a handshake."""
    return os.fsencode(word or "").decode("ascii", "replace").lower()


def _listener(word: str | None, settings: Settings) -> int:
    """Its place among all listeners."""
    if word is None:
        return 0
    keys = [key.removesuffix(".endpoint") for key in listener_keys(settings)]
    endpoints = [one.endpoint for one in settings.all_listeners]
    for names in (endpoints, keys):
        if word in names:
            return names.index(word)
    near = get_close_matches(word[:200], (*endpoints, *keys), 1)
    meant = f"did you mean {near[0]}?" if near else f"there are {', '.join(endpoints)}"
    raise WrongQuestion(f"--listener {word!r}: no such listener; {meant}")
