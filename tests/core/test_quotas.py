"""Quotas by name, and what they are of."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.events import Side
from ftpalg.core.quotas import Counted, Quota, source_of
from ftpalg.core.wire.commands import KINDS, Command, Kind


class Names(SynchronousTestCase):
    """The closed lists."""

    def test_each(self) -> None:
        """For each direction one of a transfer, then bytes, then files; each counts what it is named for."""
        for source, way in ((Side.CLIENT, "upload"), (Side.SERVER, "download")):
            found = [(one.word, one.counted) for one in Quota if one.source is source]
            wanted = [
                (f"{way}-bytes-per-transfer", None),
                (f"{way}-bytes-per-day", Counted(f"{way}-bytes")),
                (f"{way}-files-per-day", Counted(f"{way}-files")),
            ]
            self.assertEqual(found, wanted)

    def test_source(self) -> None:
        """Files move by RETR from the server and by STOR, STOU, APPE from the client; nothing else counts."""
        found = {verb: source_of(Command(verb)) for verb in KINDS}
        self.assertEqual({verb for verb, one in found.items() if one is Side.SERVER}, {b"RETR"})
        uploads = {verb for verb, kind in KINDS.items() if kind is Kind.UPLOAD}
        self.assertEqual({verb for verb, one in found.items() if one is Side.CLIENT}, uploads)
        self.assertIsNone(source_of(Command(b"XYZ")))
