"""A number of bytes in the settings, as ``checks`` has it."""

from __future__ import annotations

import re
from typing import Any

from ftpalg.config.checks import schema

UNITS = {"b": 1, "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40}
FORM = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,6})?)\s*([kmgt]?i?b)", re.IGNORECASE)
MOST = 1 << 60
"""An exbibyte: more than any machine moves in a day."""
REMEDY = 'must be a number of bytes, or like "500MiB", "10GiB" or "2TiB"; 0 for no limit'


@schema(
    anyOf=[
        {"type": "integer", "minimum": 0, "maximum": MOST},
        {"type": "string", "pattern": "^[0-9]+(?:\\.[0-9]+)?\\s*[A-Za-z]+$"},
    ]
)
def size(value: Any) -> int:
    """Bytes, 0 for no limit."""
    found = value
    if isinstance(value, str):
        match = FORM.fullmatch(value.strip())
        unit = UNITS.get(match[2].lower()) if match else None
        found = int(float(match[1]) * unit) if match and unit else None
    if type(found) is not int or not 0 <= found <= MOST:
        raise ValueError(REMEDY)
    return found
