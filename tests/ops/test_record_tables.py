"""docs/records.rst says of every event, field, letter and reason what the tables say."""

from __future__ import annotations

import re
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.ends import Ender, Moment, Reason
from ftpalg.ops.record_fields import FIELDS
from ftpalg.ops.record_tables import EVENTS

DOCS = Path(__file__).parents[2] / "docs/records.rst"
ROW = re.compile(r"^   \* - (.*(?:\n     - .*)*)", re.MULTILINE)


class Documented(SynchronousTestCase):
    """The tables of the page."""

    def setUp(self) -> None:
        text = DOCS.read_text(encoding="utf-8")
        self.rows = [tuple(row.split("\n     - ")) for row in ROW.findall(text)]

    def test_ends(self) -> None:
        """Letters and reasons, each with its sentence; none that is not there."""
        lettered = [(f"``{one.letter}``", one.sentence) for kind in (Ender, Moment) for one in kind]
        reasons = [(f"``{r.word}``", f"``{r.ender.letter}``", r.sentence) for r in Reason]
        two = [row for row in self.rows if len(row) == 2 and row[0].startswith("``")]
        three = [row for row in self.rows if len(row) == 3 and row[1].startswith("``")]
        self.assertEqual(two, lettered)
        self.assertEqual(three, reasons)

    def test_events(self) -> None:
        """Events with level and fields."""
        wanted = [
            (f"``{name}``", e.level.word, e.sentence, ", ".join(f"``{f}``" for f in e.fields))
            for name, e in EVENTS.items()
        ]
        self.assertEqual([row for row in self.rows if len(row) == 4][1:], wanted)

    def test_fields(self) -> None:
        """Fields with their type."""
        wanted = [(f"``{name}``", f.type, f.sentence) for name, f in FIELDS.items()]
        types = {field.type for field in FIELDS.values()}
        self.assertEqual([row for row in self.rows if len(row) == 3 and row[1] in types], wanted)
