"""xferlog(5)."""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.facts import Outcome, TransferOver
from ftpalg.ops.privacy import Privacy
from ftpalg.ops.settings import Keep, LogSettings
from ftpalg.ops.trail import Trail
from ftpalg.ops.xferlog import Xferlog, xferlog_line
from tests.ops.cases import ABOUT, NOON, transfer

FULL = LogSettings()


def line(
    fact: TransferOver,
    path: str = "/a b/é",
    user: str = "anna",
    kind: str = "I",
    settings: LogSettings = FULL,
) -> str:
    """The line of that transfer."""
    trail = Trail(0.0, user=user, type=kind)
    return xferlog_line(ABOUT, trail, fact, path, NOON, Privacy(settings))


class Words(SynchronousTestCase):
    """Each word of a line."""

    def test_whole(self) -> None:
        """Fourteen words behind a date of five, in their order."""
        words = line(transfer()).split(" ")
        rest = [
            "2",
            "192.0.2.1",
            "3000",
            "/a_b/é",
            "b",
            "_",
            "o",
            "r",
            "anna",
            "ftp",
            "0",
            "*",
            "c",
        ]
        self.assertEqual(words[5:], rest)
        self.assertEqual((words[0], words[1], words[4]), ("Mon", "Sep", "2026"))

    def test_kinds(self) -> None:
        """Uploads, ASCII, anonymous users and transfers that broke have letters of their own."""
        found = line(transfer("APPE x", Outcome.BROKEN), user="Anonymous", kind="A").split()
        self.assertEqual([found[at] for at in (9, 11, 12, 17)], ["a", "i", "a", "i"])

    def test_none_of_a_file(self) -> None:
        """Lists have no line, nor has what was refused."""
        self.assertEqual(line(transfer("LIST")), "")
        self.assertEqual(line(transfer("RETR x", Outcome.REFUSED)), "")

    def test_forging(self) -> None:
        """A name cannot make another word or another line."""
        hostile = line(transfer(), path="/a\r\nb\tc\u2028d\x1be f", user="x y\n")
        self.assertEqual(len(hostile.split()), 18)
        self.assertTrue(hostile.isprintable(), hostile)

    def test_persons(self) -> None:
        """It keeps no more of persons than the records do."""
        keep = Keep.NONE
        text = line(transfer(), settings=LogSettings(users=keep, addresses=keep, paths=keep))
        self.assertEqual([text.split()[at] for at in (6, 8, 13)], ["*", "*", "*"])


class File(SynchronousTestCase):
    """The file."""

    def test_lines(self) -> None:
        """A line for each transfer of a file."""
        path = Path(self.mktemp())
        xferlog = Xferlog(LogSettings(xferlog=str(path)), lambda count: None)
        self.addCleanup(xferlog.writer.close)
        for fact in (transfer(), transfer("LIST"), transfer("STOR x")):
            xferlog.write(ABOUT, Trail(0.0), fact, "/x", NOON)
        xferlog.writer.flush()
        self.assertEqual(len(path.read_text(encoding="utf-8").splitlines()), 2)
