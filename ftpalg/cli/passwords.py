"""A new password, from the terminal twice and without echo, or a line of what is piped in.

Never from the words of a command: every user of the machine sees those.
"""

from __future__ import annotations

import locale
import sys
from getpass import getpass

from ftpalg.net.password_hashes import LONGEST


class NoPassword(Exception):
    """Why there is none; the text does not hold it."""


def password(name: str) -> bytes:
    """As the bytes that a client would send.  Raise NoPassword."""
    if sys.stdin is None:
        raise NoPassword("standard input is closed; the password comes from there")
    found = _typed(name) if sys.stdin.isatty() else _piped()
    if not found:
        raise NoPassword("the password is empty, and nobody could log in with it")
    if len(found) > LONGEST:
        raise NoPassword(f"the password is longer than {LONGEST} bytes")
    if {0, 10, 13}.intersection(found):
        raise NoPassword("a NUL, CR or LF stands in the password, and no client can send it")
    return found


def _piped() -> bytes:
    line: bytes = sys.stdin.buffer.readline(LONGEST + len(b"\r\n") + 1)
    return line.removesuffix(b"\n").removesuffix(b"\r")


def _typed(name: str) -> bytes:
    try:
        first = getpass(f"Password of {name}: ")
        second = getpass("The same again: ")
    except (EOFError, KeyboardInterrupt):
        raise NoPassword("no password was given; nothing is changed") from None
    except UnicodeDecodeError:
        raise NoPassword("the terminal's signs are not those of the locale; set LANG") from None
    if first != second:
        raise NoPassword("the two passwords differ; nothing is changed")
    return first.encode(locale.getpreferredencoding(False), "surrogateescape")
