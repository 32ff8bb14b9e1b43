"""The description of the socket, and the table that it is made from."""

from __future__ import annotations

from importlib import import_module
from inspect import signature

import jsonschema
from openapi_spec_validator import OpenAPIV31SpecValidator
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.admin.openapi import openapi
from ftpalg.admin.pages import PAGES
from ftpalg.admin.session_fields import Seen, as_json
from ftpalg.admin.verbs import VERBS
from tests.admin.cases import known, session


class Described(SynchronousTestCase):
    """OpenAPI 3.1."""

    def test_valid(self) -> None:
        """The validator has nothing against it; of one with a fault it has."""
        document = openapi()
        OpenAPIV31SpecValidator(document).validate()
        del document["paths"]["/sessions"]["get"]["responses"]["200"]["description"]
        self.assertNotEqual(list(OpenAPIV31SpecValidator(document).iter_errors()), [])

    def test_whole(self) -> None:
        """Each verb is in it, by its path, its method and its words."""
        paths = openapi()["paths"]
        for one in VERBS:
            found = paths[one.path][one.method.lower()]
            self.assertEqual(found["operationId"], one.name)
            named = [each["name"] for each in found.get("parameters", ())]
            body = found.get("requestBody", {"content": {"application/json": {"schema": {}}}})
            named += body["content"]["application/json"]["schema"].get("properties", ())
            self.assertEqual(named, [each.name for each in one.parameters])
        self.assertEqual(sum(map(len, paths.values())), len(VERBS) + len(PAGES))

    def test_pages(self) -> None:
        """So is what anybody may look at, with what it may answer beside 200."""
        paths = openapi()["paths"]
        for path, page in PAGES.items():
            found = paths[path.decode()]["get"]
            self.assertEqual(found["summary"], page.meaning)
            self.assertEqual(found["responses"]["200"]["content"].keys(), {"text/plain"})
            self.assertEqual(found["responses"].keys(), {"200", "default", *map(str, page.others)})
        self.assertIn("503", paths["/ready"]["get"]["responses"])

    def test_sessions(self) -> None:
        """The schema of a session is there once, and is meant by who."""
        document = openapi()
        answer = document["paths"]["/sessions"]["get"]["responses"]["200"]["content"]
        schema = document | answer["application/json"]["schema"]
        one = as_json(Seen(session("s1"), known(), 100.0))
        jsonschema.validate({"sessions": [one]}, schema)
        for wrong in ({**one, "more": 1}, {}):
            self.assertRaises(
                jsonschema.ValidationError, jsonschema.validate, {"sessions": [wrong]}, schema
            )


class Table(SynchronousTestCase):
    """The verbs."""

    def test_functions(self) -> None:
        """Each row's function is there, and takes the gateway and what was asked."""
        for one in VERBS:
            module, _, function = one.does.partition(":")
            found = getattr(import_module(f"ftpalg.admin.{module}"), function)
            self.assertEqual(len(signature(found).parameters), 2, one.name)

    def test_schemas(self) -> None:
        """Each schema is one."""
        for one in VERBS:
            for schema in (one.answer, *(each.schema for each in one.parameters)):
                jsonschema.Draft202012Validator.check_schema(schema)

    def test_names(self) -> None:
        """No name twice, no path twice with one method, and the methods are two."""
        self.assertEqual(len({one.name for one in VERBS}), len(VERBS))
        self.assertEqual(len({(one.method, one.path) for one in VERBS}), len(VERBS))
        self.assertLessEqual({one.method for one in VERBS}, {"GET", "POST"})
        self.assertTrue(all(one.path.startswith("/") for one in VERBS))
