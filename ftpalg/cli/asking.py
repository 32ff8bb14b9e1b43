"""Asks a running gateway through its admin socket: HTTP over a Unix socket, by the table of verbs."""

from __future__ import annotations

import http.client
import json
import os
import socket
import struct
import sys
from argparse import Namespace
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

from ftpalg.admin.verbs import verb
from ftpalg.cli import FAILED, WRONG
from ftpalg.ops.values import bounded

DEFAULT = "/run/ftpalg/admin.sock"
VARIABLE = "FTPALG_ADMIN_SOCKET"
SECONDS = 60.0
"""For each piece of an answer."""
PIECE = 65536
WRONG_WORDS = {400, 413, 431}
"""Answers to words that are wrong, or too many."""
TIMEVAL = struct.Struct("@ll")  # struct timeval: seconds, microseconds


class NoAnswer(Exception):
    """A sentence; ``status`` is the command's."""

    def __init__(self, sentence: str, status: int = FAILED) -> None:
        super().__init__(sentence)
        self.status = status


class Place(NamedTuple):
    """Where the socket is, and who says so."""

    path: str
    said: str


class _Connection(http.client.HTTPConnection):
    """To a Unix socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=SECONDS)
        self._path = path

    def connect(self) -> None:
        """Connect."""
        self.sock = socket.socket(socket.AF_UNIX)
        # With settimeout a full queue would be an error at once: EAGAIN, connect(2).
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, TIMEVAL.pack(int(SECONDS), 0))
        self.sock.connect(self._path)
        self.sock.settimeout(SECONDS)


def place_of(words: Namespace, environ: Mapping[str, str] = os.environ) -> Place:
    """Where to ask: the words, the environment, the settings, or where the service has it.

    Raise NoAnswer.
    """
    if words.socket:
        return Place(words.socket, "--socket")
    if environ.get(VARIABLE):
        return Place(environ[VARIABLE], VARIABLE)
    if words.config:
        said = _of_settings(words.config, environ)
        if said:
            return Place(said, f"admin.socket of {words.config}")
        return Place(DEFAULT, f"{words.config} names none, so the default is tried")
    return Place(DEFAULT, "the default")


def _of_settings(file: str, environ: Mapping[str, str]) -> str:
    from ftpalg.config import SettingsError, examine

    try:
        found = examine(Path(file), {}, environ).settings.admin.socket
    except SettingsError as error:
        raise NoAnswer(error.report, WRONG) from None
    return str(found or "")


def ask(words: Namespace, name: str, said: Mapping[str, Any]) -> Any:
    """The answer of that verb.  Raise NoAnswer."""
    with _answer(place_of(words), name, said) as answer:
        try:
            return json.load(answer)
        except (OSError, http.client.HTTPException, ValueError):
            raise NoAnswer("the gateway ended in the middle of its answer") from None


def lines(words: Namespace, name: str, said: Mapping[str, Any]) -> Iterator[Any]:
    """The lines of a verb that flows, as they come; it has begun by then.  Raise NoAnswer."""
    return _lines(_answer(place_of(words), name, said, patient=True))


def _lines(answer: http.client.HTTPResponse) -> Iterator[Any]:
    rest = b""  # readline would take an end in the middle for a clean one
    with answer:
        try:
            while piece := answer.read1(PIECE):
                *whole, rest = (rest + piece).split(b"\n")
                for line in whole:
                    yield json.loads(line)
        except (OSError, http.client.HTTPException, ValueError):
            raise NoAnswer("the gateway ended in the middle of its answer") from None


def _answer(
    place: Place, name: str, said: Mapping[str, Any], *, patient: bool = False
) -> http.client.HTTPResponse:
    one = verb(name)
    said = {key: _text(each) for key, each in said.items() if each not in (None, [], False)}
    path, body = one.path, None
    if one.method == "GET":
        query = {key: "true" if each is True else each for key, each in said.items()}
        path += f"?{urlencode(query, doseq=True)}" if said else ""
    else:
        body = json.dumps(said).encode()
    connection = _Connection(place.path)
    try:
        headers = {"Content-Type": "application/json"} if body else {}
        with suppress(BrokenPipeError):  # it has answered before it had heard all
            connection.request(one.method, path, body, headers)
        answer = connection.getresponse()
        if patient and connection.sock is not None:
            connection.sock.settimeout(None)
        if answer.status != 200:
            with answer:
                sentence = json.load(answer)["error"]
            raise NoAnswer(sentence, WRONG if answer.status in WRONG_WORDS else FAILED)
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError) as error:
        raise NoAnswer(_unheard(place, error)) from None
    return answer


def _text(said: Any) -> Any:
    """A word as the gateway writes it: what is no UTF-8 in the shell's words, as ``\\xff``."""
    if isinstance(said, list):
        return [_text(each) for each in said]
    return os.fsencode(said).decode("utf-8", "backslashreplace") if isinstance(said, str) else said


def _unheard(place: Place, error: Exception) -> str:
    """Why there is no answer, and what to do."""
    where = f"{place.path} ({place.said})"
    if isinstance(error, FileNotFoundError | ConnectionRefusedError):
        why = "is not there" if isinstance(error, FileNotFoundError) else "has nobody behind it"
        return (
            f"no gateway listens: {where} {why}; start it with [admin] socket set, or say where that"
            " is by --socket or --config"
        )
    if isinstance(error, PermissionError):
        return f"{where} is not for you; become root, or a member of its group"
    why = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return f"{where} gives no answer of a gateway: {bounded(' '.join(why.split()), 200)}"


def said_no(program: str, error: NoAnswer) -> int:
    """Tell it; the command's exit status."""
    print(f"ftpalg {program}: {error}", file=sys.stderr)
    return error.status
