"""``ftpalg account``: accounts in a file, their passwords hashed."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from codecs import BOM_UTF8
from pathlib import Path

from ftpalg.cli import DONE, FAILED, WRONG
from ftpalg.cli.accounts_editing import CannotEdit, editing, may_be_edited, seen
from ftpalg.cli.passwords import NoPassword, password
from ftpalg.config.faults import written_out
from ftpalg.net.accounts_file import BadAccounts, account_of, read_accounts
from ftpalg.net.password_hashes import Hash, made
from ftpalg.net.secret_places import open_mode

LONGEST = 255
"""Bytes of a name."""
FAULTS = (BadAccounts, CannotEdit, NoPassword)


def add(words: Namespace) -> int:
    """Give somebody a password: 2 for a name that no line can hold, 1 for one that is there already."""
    name, file = os.fsencode(words.name), _place(words)
    wrong = wrong_name(name)
    if wrong:
        return _told("add", f"{words.name!r} is no name for an account: {wrong}", WRONG)
    try:
        _may_be_added(file, name, seen(file), again=words.force)
        may_be_edited(file)
        line = b"%b:%b" % (name, bytes(made(password(shown(name)))))
        with editing(file) as edit:
            was = _may_be_added(file, name, edit.text, again=words.force)
            edit.write(with_line(edit.text or b"", name, line))
    except FAULTS as error:
        return _told("add", str(error), FAILED)
    print(f"{file}: {shown(name)} {'has another password' if was else 'is added'}")
    if edit.text is None:
        print(
            f"{file} is new, and its owner's alone (mode 0600): let the gateway's user own it or get it"
            f' as a credential, and set accounts.auth = ["file:{file}"]'
        )
    return DONE


def remove(words: Namespace) -> int:
    """Take somebody out: 2 for a name that no line can hold, 1 where there is nobody of that name."""
    name, file = os.fsencode(words.name), _place(words)
    wrong = wrong_name(name)
    if wrong:
        return _told("remove", f"{words.name!r} is no name for an account: {wrong}", WRONG)
    try:
        _there(file, seen(file))
        may_be_edited(file)
        with editing(file) as edit:
            text = _there(file, edit.text)
            if name not in read_accounts(str(file), text):
                return _told("remove", f"{file}: there is no account {shown(name)}", FAILED)
            edit.write(with_line(text, name, None))
    except FAULTS as error:
        return _told("remove", str(error), FAILED)
    print(f"{file}: {shown(name)} is removed; sessions that are open go on")
    return DONE


def names(words: Namespace) -> int:
    """A line for each: its name, a tab, and how its password is kept."""
    file = _place(words)
    try:
        found = read_accounts(str(file), _there(file, seen(file)))
    except FAULTS as error:
        return _told("list", str(error), FAILED)
    for name, secret in found.items():
        kind = f"scrypt {secret.cost}" if isinstance(secret, Hash) else "in clear"
        print(f"{shown(name)}\t{kind}")
    return DONE


def wrong_name(name: bytes) -> str:
    """Why no line can begin with it, or nothing."""
    if not name:
        return "it is empty"
    if len(name) > LONGEST:
        return f"it is longer than {LONGEST} bytes"
    if b":" in name:
        return "a colon ends a name in the file"
    if any(byte < 32 or byte == 127 for byte in name):
        return "a control character stands in it"
    if name.startswith(b"#"):
        return "a line that begins with # is a comment"
    return "a byte order mark stands in it" if name.startswith(BOM_UTF8) else ""


def with_line(text: bytes, name: bytes, line: bytes | None) -> bytes:
    """A file's text with this line for the account, or without one; all else stays as it is."""
    lines = text.split(b"\n")
    if not lines[-1]:
        del lines[-1]
    at = next((at for at, one in enumerate(lines) if _is_of(one, name)), len(lines))
    beside = lines[at] if at < len(lines) else b"".join(lines[-1:])
    end = b"\r" if beside.endswith(b"\r") else b""
    lines[at : at + 1] = [] if line is None else [line + end]
    return b"".join(one + b"\n" for one in lines)


def _there(file: Path, text: bytes | None) -> bytes:
    if text is None:
        raise CannotEdit(f"{file}: there is no such file; ftpalg account add NAME makes it")
    return text


def _is_of(line: bytes, name: bytes) -> bool:
    account = account_of(line)
    return account is not None and account[0] == name


def _may_be_added(file: Path, name: bytes, text: bytes | None, *, again: bool) -> bool:
    """Whether the account is there; raise CannotEdit where it should not be, or may not come there."""
    if text is None:
        return False
    there = name in read_accounts(str(file), text)
    if there and not again:
        raise CannotEdit(
            f"{file}: {shown(name)} is there already; --force gives it another password"
        )
    mode = open_mode(file, file.stat().st_mode)
    if mode:
        raise CannotEdit(
            f"{file}: its group or others may read or write it (mode {mode}), and the gateway takes no"
            f" hashed passwords from such a file; chmod 600 {file}"
        )
    return there


def shown(name: bytes) -> str:
    """A name as a terminal may be given it."""
    return written_out(name.decode("utf-8", "surrogateescape"))


def _place(words: Namespace) -> Path:
    """What a link leads to: the link stays."""
    return Path(os.path.realpath(words.file))


def _told(command: str, sentence: str, status: int) -> int:
    print(f"ftpalg account {command}: {written_out(sentence)}", file=sys.stderr)
    return status
