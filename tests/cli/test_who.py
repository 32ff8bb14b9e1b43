"""``ftpalg who``, in a terminal of another encoding."""

from __future__ import annotations

import json

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.admin.session_fields import Seen, as_json
from ftpalg.cli.who import _json, encodable
from tests.admin.cases import known, session


class Encodable(SynchronousTestCase):
    """What a terminal cannot show is written out; it is no exception."""

    def test_each(self) -> None:
        """By its encoding, which a closed standard output does not have."""
        self.assertEqual(encodable("é日", "utf-8"), "é日")
        self.assertEqual(encodable("é日", "latin-1"), "é\\u65e5")
        self.assertEqual(encodable("é", "ascii"), "\\xe9")
        self.assertEqual(encodable("é", None), "é")


class Json(SynchronousTestCase):
    """``--json``."""

    def test_as_everywhere(self) -> None:
        """The very text that json.dumps makes."""
        one = as_json(Seen(session("s1"), known(user='a"},\n{\x1bé'), 100.0))
        for sessions in ([], [one], [one, one]):
            self.assertEqual(_json(iter(sessions)), json.dumps({"sessions": sessions}, indent=1))
