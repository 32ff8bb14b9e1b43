"""Settings' classes are alike by what they hold."""

from __future__ import annotations

from attrs import field, frozen
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config.section import Section


@frozen(eq=False, repr=False)
class One(Section):
    """With a part that does not count."""

    number: int = 1
    place: str = field(default="", eq=False)


@frozen(eq=False, repr=False)
class Other(Section):
    """Of the same shape."""

    number: int = 1
    place: str = field(default="", eq=False)


class Alike(SynchronousTestCase):
    """What is equal, and of equal hash."""

    def test_same(self) -> None:
        """The same values, wherever they come from."""
        self.assertEqual(One(2, "here"), One(2, "there"))
        self.assertEqual(len({One(2, "here"), One(2, "there"), One(3)}), 2)

    def test_different(self) -> None:
        """Another value; the same of another kind; nothing of the kind."""
        for other in (One(2), Other(), (1, ""), 1):
            self.assertNotEqual(One(), other)
        self.assertEqual(len({One(), Other()}), 2)
