"""``GET /openapi.json``: the table of verbs as OpenAPI 3.1 describes such things."""

from __future__ import annotations

from typing import Any

from ftpalg import __version__
from ftpalg.admin.pages import PAGES, Page
from ftpalg.admin.session_fields import SESSION
from ftpalg.admin.verbs import VERBS, Verb, an_object

ERROR = {
    "description": "Why not, in a sentence.",
    "content": {"application/json": {"schema": an_object(error={"type": "string"})}},
}
PLAIN = {"text/plain": {"schema": {"type": "string"}}}


def openapi() -> dict[str, Any]:
    """The document."""
    paths: dict[str, dict[str, Any]] = {}
    for one in VERBS:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one)
    for path, page in PAGES.items():
        paths[path.decode("ascii")] = {"get": _look(path.decode("ascii"), page)}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "ftpalg",
            "version": __version__,
            "description": "The gateway seen and steered through its Unix socket.",
        },
        "servers": [{"url": "http://localhost/"}],
        "paths": paths,
        "components": {"schemas": {"session": SESSION}},
    }


def _look(path: str, page: Page) -> dict[str, Any]:
    """A page, which is looked at without words."""
    said = {200: "Done.", **page.others}
    return {
        "operationId": path.removeprefix("/"),
        "summary": page.meaning,
        "responses": {
            **{
                str(status): {"description": each, "content": PLAIN}
                for status, each in said.items()
            },
            "default": ERROR,
        },
    }


def _operation(one: Verb) -> dict[str, Any]:
    kind = "application/x-ndjson" if one.flows else "application/json"
    found: dict[str, Any] = {
        "operationId": one.name,
        "summary": one.meaning,
        "responses": {
            "200": {"description": "Done.", "content": {kind: {"schema": one.answer}}},
            "default": ERROR,
        },
    }
    if one.method == "GET":
        found["parameters"] = [
            {
                "name": each.name,
                "in": "query",
                "required": each.required,
                "description": each.meaning,
                "schema": each.schema,
            }
            for each in one.parameters
        ]
    elif one.parameters:
        schema = {
            "type": "object",
            "properties": {e.name: {**e.schema, "description": e.meaning} for e in one.parameters},
            "required": [each.name for each in one.parameters if each.required],
            "additionalProperties": False,
        }
        found["requestBody"] = {"content": {"application/json": {"schema": schema}}}
    return found
