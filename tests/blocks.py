"""What stands in the blocks of README.rst and docs: settings, and commands of ftpalg."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

TREE = Path(__file__).parents[1]
PAGES = (TREE / "README.rst", *sorted((TREE / "docs").glob("*.rst")))
TOML = re.compile(r"^( *)\.\. code-block:: toml\n\n((?:\1 {3,}.*\n|\n)+)", re.MULTILINE)
CONTINUED = re.compile(r" \\\n\s+")
PROMPT = re.compile(r"^ +(?:[$#] )?(?=(?:\S*/)?ftpalg )")
OPERATORS = frozenset(("|", ";", "&&", "&", ">", "<", "2>&1"))


def settings(page: Path) -> list[str]:
    """Each block of TOML."""
    return [dedent(block) for _, block in TOML.findall(page.read_text("utf-8"))]


def commands(page: Path) -> Iterator[list[str]]:
    """The words behind ``ftpalg`` of each indented line that begins with it, up to a pipe."""
    for line in CONTINUED.sub(" ", page.read_text("utf-8")).splitlines():
        prompt = PROMPT.match(line)
        if prompt and "``" not in line:
            _, *words = shlex.split(line[prompt.end() :], comments=True)
            ends = (at for at, word in enumerate(words) if word in OPERATORS)
            yield words[: next(ends, len(words))]
