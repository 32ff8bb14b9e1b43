"""The published schema is the table's, and every record is valid by it."""

from __future__ import annotations

import json
from pathlib import Path

from jsonschema import Draft4Validator

from ftpalg.ops.forms import flat
from ftpalg.ops.record_tables import Level, Record
from ftpalg.ops.schema import schema, shown
from ftpalg.ops.settings import Keep, LogSettings, Which
from tests.ops.cases import RecordsCase, everything

FILE = Path(__file__).parents[2] / "docs/records.schema.json"


class Published(RecordsCase):
    """docs/records.schema.json."""

    settings = LogSettings(commands=Which.ALL)

    def setUp(self) -> None:
        super().setUp()
        self.validator = Draft4Validator(schema())

    def test_fresh(self) -> None:
        """The file is what ``python -m ftpalg.ops.schema`` prints."""
        self.assertEqual(FILE.read_text(encoding="utf-8"), shown())

    def test_is_a_schema(self) -> None:
        """It is one itself."""
        Draft4Validator.check_schema(schema())

    def faults(self, record: Record) -> list[str]:
        """What the schema has against a record."""
        value = json.loads(flat(record))
        return [error.message for error in self.validator.iter_errors(value)]

    def test_every_record(self) -> None:
        """Each record is valid, and flat."""
        everything(self.records)
        for record in self.made:
            self.assertEqual(self.faults(record), [], flat(record))
            for value in json.loads(flat(record)).values():
                self.assertNotIsInstance(value, dict)

    def test_shortened(self) -> None:
        """So is what is left where nothing of persons is kept."""
        self.settings = LogSettings(users=Keep.NONE, addresses=Keep.NONE, paths=Keep.NONE)
        super().setUp()
        everything(self.records)
        for record in self.made:
            self.assertEqual(self.faults(record), [], flat(record))

    def test_it_can_say_no(self) -> None:
        """An unknown event, field, reason or pair of letters, and a wrong type, are none."""
        everything(self.records)
        (closed,) = [record for record in self.made if record.event == "session_closed"]
        for wrong in (
            {"colour": "red"},
            {"reason": "boredom"},
            {"letters": "XX"},
            {"seconds": "long"},
        ):
            self.assertTrue(self.faults(Record("session_closed", 0.0, {**closed.fields, **wrong})))
        nameless = {k: v for k, v in closed.fields.items() if k != "session"}
        self.assertTrue(self.faults(Record("session_closed", 0.0, nameless)))
        self.assertTrue(self.faults(Record("birthday", 0.0, closed.fields, Level.INFO)))
