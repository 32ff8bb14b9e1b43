"""What is known of one session from its facts; tests.ops.test_records has the rest of it."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config import Settings
from ftpalg.core.ends import Moment, Reason
from ftpalg.core.facts import (
    About,
    CommandAnswered,
    Outcome,
    Peer,
    SessionClosed,
    SessionOpened,
    TransferOver,
)
from ftpalg.core.wire.commands import Command
from ftpalg.core.wire.replies import Reply
from ftpalg.ops.records import Records
from ftpalg.ops.settings import LogSettings
from ftpalg.ops.trail import UNTOLD, Known

ABOUT = About("s1", Peer("192.0.2.7", 1))


class Told(SynchronousTestCase):
    """The size of a file, by what client and server have said."""

    def setUp(self) -> None:
        self.records = Records(LogSettings.of(Settings().log), lambda record: None, lambda: 60.0)
        self.records.see(ABOUT, SessionOpened())

    @property
    def known(self) -> Known:
        """What is known now."""
        found = self.records.known("s1")
        assert found is not None
        return found

    def said(self, line: bytes, answer: bytes = b"200 Yes.") -> None:
        """A command and its answer."""
        verb, space, argument = line.partition(b" ")
        command = Command(verb, argument if space else None)
        self.records.see(ABOUT, CommandAnswered(command, Reply(int(answer[:3]), (answer,))))

    def told(self, line: bytes) -> int:
        """The size for that command."""
        verb, _, argument = line.partition(b" ")
        return self.known.told(Command(verb, argument))

    def over(self, line: bytes) -> None:
        """A transfer has ended."""
        verb, _, argument = line.partition(b" ")
        self.records.see(ABOUT, TransferOver(Command(verb, argument), Outcome.COMPLETE, "", 7))

    def test_size(self) -> None:
        """Of that path in that TYPE, however it is spelled, and of no other."""
        self.said(b"TYPE I")
        self.said(b"CWD /pub", b"250 Yes.")
        self.said(b"SIZE file", b"213 1234")
        for line, size in (
            (b"RETR file", 1234),
            (b"RETR /pub/file", 1234),
            (b"RETR ../pub/file", 1234),
            (b"RETR other", 0),
            (b"STOR file", 0),
        ):
            self.assertEqual(self.told(line), size, line)
        self.said(b"CWD /", b"250 Yes.")
        self.assertEqual((self.told(b"RETR file"), self.told(b"RETR pub/file")), (0, 1234))
        self.said(b"TYPE A")
        self.assertEqual(self.told(b"RETR pub/file"), 0)

    def test_no_size(self) -> None:
        """A "no", no number, too long a number."""
        for answer in (
            b"550 No.",
            b"213 ",
            b"213 many",
            b"213 -1",
            b"213 " + b"9" * 19,
            b"213 \xb2",
        ):
            self.said(b"SIZE file", answer)
            self.assertEqual(self.told(b"RETR file"), 0, answer)
        self.said(b"SIZE file", b"213 12 bytes")
        self.assertEqual(self.told(b"RETR file"), 12)
        self.said(b"SIZE file", b"213 ")
        self.assertEqual(self.told(b"RETR file"), 0, "what was known is not known any more")

    def test_allo(self) -> None:
        """Of the next upload, whatever it is called, and of that alone."""
        self.said(b"ALLO 99 R 5")
        self.assertEqual((self.told(b"STOR a"), self.told(b"RETR a")), (99, 0))
        self.over(b"RETR x")
        self.assertEqual(self.told(b"STOR a"), 99)
        self.over(b"STOR a")
        self.assertEqual((self.told(b"STOR b"), self.known.size), (0, UNTOLD))
        for line in (b"ALLO", b"ALLO x", b"ALLO "):
            self.said(line)
            self.assertEqual(self.told(b"STOR a"), 0, line)
        self.said(b"ALLO 99", b"502 No.")
        self.assertEqual(self.told(b"STOR a"), 0)

    def test_counts(self) -> None:
        """Transfers and bytes, and when it began; nothing once it is over."""
        self.over(b"STOR a")
        self.over(b"RETR a")
        self.over(b"RETR b")
        known = self.known
        self.assertEqual((known.since, known.transfers), (60.0, 3))
        self.assertEqual((known.uploaded, known.downloaded), (7, 14))
        self.records.see(ABOUT, SessionClosed(Reason.QUIT, Moment.IDLE))
        self.assertIsNone(self.records.known("s1"))
        self.assertIsNone(self.records.known("s2"))
