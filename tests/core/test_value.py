"""Values that are alike only to their own kind."""

from __future__ import annotations

from typing import NamedTuple

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.value import value


@value
class Nothing(NamedTuple):
    """Without a field."""


@value
class One(NamedTuple):
    """With one."""

    number: int = 1


@value
class Other(NamedTuple):
    """Of the same shape."""

    number: int = 1


class Values(SynchronousTestCase):
    """Equality, hash and truth."""

    def test_own_kind_only(self) -> None:
        """The same numbers of another kind are another value."""
        self.assertEqual(One(1), One(1))
        self.assertNotEqual(One(1), One(2))
        for other in (Other(1), (1,)):
            self.assertFalse(One(1) == other)
            self.assertTrue(One(1) != other)
        self.assertEqual(len({One(1), Other(1), One(1)}), 2)

    def test_true(self) -> None:
        """An event that says nothing more has happened all the same."""
        self.assertTrue(Nothing())

    def test_replaced(self) -> None:
        """Other fields, and of the same kind; a field that is none is a fault."""
        self.assertEqual(One(1)._replace(number=2), One(2))
        self.assertIsInstance(One(1)._replace(), One)
        wrong: dict[str, int] = {"other": 2}
        self.assertRaises(TypeError, One(1)._replace, **wrong)
