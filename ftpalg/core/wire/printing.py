"""What peers say, as people may see it."""

from __future__ import annotations


def printable(text: bytes | str) -> str:
    """What a peer sent as text that cannot forge a log line or move a terminal's cursor.

    Controls (ESC, NEL and the rest of C1), line and paragraph separators, signs that turn the
    direction of writing, and bytes that are no UTF-8 are written out: ``\\x1b``, ``\\u2028``.
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8", "backslashreplace")
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else _written_out(c) for c in text)


def _written_out(sign: str) -> str:
    code = ord(sign)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that Python could not decode (PEP 383)
        return f"\\x{code - 0xDC00:02x}"
    return sign.encode("unicode_escape").decode("ascii")
