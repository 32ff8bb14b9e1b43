"""What the values of ``[bandwidth]`` must be, as ``checks`` has it."""

from __future__ import annotations

from typing import Any

from ftpalg.config.checks import schema
from ftpalg.core.rates import Rate, Rates, bounded, rate_of

REMEDY = (
    'must be bytes a second (1024 or more), a rate like "10MiB/s" or "100Mbit/s", or a list of such with'
    ' times, like ["2MiB/s Mon-Fri 08:00-18:00", "unlimited"]; 0 for no limit'
)
LIMITED = {"type": "string", "pattern": "^(?:[0-9]+(?:\\.[0-9]+)?\\s*[A-Za-z]+/s|unlimited)"}


@schema(anyOf=[{"type": "integer", "minimum": 0}, LIMITED, {"type": "array", "items": LIMITED}])
def rates(value: Any) -> Rates:
    """A rate, or several with the times at which they count; nothing for no limit."""
    try:
        if type(value) is int:
            return (Rate(bounded(value)),) if value else ()
        texts = [value] if isinstance(value, str) else value
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise ValueError(value)
        return tuple(map(rate_of, texts))
    except ValueError:
        raise ValueError(REMEDY) from None
