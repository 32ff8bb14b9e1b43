"""Logins that no client should send: a session answers once and dials no nonsense."""

from __future__ import annotations

from dataclasses import replace

from ftpalg.core.actions import SendReply
from ftpalg.core.phases import Phase
from ftpalg.core.wire.user_at_host import Dialect
from tests.core.ladder import LadderTest
from tests.core.openings import ROUTED
from tests.core.scripts import ACCOUNTS, OPEN, REACHED, READY


class Hostile(LadderTest):
    """Whatever is named, a session answers with one reply and dials no nonsense."""

    def test_names(self) -> None:
        """Empty parts, too many separators, odd bytes, tails with spaces."""
        for argument, told in (
            ("\\s", "331 Password required."),
            (" \\s", "331 Password required."),
            ("@", "501 The server's name cannot be read…"),
            ("@@@", "501 The server's name cannot be read…"),
            ("bob@", "501 The server's name cannot be read…"),
            ("bob@\\s", "501 The server's name cannot be read…"),
            ("@one.example", "501 USER names a server but no user…"),
            ("bob@one.example  x  y\\s", "501 The server's name cannot be read…"),
            ("bob@one.example x 21", "501 The server's name cannot be read…"),
            ("bob@one.example:21:21", "501 The server's port must be…"),
            ("bob@one.example:2121 21", "501 The server's port must be…"),
            ("bob@one.example 000000000021999999", "501 The server's port must be…"),
            ("bob@one.example " + "0" * 5000 + "1" * 5000, "501 The server's port must be…"),
            ("bob@one.ex\\xffmple", "501 The server's name holds a byte…"),
            ("bob@\\x00", "501 The server's name cannot be read…"),
            ("bob@one.example\\x00", "501 The server's name cannot be read…"),
            ("bob@" + "x" * 10000, "501 The server's name cannot be read…"),
            ("bob@[::1", "501 The server's name cannot be read…"),
            ("bob@..", "501 The server's name cannot be read…"),
            ("bob@one.example/../etc", "501 The server's name cannot be read…"),
        ):
            self.ladder(OPEN).play(ROUTED, f"C -> P  USER {argument}\nC <- P  {told}")

    def test_odd_users(self) -> None:
        """What is left of the server is the user's, byte for byte."""
        for user in ("bob@", " ", "@", "b\\xff\\x00b", "bob x", "x" * 10000):
            end = "\\s" if user == " " else user
            self.ladder(OPEN).play(
                ROUTED, f"C -> P  USER {user}@one.example\n{REACHED}\nP -> S  USER {end}"
            )

    def test_odd_accounts(self) -> None:
        """The same for accounts: 331, and the checker judges."""
        for user, account in (
            ("", ""),
            ("\\xff\\xfe", "\\xff\\xfe"),
            ("x" * 10000, "x" * 10000),
            ("bob@@one.example", "bob@"),
        ):
            made = self.ladder(ACCOUNTS).play(
                READY, f"C -> P  USER {user}\nC <- P  331 Password required."
            )
            made.play(f"C -> P  PASS gp\nP ..  checks {account} gp")
        self.ladder(ACCOUNTS).play(
            READY,
            """
            C -> P  USER bob@one.example  g u s
            C <- P  331 Password required.
            C -> P  PASS secret
            C <- P  332 Now the password at this gateway: ACCT.
            C -> P  ACCT gp
            P ..    checks \\x20g u s gp
            """,
        )

    def test_unreadable_with_account(self) -> None:
        """A server that cannot be read is told before any password is asked for."""
        for argument in ("@", "@@@", "bob@-x", "bob@gus@one.example:0", "@one.example"):
            self.ladder(ACCOUNTS).play(READY, f"C -> P  USER {argument}\nC <- P  501…")

    def test_never_a_crash(self) -> None:
        """Login commands in any order, with and without accounts, always one final reply each."""
        words = (
            *("USER gus", "USER b@gus@one.example", "USER b@one.example gus", "PASS x@y", "ACCT z"),
            *("AUTH gus", "RESP z", "SITE AUTHENTICATE gus", "SITE RESPONSE y", "HOST a.b"),
        )
        for first in words:
            for second in words:
                for rules in (ACCOUNTS, replace(ACCOUNTS, dialects=tuple(Dialect))):
                    made = self.ladder(replace(rules, bad_commands=99)).play("C <- P  220…")
                    for command in (first, second, "PASS x@y", "ACCT z"):
                        made._waiting.clear()
                        made._turn("C -> P", command)
                        if made.session.desk.phase is Phase.CHECKING:
                            break
                        told = [a for a in made._waiting if isinstance(a, SendReply)]
                        self.assertEqual(len(told), 1, (first, second, command))
                    made._waiting.clear()
