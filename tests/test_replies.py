"""docs/replies.rst has every sentence that clients are told, with its code, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.net.tls.refusals import REFUSALS
from tests.sentences import sentences

PAGE = Path(__file__).parents[1] / "docs" / "replies.rst"
ENTRY = re.compile(r"^``(\d{3}(?:, \d{3})*) (.+)``\n    (\S.*)$", re.MULTILINE)


class Replies(SynchronousTestCase):
    """The page against the source."""

    def setUp(self) -> None:
        self.text = PAGE.read_text("utf-8")
        self.page = {
            text: {int(code) for code in codes.split(", ")}
            for codes, text, _ in ENTRY.findall(self.text)
        }

    def test_each(self) -> None:
        """Every sentence once, with a cause; none that the program does not say."""
        self.assertEqual(sorted(self.page), sorted(sentences()))
        self.assertEqual(len(ENTRY.findall(self.text)), len(self.page))

    def test_codes(self) -> None:
        """The codes that the source has before a sentence are the page's."""
        for text, codes in sentences().items():
            self.assertLessEqual(codes, self.page[text], text)

    def test_certificates(self) -> None:
        """Every reason for which a server's certificate is refused."""
        words = " ".join(self.text.split())
        for reason in REFUSALS.values():
            self.assertIn(f"*{reason}*", words)
