"""Letters and reasons: who ended a session, where it stood; and what a transfer tells of itself."""

from __future__ import annotations

from ftpalg.core.actions import Tell
from ftpalg.core.ends import Ender, Moment, Reason
from ftpalg.core.events import ClientLost, ServerLost, Side
from ftpalg.core.facts import CommandAnswered, Outcome, SessionClosed, TlsFailed, TransferOver
from ftpalg.core.wire.commands import Command
from ftpalg.core.wire.replies import reply
from tests.core.ladder import Ladder, LadderTest, actions
from tests.core.openings import PASV_EPSV, RELAYED, RETR


def facts(made: Ladder, kind: type) -> list[object]:
    """What observers were told of that kind."""
    return [one.fact for one in actions(made, Tell) if isinstance(one.fact, kind)]


class Words(LadderTest):
    """The lists themselves."""

    def test_letters(self) -> None:
        """One letter each, and no two alike."""
        for kind in (Ender, Moment):
            letters = [one.letter for one in kind]
            self.assertEqual(len(set(letters)), len(letters))
            self.assertEqual({len(letter) for letter in letters}, {1})

    def test_words(self) -> None:
        """A reason's word is its name, and its sentence is its own."""
        self.assertEqual(Reason.BAD_LOGINS_HERE.word, "bad-logins-here")
        self.assertEqual(len({reason.sentence for reason in Reason}), len(Reason))


class Told(LadderTest):
    """What observers are told."""

    def test_answers(self) -> None:
        """Each command with the reply that its client has had, refusals of ours too, no 1xx."""
        made = self.after_login(
            """
            C -> P  SITE LONG
            P -> S  SITE LONG
            P <- S  150 Wait.
            C <- P  150 Wait.
            P <- S  200 Done.
            C <- P  200 Done.
            C -> P  REIN
            C <- P  502 REIN cannot pass this gateway.
            """
        )
        seen = facts(made, CommandAnswered)[-2:]
        wanted = [
            CommandAnswered(Command(b"SITE", b"LONG"), reply(200, "Done.")),
            CommandAnswered(Command(b"REIN"), reply(502, "REIN cannot pass this gateway.")),
        ]
        self.assertEqual([bytes(one.reply) for one in seen], [bytes(one.reply) for one in wanted])  # type: ignore[attr-defined]
        self.assertEqual([one.command for one in seen], [one.command for one in wanted])  # type: ignore[attr-defined]

    def test_tls(self) -> None:
        """A client whose TLS fails is told of apart; one that merely goes is not."""
        for why, times in ((Reason.CLIENT_DISTRUST, 1), (Reason.CLIENT_LOST, 0)):
            made = self.after_login("")
            made.feed(ClientLost("alert 48", why))
            told = facts(made, TlsFailed)
            self.assertEqual(told, [TlsFailed(Side.CLIENT, "alert 48", why)] * times)
            (closed,) = facts(made, SessionClosed)
            assert isinstance(closed, SessionClosed)
            self.assertEqual((closed.reason, closed.text), (why, "alert 48"))

    def test_server_lost(self) -> None:
        """The kind of a server's loss is the reason, its own goodbye another."""
        for why in (Reason.SERVER_CLOSED, Reason.SERVER_LOST):
            made = self.after_login("")
            made.feed(ServerLost("gone", why))
            (closed,) = facts(made, SessionClosed)
            assert isinstance(closed, SessionClosed)
            self.assertEqual(closed.reason, why)


class Transfers(LadderTest):
    """What a transfer tells of itself."""

    def over(self, made: Ladder) -> TransferOver:
        """The one that is over."""
        (fact,) = facts(made, TransferOver)
        assert isinstance(fact, TransferOver)
        return fact

    def test_complete(self) -> None:
        """Nobody ended it; which side was passive, where it began, and no TLS."""
        made = self.after_login(
            f"""
            {RELAYED}
            P ..    server leg ended
            P <- S  226 Done.
            P ..    ends client leg
            P ..    client leg ended
            C <- P  226 Done.
            """
        )
        fact = self.over(made)
        self.assertIs(fact.outcome, Outcome.COMPLETE)
        self.assertEqual((fact.letters, fact.tls, fact.rest), ("--", frozenset(), ""))

    def test_server_refuses(self) -> None:
        """Its words say why, though its data connection was reset before they came."""
        made = self.after_login(
            f"""
            {PASV_EPSV}
            {RETR}
            P ..    server leg failed: reset
            P <- S  550 Not for you.
            C <- P  550 Not for you.
            P ..    closes client leg
            """
        )
        fact = self.over(made)
        self.assertEqual((fact.outcome, fact.reason), (Outcome.REFUSED, "Not for you."))

    def test_session_ended(self) -> None:
        """Where the session ended in it, its reason says why, not that a connection ended."""
        made = self.after_login(RELAYED)
        made.end(reply(421, "Stopped."))
        fact = self.over(made)
        self.assertEqual((fact.letters, fact.reason), ("OD", Reason.STOPPED.sentence))

    def test_refused(self) -> None:
        """A server's no is the server's."""
        script = f"""
            {PASV_EPSV}
            C -> P  RETR x
            P -> S  RETR x
            P ..    connects to the server's port 50123
            P <- S  550 No.
            C <- P  550 No.
            P ..    closes client leg
            P ..    aborts server leg
            """
        self.assertEqual(self.over(self.after_login(script)).letters, "SD")
