"""Members of enums that tables are looked up by."""

from __future__ import annotations

from enum import Enum
from types import ModuleType

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core import desk, session
from ftpalg.core.events import Side
from ftpalg.core.keys import Key, at_hand
from ftpalg.core.stages import transfer_states


class Tables(SynchronousTestCase):
    """Each event goes through several."""

    def test_keys(self) -> None:
        """No table of the core is looked up by a member whose hash is a call of Python."""
        found = [
            (name, key)
            for module in (desk, session, transfer_states)
            for name, table in vars(module).items()
            if isinstance(table, dict) and not name.startswith("_")
            for key in table
            if isinstance(key, Enum)
        ]
        self.assertGreater(len(found), 60)
        self.assertEqual([one for one in found if not isinstance(one[1], Key)], [])

    def test_at_hand(self) -> None:
        """The members themselves, all of them, and nothing that has to be looked for in a class."""
        self.assertEqual(vars(at_hand(Side)), dict(Side.__members__))
        self.assertIs(at_hand(Side).CLIENT, Side.CLIENT)

    def test_by_its_place(self) -> None:
        """They are a module's, which the interpreter finds by their place and not by name each time."""
        sides = at_hand(Side)
        self.assertIsInstance(sides, ModuleType)
        self.assertIs(sides.CLIENT, Side.CLIENT)

    def test_hash(self) -> None:
        """Two of one name in two enums are two keys."""

        class One(Key):
            NAME = "name"

        class Other(Key):
            NAME = "name"

        self.assertEqual(hash(One.NAME), object.__hash__(One.NAME))
        self.assertEqual(len({One.NAME, Other.NAME, One("name")}), 2)
