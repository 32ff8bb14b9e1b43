"""The JSON schema against the model."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from jsonschema import Draft4Validator
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config import Settings, SettingsError, structure
from ftpalg.config.plain import plain
from ftpalg.config.schema import json_schema

TREE = Path(__file__).parents[2]


def blocks() -> list[str]:
    """The TOML blocks of the documents."""
    found = []
    for path in (TREE / "README.rst", *(TREE / "docs").glob("*.rst")):
        for block in path.read_text("utf-8").split(".. code-block:: toml\n")[1:]:
            lines = []
            for line in block.splitlines():
                if line and not line.startswith("    "):
                    break
                lines.append(line)
            found.append("\n".join(lines))
    return found


class Schema(SynchronousTestCase):
    """Draft 4."""

    def setUp(self) -> None:
        self.schema = json_schema()
        self.validator = Draft4Validator(self.schema)

    def wrong(self, text: str) -> list[str]:
        """Where the schema refuses a text."""
        errors: Any = self.validator.iter_errors(tomllib.loads(text))
        return [".".join(map(str, error.absolute_path)) for error in errors]

    def test_clean(self) -> None:
        """It is a schema of draft 4, and has no word that came later."""
        Draft4Validator.check_schema(self.schema)
        words: set[str] = set()

        def walk(one: Any, *, names: bool = False) -> None:
            if isinstance(one, dict):
                words.update(() if names else one)
                for key, inner in one.items():
                    if key not in ("default", "enum") or names:
                        walk(inner, names=key == "properties" and not names)
            elif isinstance(one, list):
                for inner in one:
                    walk(inner)

        walk(self.schema)
        self.assertLessEqual(
            words,
            {"$schema", "title", "description", "type", "additionalProperties", "properties", "items",
             "required", "default", "enum", "pattern", "minimum", "maximum", "exclusiveMinimum",
             "minLength", "uniqueItems", "anyOf"},
        )  # fmt: skip

    def test_valid(self) -> None:
        """What the documents show, the shipped file, and all defaults written out."""
        self.assertGreater(len(blocks()), 5)
        for text in (*blocks(), (TREE / "etc" / "ftpalg.toml").read_text("utf-8")):
            self.assertEqual(self.wrong(text), [], text)
        self.assertEqual(list(self.validator.iter_errors(plain(Settings()))), [])

    def test_invalid(self) -> None:
        """What the model refuses and a schema can express, it refuses at the same place."""
        for text, place in (
            ("colour = 'red'", ""),
            ("[timeouts]\nidel = 3", "timeouts"),
            ("timeouts.idle = 0", "timeouts.idle"),
            ("timeouts.idle = '3'", "timeouts.idle"),
            ("timeouts.keepalive = 40000", "timeouts.keepalive"),
            ("limits.sessions = 0", "limits.sessions"),
            ("server = 'h'", "server"),
            ("server-mode = 'x'", "server-mode"),
            ("listen = ':21'", "listen"),
            ("listen = ['']", "listen.0"),
            ("data.splice = 1", "data.splice"),
            ("data.client-ports = '1'", "data.client-ports"),
            ("routes = 3", "routes"),
            ("[[routes]]\nserver = 3", "routes.0.server"),
            ("[[routes]]\ncolour = 3", "routes.0"),
            ("[[parents]]\nname = 'x'", "parents.0"),
            ("[[parents]]\nname = 'x'\nurl = 'ftp//h'", "parents.0.url"),
            ("[[access.servers]]\nports = ['a']", "access.servers.0.ports.0"),
            ("login.dialects = ['user@server', 'user@server']", "login.dialects"),
            ("login.separators = 'a'", "login.separators"),
            ("parent = 'a\\u0001'".replace("'", '"'), "parent"),
            ("pinholes.table = 'x'", "pinholes.table"),
            ("log.to = 'nowhere'", "log.to"),
            ("client-tls.minimum = 1.2", "client-tls.minimum"),
            ("listeners = [{endpoint = ':1', accounts = 'x'}]", "listeners.0.accounts"),
        ):
            self.assertEqual(self.wrong(text), [place], text)
            self.assertRaises(SettingsError, structure, tomllib.loads(text), "x")

    def test_described(self) -> None:
        """Each section's every setting has its sentence from the shipped file, and its default."""
        for section, one in self.schema["properties"].items():
            settings = one.get("properties", {"": one})
            for key, setting in settings.items():
                name = f"{section}.{key}".rstrip(".")
                self.assertTrue(setting.get("description"), name)
                self.assertTrue("default" in setting or "items" in setting, name)
