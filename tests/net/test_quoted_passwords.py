"""No password in what is told."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core import facts
from ftpalg.core.ends import Moment, Reason
from ftpalg.core.events import CaughtUp, ReplyGoesOn, ReplyReceived, Side
from ftpalg.core.wire.commands import Command, parse_command
from ftpalg.core.wire.replies import Reply, reply
from ftpalg.net.quoted_passwords import MASK, MOST, TEXTS, PasswordMasking

WORD = "Gate-w0rd"
SAID = f"'{WORD}' is wrong, {WORD}"


class Masking(SynchronousTestCase):
    """A server quotes what it was sent."""

    def setUp(self) -> None:
        self.discretion = PasswordMasking()

    def sent(self, line: bytes) -> None:
        """A command goes to the server."""
        self.discretion.sent(parse_command(line))

    def test_every_text(self) -> None:
        """Whatever it is told in; the other fields stay as they are."""
        self.sent(b"PASS Gate-w0rd")
        for fact in (
            facts.LoggedIn("joe", 230, SAID),
            facts.LoginRefused(SAID, 530, Side.SERVER, "joe"),
            facts.Noted(SAID),
            facts.ServerUnreachable(SAID),
            facts.SessionClosed(Reason.SERVER_GOODBYE, Moment.LOGIN, SAID),
            facts.TlsFailed(Side.SERVER, SAID, Reason.SERVER_TLS),
            facts.TransferOver(parse_command(b"RETR x"), facts.Outcome.REFUSED, SAID),
        ):
            told = self.discretion.told(fact)
            (name,) = TEXTS[type(fact)]
            self.assertEqual(getattr(told, name), f"'{MASK}' is wrong, {MASK}")
            for field in fact._fields:
                if field != name:
                    self.assertEqual(getattr(told, field), getattr(fact, field))

    def test_lines(self) -> None:
        """The ladder's replies too, but for their code; and what breaks the protocol."""
        self.sent(b"PASS 530 is it")
        told = self.discretion.told(facts.ReplyLines(reply(530, "530 is it?"), sent=True))
        self.assertEqual(told, facts.ReplyLines(reply(530, f"{MASK}?"), sent=True))
        error = facts.ProtocolError(Side.SERVER, "no FTP", Moment.LOGIN, b"530 is it\xff", 3)
        found = self.discretion.told(error)
        self.assertEqual(
            found, facts.ProtocolError(Side.SERVER, "no FTP", Moment.LOGIN, b"****\xff", 3)
        )

    def test_every_line(self) -> None:
        """A line within a reply has no code: the whole of it is looked at."""
        self.sent(b"PASS Gate-w0rd")
        said = Reply(230, (b"230-Gate-w0rd", b" Gate-w0rd", b" x Gate-w0rd", b"230 Gate-w0rd"))
        told = Reply(230, (b"230-****", b" ****", b" x ****", b"230 ****"))
        self.assertEqual(self.discretion.told(facts.ReplyLines(said)), facts.ReplyLines(told))

    def test_which_words(self) -> None:
        """Secrets that were sent; no other argument, and none that is in every other word."""
        note = facts.Noted("joe secret e")
        for line in (b"USER joe", b"PASS", b"PASS e", b"CWD secret"):
            self.sent(line)
            self.assertIs(self.discretion.told(note), note)
        self.sent(b"ACCT secret")
        self.assertEqual(self.discretion.told(note), facts.Noted(f"joe {MASK} e"))
        self.sent(b"NOOP")
        self.assertEqual(self.discretion.told(note), facts.Noted(f"joe {MASK} e"))
        self.discretion.forget()
        self.assertIs(self.discretion.told(note), note)

    def test_all_of_them(self) -> None:
        """The password that was tried before, and PASS behind ACCT; of one within another no rest."""
        for line in (b"PASS first", b"PASS first-one", b"ACCT other"):
            self.sent(line)
        self.assertEqual(
            self.discretion.told(facts.Noted("first-one, first, other")),
            facts.Noted(f"{MASK}, {MASK}, {MASK}"),
        )

    def test_bounded(self) -> None:
        """Only so many are kept, the last ones; one that comes again takes no room."""
        for at in range(MOST + 1):
            self.sent(b"PASS secret-%d" % at)
            self.sent(b"PASS secret-%d" % at)
        self.assertEqual(
            self.discretion.told(facts.Noted("secret-0 secret-1")), facts.Noted(f"secret-0 {MASK}")
        )

    def test_behind_the_login(self) -> None:
        """What the server says later is told without them, too, until it is left."""
        self.sent(b"PASS Gate-w0rd")
        self.discretion.logged_in()
        self.assertEqual(self.discretion.told(facts.Noted(WORD)), facts.Noted(MASK))

    def test_capitals(self) -> None:
        """Some servers know capitals only."""
        self.sent(b"PASS Gate-w0rd")
        self.assertEqual(self.discretion.told(facts.Noted("GATE-W0RD")), facts.Noted(MASK))

    def test_as_it_is_written(self) -> None:
        """Bytes that are no text are looked for as they are written out."""
        self.sent(b"PASS a\xff\x01b")
        self.assertEqual(self.discretion.told(facts.Noted(r"a\xff\x01b")), facts.Noted(MASK))

    def test_others(self) -> None:
        """What holds no words of a server's stays as it is."""
        self.sent(b"PASS Gate-w0rd")
        fact = facts.AccountLoggedIn(WORD)
        self.assertIs(self.discretion.told(fact), fact)


class Heard(SynchronousTestCase):
    """The client hears what it has said itself, and nothing of the gateway's own."""

    def setUp(self) -> None:
        self.discretion = PasswordMasking()

    def own(self, password: bytes) -> None:
        """The gateway logs in."""
        self.discretion.sent(Command(b"PASS", password), own=True)

    def test_own(self) -> None:
        """However short, in a whole reply and in a line of one; the codes stay."""
        self.own(b"31")
        self.assertEqual(
            self.discretion.heard(ReplyReceived(reply(331, "You said 31, 31!"))),
            ReplyReceived(reply(331, "You said ****, ****!")),
        )
        self.assertEqual(
            self.discretion.heard(ReplyGoesOn(150, b" 31 it is")), ReplyGoesOn(150, b" **** it is")
        )
        other = CaughtUp()
        self.assertIs(self.discretion.heard(other), other)

    def test_behind_the_login(self) -> None:
        """A long one is still not shown; a short one may be part of a file's name."""
        for password, heard in (
            (b"31415926", b'257 "/****/31"\r\n'),
            (b"31", b'257 "/31415926/31"\r\n'),
        ):
            self.own(password)
            self.discretion.logged_in()
            found = self.discretion.heard(ReplyReceived(reply(257, '"/31415926/31"')))
            assert isinstance(found, ReplyReceived)
            self.assertEqual(bytes(found.reply), heard)
            self.discretion.forget()

    def test_clients(self) -> None:
        """What the client said is its own, and an empty password is in no text."""
        event = ReplyReceived(reply(530, "Gate-w0rd is wrong"))
        self.discretion.sent(Command(b"PASS", b"Gate-w0rd"))
        self.assertIs(self.discretion.heard(event), event)
        self.own(b" ")
        self.assertIs(self.discretion.heard(event), event)

    def test_left(self) -> None:
        """Another server knows nothing of it."""
        self.own(b"31")
        self.discretion.forget()
        event = ReplyReceived(reply(220, "31 users"))
        self.assertIs(self.discretion.heard(event), event)
