"""``ftpalg who``, in a terminal of another encoding."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.cli.who import encodable


class Encodable(SynchronousTestCase):
    """What a terminal cannot show is written out; it is no exception."""

    def test_each(self) -> None:
        """By its encoding, which a closed standard output does not have."""
        self.assertEqual(encodable("é日", "utf-8"), "é日")
        self.assertEqual(encodable("é日", "latin-1"), "é\\u65e5")
        self.assertEqual(encodable("é", "ascii"), "\\xe9")
        self.assertEqual(encodable("é", None), "é")
