"""What the documents name is there: settings, tables, commands, reasons, files, and tests of what is quoted.

What the log says in docs/symptoms.rst is compared with the program by tests.wire.test_symptoms_of_data and
its neighbours; docs/records.rst has tests.ops.test_record_tables.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from attrs import fields
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.cli.commands import COMMANDS
from ftpalg.config import Settings
from ftpalg.config.model import settings_sections
from ftpalg.config.tables import is_key, key_of
from ftpalg.core.ends import Moment, Reason, Refusal
from ftpalg.ops.record_fields import FIELDS
from ftpalg.ops.record_tables import EVENTS
from tests.files.test_settings_file import EXAMPLES, known
from tests.wire import test_symptoms_of_data, test_symptoms_of_logins, test_symptoms_of_tls
from tests.wire.symptoms import entries

TREE = Path(__file__).parents[1]
BEHAVIOUR = TREE / "docs" / "behaviour.rst"
SYMPTOMS = TREE / "docs" / "symptoms.rst"
PAGES = (TREE / "README.rst", *sorted((TREE / "docs").glob("*.rst")))
BLOCK = re.compile(r"(?:::|code-block:: \w+)\n\n(?:    .*\n|\n)+")
LITERAL = re.compile(r"``([^`]+?)``", re.DOTALL)
CLOSED = re.compile(r"^    ([CSGO])([A-Z]) ([a-z-]+), ", re.MULTILINE)
NAMED_REASON = re.compile(r"TLS with the (?:client|server) failed \(([a-z-]+)\)")
OURS = ("docs/", "etc/", "tests/", "ftpalg/", "demo/")


def literals(page: Path) -> list[str]:
    """What stands between double backquotes, line breaks taken out."""
    text = BLOCK.sub("\n", page.read_text("utf-8"))
    return [" ".join(found.split()) for found in LITERAL.findall(text)]


def keys() -> set[str]:
    """The last words of all settings, those of tables too."""
    tables = {key_of(a.name) for kind in EXAMPLES.values() for a in fields(kind) if is_key(a)}
    return tables | {dotted.rpartition(".")[2] for dotted in known()}


def default(dotted: str) -> object:
    """The default of a setting."""
    found: object = Settings()
    for name in dotted.split("."):
        found = getattr(found, name.replace("-", "_"))
    return found


class Documents(SynchronousTestCase):
    """README.rst and docs against the program."""

    def each(self) -> Iterator[tuple[str, str]]:
        """Every literal with the name of its page."""
        for page in PAGES:
            found = literals(page)
            self.assertTrue(found, page)
            yield from ((page.name, one) for one in found)

    def test_settings(self) -> None:
        """Each ``section.key`` is a setting, and so is each ``key = value``."""
        dotted = re.compile(rf"((?:{'|'.join(filter(None, settings_sections()))})\.[a-z0-9-]+)\b")
        assigned = re.compile(r"([a-z][a-z0-9.-]*) = \S")
        seen = 0
        for page, one in self.each():
            if match := dotted.match(one):
                self.assertIn(match[1], known(), (page, one))
                seen += 1
            elif match := assigned.match(one):
                self.assertIn(match[1], keys(), (page, one))
                seen += 1
        self.assertGreater(seen, 50)

    def test_tables(self) -> None:
        """Each ``[section]`` and each ``[[table]]``."""
        for page, one in self.each():
            if match := re.fullmatch(r"\[\[([a-z.-]+)\]\]", one):
                self.assertIn(match[1], EXAMPLES, (page, one))
            elif match := re.fullmatch(r"\[([a-z-]+)\]", one):
                self.assertIn(match[1], settings_sections(), (page, one))

    def test_defaults(self) -> None:
        """Seconds in brackets behind a wait are its default."""
        shown = re.compile(r"``(timeouts\.[a-z-]+)``\s+\(([\d.]+) s\)")
        found = [pair for page in PAGES for pair in shown.findall(page.read_text("utf-8"))]
        self.assertTrue(found)
        for dotted, seconds in found:
            self.assertEqual(float(seconds), default(dotted), dotted)

    def test_commands(self) -> None:
        """Each ``ftpalg WORD`` is a command of it."""
        names = {command.name for command in COMMANDS}
        for page, one in self.each():
            if match := re.match(r"ftpalg ([a-z]+)", one):
                self.assertIn(match[1], names, (page, one))

    def test_files(self) -> None:
        """Each file and folder of ours is there."""
        seen = 0
        for page, one in self.each():
            if one.startswith(OURS) and " " not in one:
                self.assertTrue((TREE / one).exists(), (page, one))
                seen += 1
        self.assertGreater(seen, 10)


class Bounds(SynchronousTestCase):
    """docs/behaviour.rst says of every wait and every limit what happens beyond it."""

    def test_each(self) -> None:
        """Each has its row."""
        rows = re.findall(
            r"^``((?:timeouts|limits)\.[a-z0-9-]+)`` ", BEHAVIOUR.read_text("utf-8"), re.M
        )
        wanted = {one for one in known() if one.startswith(("timeouts.", "limits."))}
        self.assertEqual(sorted(rows), sorted(wanted))


class Symptoms(SynchronousTestCase):
    """docs/symptoms.rst against the words of the records, and against its tests."""

    def setUp(self) -> None:
        self.text = SYMPTOMS.read_text("utf-8")
        self.reasons = {reason.word: reason.ender.letter for reason in Reason}

    def test_ends(self) -> None:
        """Who ended a session, where it stood, and why."""
        moments = {moment.letter for moment in Moment}
        found = CLOSED.findall(self.text)
        self.assertGreater(len(found), 10)
        for ender, moment, reason in found:
            self.assertEqual(self.reasons.get(reason), ender, reason)
            self.assertIn(moment, moments, reason)

    def test_reasons(self) -> None:
        """Words with hyphens or underscores are reasons, settings, or of the records."""
        there = {*self.reasons, *(one.word for one in Refusal), *keys(), *EVENTS, *FIELDS}
        for one in NAMED_REASON.findall(self.text):
            self.assertIn(one, self.reasons)
        for one in literals(SYMPTOMS):
            if re.fullmatch(r"[a-z]+(?:[-_][a-z]+)+", one):
                self.assertIn(one, there)

    def test_each_quoted(self) -> None:
        """Each entry with a quotation has the one test that produces it, and no test is without."""
        rooms = (test_symptoms_of_data, test_symptoms_of_logins, test_symptoms_of_tls)
        tests = [
            name.removeprefix("test_")
            for room in rooms
            for case in vars(room).values()
            if isinstance(case, type) and case.__module__ == room.__name__
            for name in vars(case)
            if name.startswith("test_")
        ]
        quoted = [name for name, lines in entries(self.text).items() if lines]
        self.assertEqual(sorted(tests), sorted(quoted))
