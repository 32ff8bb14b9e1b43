"""Settings by words, environment and file, for every way to start."""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ftpalg.config import Loaded, examine
from ftpalg.words import WORDS


def read_words(
    given: Mapping[str, Any], environment: Mapping[str, str], file: str | None
) -> Loaded:
    """The settings of a file, the environment and the words given, and what is wrong with them.

    Raise SettingsError for a file that cannot be read.
    """
    words = {word.key: given[word.name] for word in WORDS if given.get(word.name) not in (None, [])}
    return examine(Path(file) if file else None, words, environment)


def load(words: Namespace) -> Loaded:
    """The settings that a command's words name.  Raise SettingsError for a file that cannot be read."""
    given = {name.replace("_", "-"): value for name, value in vars(words).items()}
    return read_words(given, os.environ, words.config or getattr(words, "file", None))
