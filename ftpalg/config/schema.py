"""A JSON schema (draft 4, which is what taplo reads) of the settings file.

Names, kinds and bounds come from the model, descriptions from the comments of the shipped file.
"""

from __future__ import annotations

from typing import Any, get_args, get_origin, get_type_hints

from attrs import NOTHING, has

from ftpalg.config.checks import SCHEMAS
from ftpalg.config.comments import comments
from ftpalg.config.model import DEFAULT_LISTEN, Settings
from ftpalg.config.plain import keys, plain
from ftpalg.config.tables import key_of

Schema = dict[str, Any]


def json_schema() -> Schema:
    """The schema of a whole file."""
    return {
        "$schema": "http://json-schema.org/draft-04/schema#",
        "title": "ftpalg",
        "description": "Settings of ftpalg, an application-layer gateway for FTP.",
        **_table(Settings, ""),
    }


def _table(kind: type, path: str) -> Schema:
    hints = get_type_hints(kind)
    made: Schema = {"type": "object", "additionalProperties": False, "properties": {}}
    required = []
    for a in keys(kind):
        key = key_of(a.name)
        inner = f"{path}.{key}".lstrip(".")
        made["properties"][key] = _described(_setting(a, hints[a.name], inner), inner)
        if a.default is NOTHING:
            required.append(key)
    return made | ({"required": required} if required else {})


def _setting(attribute: Any, hint: Any, path: str) -> Schema:
    check = attribute.metadata.get("check")
    if check is not None:
        made = dict(SCHEMAS[check])
        default = attribute.default
        if hasattr(default, "factory"):  # attrs' Factory, which is a function to its types
            default = (DEFAULT_LISTEN,)
        return made if default is NOTHING else made | {"default": plain(default)}
    if get_origin(hint) is tuple:
        return {"type": "array", "items": _table(get_args(hint)[0], path)}
    assert has(hint), path
    return _table(hint, path)


def _described(made: Schema, path: str) -> Schema:
    words = comments().get(path, "")
    return {"description": words, **made} if words else made
