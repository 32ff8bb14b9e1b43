"""What one program hands on to the next."""

from __future__ import annotations

import os

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.life.inherited import READY, VARIABLE, Inherited, inherited


class Handing(SynchronousTestCase):
    """Through the environment."""

    def setUp(self) -> None:
        self.reader, self.writer = os.pipe()
        self.addCleanup(os.close, self.reader)

    def test_both_ways(self) -> None:
        """What was handed on is found, once; no child of a child inherits it."""
        os.set_inheritable(self.writer, True)
        handed = Inherited({"tcp:21": self.writer}, self.writer, (("route", "routes[0]"),))
        environ = {VARIABLE: str(handed)}
        found = inherited(environ)
        self.assertEqual(found, handed)
        self.assertEqual(environ, {})
        self.assertFalse(os.get_inheritable(self.writer))
        os.close(self.writer)

    def test_from_before(self) -> None:
        """A program that knew nothing of drained parts names none."""
        os.set_inheritable(self.writer, True)
        found = inherited({VARIABLE: f'{{"listeners": {{}}, "status": {self.writer}}}'})
        self.assertEqual(found, Inherited({}, self.writer))
        os.close(self.writer)

    def test_tells(self) -> None:
        """How the start went is one line, and the end behind it."""
        Inherited({}, self.writer).tell(READY)
        self.assertEqual(os.read(self.reader, 100), b"ready\n")
        self.assertEqual(os.read(self.reader, 100), b"")

    def test_nobody(self) -> None:
        """Without anything handed on there is nobody to tell."""
        found = inherited({})
        self.assertEqual((found, found.status), (Inherited(), -1))
        found.tell(READY)
        os.close(self.writer)

    def test_nonsense(self) -> None:
        """What somebody else has put there is no reason to fail."""
        os.close(self.writer)
        for text in (
            "x",
            "[]",
            "{}",
            '{"listeners": [], "status": 1}',
            '{"listeners": {"a": "b"}, "status": 1}',
            f'{{"listeners": {{"tcp:21": {self.writer}}}, "status": 1}}',
            '{"listeners": {}, "status": 1, "drained": ["x"]}',
            '{"listeners": {}, "status": 1, "drained": 1}',
        ):
            self.assertEqual(inherited({VARIABLE: text}), Inherited(), text)
