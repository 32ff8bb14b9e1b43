"""docs/records.schema.json, made from the table of records: ``python -m ftpalg.ops.schema`` prints it."""

from __future__ import annotations

import json
from collections.abc import Mapping

from ftpalg.core.ends import Ender, Moment, Reason, Refusal
from ftpalg.ops.record_fields import ALWAYS, FIELDS, SESSION
from ftpalg.ops.record_tables import EVENTS, Event, Level

ENUMS = {
    "reason": [reason.word for reason in Reason],
    "state": [moment.letter for moment in Moment],
    "tls_resumed": ["client", "server", "both", "neither"],
    "direction": ["download", "upload"],
    "outcome": ["complete", "refused", "broken", "aborted"],
    "where": ["gateway", "server"],
    "side": ["client", "server"],
    "client_mode": ["active", "passive"],
    "server_mode": ["active", "passive"],
}
"""Fields with few values."""
TURNED_AWAY = {"reason": [refusal.word for refusal in Refusal]}
"""The same of ``refused``, which is no end of a session."""
ENDERS = "".join(one.letter for one in Ender)
MOMENTS = "".join(one.letter for one in Moment)


def schema() -> dict[str, object]:
    """The schema of one record, in words of draft 4."""
    return {
        "$schema": "http://json-schema.org/draft-04/schema#",
        "title": "A record of ftpalg",
        "oneOf": [of_event(name, event) for name, event in EVENTS.items()],
    }


def of_event(name: str, event: Event) -> dict[str, object]:
    """That of one kind of record: every field that it may have, and those that it always has."""
    fields = (*(SESSION if event.of_session else ()), *event.fields, *ALWAYS)
    enums = ENUMS | (TURNED_AWAY if name == "refused" else {})
    head: dict[str, object] = {
        "time": {"type": "string", "description": "RFC 3339, UTC"},
        "event": {"type": "string", "enum": [name]},
        "level": {"type": "string", "enum": [level.word for level in Level]},
    }
    always = ["time", "event", "level", *(("session",) if event.of_session else ())]
    return {
        "type": "object",
        "description": event.sentence,
        "properties": head | {field: of_field(field, enums) for field in fields},
        "required": always,
        "additionalProperties": False,
    }


def of_field(name: str, enums: Mapping[str, list[str]] = ENUMS) -> dict[str, object]:
    """That of one field."""
    field = FIELDS[name]
    found: dict[str, object] = {"type": field.type, "description": field.sentence}
    if field.type == "array":
        found["items"] = {"type": field.items}
    if field.type == "string":
        found["maxLength"] = field.longest
    if name in enums:
        found["enum"] = enums[name]
    if name == "letters":
        found["pattern"] = f"^(--|[{ENDERS}][{MOMENTS}])$"
    return found


def shown() -> str:
    """The file's text."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    print(shown(), end="")
