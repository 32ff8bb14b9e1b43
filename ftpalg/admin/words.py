"""The words of a request, against the table: of a GET in its query, of a POST in a JSON object."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl

from ftpalg.admin.asking import Refusal
from ftpalg.admin.verbs import SWITCH, WORDS, Parameter, Verb

MOST = 2000
"""Words of a query."""
TYPES = {"string": str, "integer": int, "boolean": bool}


def words_of(one: Verb, query: bytes, body: bytes) -> dict[str, Any]:
    """The words by their names.  Raise Refusal."""
    if one.method != "GET":
        if query:
            raise Refusal(400, f"{one.path} takes its words in a JSON object, none in its path")
        return _checked(one, _object(one, body))
    if body:
        raise Refusal(400, f"{one.path} takes its words behind its path, and no body")
    return _checked(one, _of_query(one, query))


def _object(one: Verb, body: bytes) -> dict[str, Any]:
    if not body.strip():
        return {}
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise Refusal(400, "the body is no JSON") from None
    if not isinstance(found, dict):
        raise Refusal(400, "the body is no JSON object")
    return found


def _of_query(one: Verb, query: bytes) -> dict[str, Any]:
    text = query.decode("ascii", "replace")
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST)
    except ValueError:
        raise Refusal(400, "what is behind the path is no query") from None
    parameters = {each.name: each for each in one.parameters}
    found: dict[str, Any] = {}
    for name, said in pairs:
        parameter = parameters.get(name)
        if parameter is not None and parameter.schema is WORDS:
            found.setdefault(name, []).append(said)
        elif name in found:
            raise Refusal(400, f"{name!r} comes twice")
        else:
            found[name] = said if parameter is None else _read(parameter, said)
    return found


def _read(parameter: Parameter, said: str) -> Any:
    """A word of a query in the type that its schema wants; what does not fit is told later."""
    if parameter.schema is SWITCH:
        return {"true": True, "false": False}.get(said, said)
    if parameter.schema["type"] == "integer" and said.isdecimal() and len(said) < 19:
        return int(said)
    return said


def _checked(one: Verb, found: dict[str, Any]) -> dict[str, Any]:
    parameters = {each.name: each for each in one.parameters}
    for name, said in found.items():
        if name not in parameters:
            known = ", ".join(parameters) or "none at all"
            raise Refusal(400, f"{name!r} is none of its words; it takes {known}")
        if not _fits(said, parameters[name]):
            raise Refusal(
                400, f"{name!r}: {json.dumps(said)[:200]} is not {_wanted(parameters[name])}"
            )
    for each in one.parameters:
        if each.required and not found.get(each.name):
            raise Refusal(400, f"{each.name!r} is missing")
    return found


def _fits(said: Any, parameter: Parameter) -> bool:
    schema = parameter.schema
    if schema["type"] == "array":
        return isinstance(said, list) and all(isinstance(each, str) for each in said)
    if type(said) is not TYPES[schema["type"]]:
        return False
    return not isinstance(said, int) or said >= schema.get("minimum", said)


def _wanted(parameter: Parameter) -> str:
    return {
        "array": "a list of texts",
        "string": "a text",
        "boolean": "true or false",
        "integer": "a number, 0 or more",
    }[parameter.schema["type"]]
