"""Quotas: how much one transfer may move, and how much an account may in a day.

Uploads and downloads count apart, as ProFTPD's mod_quotatab and SFTPGo count them; listings do not count.
"""

from __future__ import annotations

from ftpalg.core.events import Side
from ftpalg.core.keys import Key
from ftpalg.core.wire.commands import Command, Kind

LISTINGS = frozenset((b"LIST", b"NLST", b"MLSD"))
"""Downloads that are no file."""


class Counted(Key):
    """What is counted by the account and the day; the word stands in files and answers."""

    UPLOAD_BYTES = "upload-bytes"
    UPLOAD_FILES = "upload-files"
    DOWNLOAD_BYTES = "download-bytes"
    DOWNLOAD_FILES = "download-files"


class Quota(Key):
    """One quota: its setting in ``limits``, whence its bytes come, and what it counts by the day, None for
    that of one transfer."""

    UPLOAD_TRANSFER = "upload-bytes-per-transfer", Side.CLIENT, None
    UPLOAD_BYTES = "upload-bytes-per-day", Side.CLIENT, Counted.UPLOAD_BYTES
    UPLOAD_FILES = "upload-files-per-day", Side.CLIENT, Counted.UPLOAD_FILES
    DOWNLOAD_TRANSFER = "download-bytes-per-transfer", Side.SERVER, None
    DOWNLOAD_BYTES = "download-bytes-per-day", Side.SERVER, Counted.DOWNLOAD_BYTES
    DOWNLOAD_FILES = "download-files-per-day", Side.SERVER, Counted.DOWNLOAD_FILES

    def __init__(self, word: str, source: Side, counted: Counted | None) -> None:
        self.word = word
        self.source = source
        self.counted = counted


def source_of(command: Command) -> Side | None:
    """Whence the bytes of a file come that a command moves; None for one that moves none."""
    if command.kind is Kind.UPLOAD:
        return Side.CLIENT
    moves = command.kind is Kind.DOWNLOAD and command.verb not in LISTINGS
    return Side.SERVER if moves else None
