"""What can be drained, as it is written down."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.drained import WHOLE, Drained, Kind, Part, Undrained


class Parts(SynchronousTestCase):
    """The parts of a gateway."""

    def test_words(self) -> None:
        """A part is its kind and its name, the gateway is no name."""
        self.assertEqual(str(Part(Kind.SERVER, "a.example:21")), "server a.example:21")
        self.assertEqual(str(Part(Kind.ROUTE, "routes[3]")), "route routes[3]")
        self.assertEqual(str(WHOLE), "the gateway")

    def test_apart(self) -> None:
        """Parts of two kinds are two, and so are the two facts."""
        self.assertNotEqual(Part(Kind.SERVER, ":21"), Part(Kind.LISTENER, ":21"))
        self.assertNotEqual(Drained(WHOLE), Undrained(WHOLE))
