"""What records keep of persons."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core import facts
from ftpalg.core.events import Side
from ftpalg.core.facts import About, Peer
from ftpalg.ops.forms import flat, line
from ftpalg.ops.privacy import short_address, short_path, short_user
from ftpalg.ops.settings import Keep, LogSettings, Which
from tests.ops.cases import CLOSED, RecordsCase, answered, transfer


class Short(SynchronousTestCase):
    """What is left of a word."""

    def test_address(self) -> None:
        """A network; what is no address is nothing."""
        pairs = {
            "192.0.2.77": "192.0.2.0",
            "2001:db8:1:2::3": "2001:db8:1::",
            "files.example": "…",
        }
        self.assertEqual({text: short_address(text) for text in pairs}, pairs)

    def test_user(self) -> None:
        """Two missives."""
        self.assertEqual([short_user(name) for name in ("anna", "a", "")], ["an…", "a…", "…"])

    def test_path(self) -> None:
        """The last name."""
        pairs = {"/home/anna/cv.pdf": "…/cv.pdf", "/cv.pdf": "/cv.pdf", "~/x": "…/x", "~": "~"}
        self.assertEqual({path: short_path(path) for path in pairs}, pairs)


class Kept(RecordsCase):
    """Whole sessions."""

    PERSONS = ("anna", "gus", "192.0.2.77", "203.0.113.66", "/home", "missive", "secretly")

    def written(self, settings: LogSettings) -> str:
        """Everything that is written of a session that is full of persons."""
        self.settings = settings
        self.setUp()
        about = About("1jd5k7q0z", Peer("192.0.2.77", 4711), Peer("198.51.100.7", 21))
        self.see(
            facts.AccountLoggedIn("gus"),
            facts.LoginRefused("anna is secretly barred", 530, Side.SERVER, "anna"),
            facts.LoggedIn("anna"),
            answered("CWD /home/anna"),
            answered("DELE missive.txt"),
            transfer("RETR missive.txt", facts.Outcome.REFUSED, "/home/anna/missive.txt: no"),
            facts.Intruded(Side.CLIENT, "203.0.113.66"),
            facts.Noted("anna, secretly"),
            CLOSED,
            about=about,
        )
        return "\n".join(f"{flat(record)}\n{line(record)}" for record in self.made)

    def test_full(self) -> None:
        """Everything is there."""
        text = self.written(LogSettings(commands=Which.ALL))
        self.assertEqual([word for word in self.PERSONS if word not in text], [])

    def test_short_and_none(self) -> None:
        """Nothing is, in any form, but the last name of a short path; records and sums still are."""
        for keep in (Keep.SHORT, Keep.NONE):
            settings = LogSettings(commands=Which.CHANGES, users=keep, addresses=keep, paths=keep)
            text = self.written(settings)
            left = ["missive"] if keep is Keep.SHORT else []
            self.assertEqual([word for word in self.PERSONS if word in text], left)
            self.assertIn('"bytes":3000', text)
            self.assertIn('"reason":"quit"', text)

    def test_words_of_peers(self) -> None:
        """One of the three is enough: what a peer said may hold any of them."""
        for one in ("users", "addresses", "paths"):
            settings = LogSettings(**{one: Keep.SHORT})  # type: ignore[arg-type]
            self.assertNotIn("secretly", self.written(settings))
