"""Lines of a server as its replies, for the tests of the parser."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

from ftpalg.core.wire.replies import Reply, ReplyParser

TEXT = st.text("2 1-ab0\xe9", max_size=8).map(str.encode)


@dataclass
class Asking:
    """What is awaited."""

    skips_text: bool
    asks_nothing: bool = False
    passes_lines: bool = True


def parsed(*lines: bytes, size: int = 4096) -> list[Reply]:
    """The replies that these lines make."""
    parser = ReplyParser(size)
    found = [parser.feed(line) for line in lines]
    return [message for message in found if isinstance(message, Reply)]
