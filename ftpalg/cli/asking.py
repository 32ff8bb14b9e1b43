"""Asks a running gateway through its admin socket: HTTP over a Unix socket, by the table of verbs.

What is not needed to ask is imported once it has been asked: the gateway works meanwhile.
"""

from __future__ import annotations

import os
import socket
import struct
import sys
from argparse import Namespace
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from ftpalg.admin.verbs import Verb, verb
from ftpalg.cli import FAILED, WRONG
from ftpalg.cli.http import OK, Answer, request

DEFAULT = "/run/ftpalg/admin.sock"
VARIABLE = "FTPALG_ADMIN_SOCKET"
SECONDS = 60.0
"""For each piece of an answer."""
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
    from pathlib import Path

    from ftpalg.config import SettingsError, examine

    try:
        found = examine(Path(file), {}, environ).settings.admin.socket
    except SettingsError as error:
        raise NoAnswer(error.report, WRONG) from None
    return str(found or "")


def ask(words: Namespace, name: str, said: Mapping[str, Any]) -> Any:
    """The answer of that verb.  Raise NoAnswer."""
    answer = _answer(place_of(words), verb(name), said)
    from json import loads

    with _whole():
        return _told(loads(answer.whole()))


def _told(found: Any) -> Any:
    """The answer, once what it lacks is told: a worker that has said nothing."""
    for one in found.pop("silent", ()):
        print(f"ftpalg: {one}", file=sys.stderr)
    return found


def lines(words: Namespace, name: str, said: Mapping[str, Any]) -> Iterator[Any]:
    """The lines of a verb that flows, as they come; it has begun by then.  Raise NoAnswer."""
    return _flowing(_answer(place_of(words), verb(name), said, patient=True))


def items(words: Namespace, name: str, array: str, said: Mapping[str, Any]) -> Iterator[Any]:
    """What that array of the answer holds, as it comes; it has been asked by then.  Raise NoAnswer."""
    return _items(_answer(place_of(words), verb(name), said), array)


@contextmanager
def _whole() -> Iterator[None]:
    """What comes is read; what ends before its end is none."""
    try:
        yield
    except (OSError, ValueError, KeyError, TypeError):
        raise NoAnswer("the gateway ended in the middle of its answer") from None


def _flowing(answer: Answer) -> Iterator[Any]:
    from json import loads

    with _whole():
        for line in _lines(answer):
            yield loads(line)


def _items(answer: Answer, array: str) -> Iterator[Any]:
    """``admin.slices.listed`` gives its batches a line each; any other JSON is read as a whole."""
    from json import loads

    with _whole():
        text = _lines(answer)
        first = next(text, b"")
        if first != b'{"%b":[' % array.encode("ascii"):
            yield from _told(loads(b"\n".join((first, *text))))[array]
            return
        ended = False
        for line in text:
            ended = line == b"]}"
            if not ended:
                yield from loads(b"[%b]" % line.removeprefix(b","))
        if not ended:
            raise ValueError("the array has no end")


def _lines(answer: Answer) -> Iterator[bytes]:
    rest = b""
    for piece in answer.pieces():
        *whole, rest = (rest + piece).split(b"\n")
        yield from whole
    if rest:
        yield rest


def _answer(place: Place, one: Verb, said: Mapping[str, Any], *, patient: bool = False) -> Answer:
    try:
        sock = _asked(place.path, _request(one, said))
        answer = Answer(sock)
        if patient:
            sock.settimeout(None)
        sock.close()  # once the answer is
        if answer.status == OK:
            return answer
        from json import loads

        sentence = loads(answer.whole())["error"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NoAnswer(_unheard(place, error)) from None
    raise NoAnswer(sentence, WRONG if answer.status in WRONG_WORDS else FAILED)


def _asked(path: str, said: bytes) -> socket.socket:
    """A connection on which that has been said."""
    sock = _connected(path)
    with suppress(BrokenPipeError):  # it has answered before it had heard all
        sock.sendall(said)
    return sock


def _connected(path: str) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX)
    # With settimeout a full queue would be an error at once: EAGAIN, connect(2).
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, TIMEVAL.pack(int(SECONDS), 0))
    sock.connect(path)
    sock.settimeout(SECONDS)
    return sock


def _request(one: Verb, said: Mapping[str, Any]) -> bytes:
    """The request of these words; those that say nothing are left out."""
    said = {key: _text(each) for key, each in said.items() if each not in (None, [], False)}
    if one.method != "GET":
        from json import dumps

        return request(one.method, one.path, dumps(said).encode())
    if not said:
        return request(one.method, one.path)
    from urllib.parse import urlencode

    query = {key: "true" if each is True else each for key, each in said.items()}
    return request(one.method, f"{one.path}?{urlencode(query, doseq=True)}")


def _text(said: Any) -> Any:
    """A word as the gateway writes it: what is no UTF-8 in the shell's words, as ``\\xff``."""
    if isinstance(said, list):
        return [_text(each) for each in said]
    return os.fsencode(said).decode("utf-8", "backslashreplace") if isinstance(said, str) else said


def _unheard(place: Place, error: Exception) -> str:
    """Why there is no answer, and what to do."""
    from ftpalg.ops.texts import bounded

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
