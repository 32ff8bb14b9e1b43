"""A code that answers other verbs only: whose it is, and that it has no effect."""

from __future__ import annotations

from ftpalg.core.events import ReplyUnderWay, TextPassedOver
from ftpalg.core.routes import ServerTls
from ftpalg.core.session_settings import Rules
from tests.core.ladder import FIXED, LadderTest
from tests.core.openings import GREETED, PASV_EPSV, RETR, USABLE
from tests.core.tls import AUTH_ASKED


class Recognised(LadderTest):
    """A code that is not the verb's waits a moment: the answer may follow."""

    def test_answer_follows(self) -> None:
        """PASS 230, 230: PWD is told 257."""
        for surplus in (
            "220 Hello.",
            "221 Bye.",
            "227 (1,2,3,4,5,6)",
            "230 In.",
            "232 In.",
            "234 Go.",
        ):
            self.after_login(
                f"""
                C -> P  PWD
                P -> S  PWD
                P <- S  {surplus}
                P ..    starts second-reply
                P <- S  257 "/"
                P ..    stops second-reply
                C <- P  257 "/"
                """
            ).play(USABLE)

    def test_nothing_follows(self) -> None:
        """It passes as text, without effect."""
        made = self.after_login(
            """
            C -> P  DELE f
            P -> S  DELE f
            P <- S  230 Hello.
            P ..    timer second-reply
            C <- P  230 Hello.
            """
        )
        made.play(USABLE)

    def test_of_a_transfer(self) -> None:
        """A late word of a transfer answers no SIZE; nor does REST's, said twice, answer a transfer."""
        for surplus in (
            "225 Open.",
            "226 Done.",
            "425 Rejected, as pyftpdlib says it.",
            "426 Cut.",
        ):
            self.after_login(
                f"C -> P  SIZE f\nP -> S  SIZE f\nP <- S  {surplus}\nP ..  starts second-reply\n"
                "P <- S  213 7\nP ..  stops second-reply\nC <- P  213 7"
            ).play(USABLE)

    def test_begun(self) -> None:
        """A 1xx shows as well that what is held was of something before: it ends no transfer whose data is
        still on its way (a 220 would call it complete).
        """
        for surplus in ("220 Hello.", "230 In.", "331 Go on.", "350 Go on."):
            for begun, rest in (
                ("150 Here.", ""),
                ("125-Held.", "P <- S  125 Go.\nC <- P  125 Go."),
            ):
                self.after_login(
                    f"{PASV_EPSV}\n{RETR}\nP <- S  {surplus}\nP ..  starts second-reply\n"
                    f"P <- S  {begun}\nP ..  stops second-reply\nC <- P  {begun}\n{rest}"
                )

    def test_under_way(self) -> None:
        """So does the first line of any other reply; but for a 421, which may be the last word."""
        for held, timer in (("226 Done.", "second-reply"), ("421 Bye.", "goodbye")):
            made = self.after_login(
                f"C -> P  STAT f\nP -> S  STAT f\nP <- S  {held}\nP ..  starts {timer}"
            )
            made.feed(ReplyUnderWay())
            self.assertIs(made.session.desk.held is None, held.startswith("226"))

    def test_several_greetings(self) -> None:
        """Three 220 lines without a dash: none answers USER, nobody is logged in by one."""
        made = (
            self.ladder()
            .play(GREETED)
            .play(
                """
            P <- S  220 More.
            C -> P  USER u
            P -> S  USER u
            P <- S  220 And more.
            P <- S  331 Go on.
            C <- P  331 Go on.
            """
            )
        )
        self.assertFalse(made.session.desk.logged_in)

    def test_greetings_alone(self) -> None:
        """A late 220 answers USER and AUTH however long the answer takes, and it is dropped."""
        dropped = "P ..  notes: reply 220 answers no command"
        self.ladder().play(
            GREETED,
            f"C -> P  USER u\nP -> S  USER u\nP <- S  220 More.\n{dropped}",
            "P <- S  331 Go on.\nC <- P  331 Go on.",
        )
        rules = Rules(server=FIXED, server_tls=ServerTls.AUTO)
        self.ladder(rules).play(
            f"{AUTH_ASKED}\nP <- S  220 More.\n{dropped}",
            "P <- S  234 Go.\nP ..  begins TLS with the server",
        )

    def test_no_login(self) -> None:
        """Codes of other verbs let nobody in: they pass behind a wait, and then the login goes on."""
        for code in (220, 221, 227, 228, 229, 234):
            passes = f"P <- S  {code} Odd.\nP ..  timer second-reply\nC <- P  {code} Odd."
            made = self.ladder().play(GREETED)
            if code != 220:
                made.play(f"C -> P  USER u\nP -> S  USER u\n{passes}")
                made.play("C -> P  PASS p\nC <- P  503 USER comes first.")
            made.play("C -> P  USER u\nP -> S  USER u\nP <- S  331 Go on.\nC <- P  331 Go on.")
            made.play(f"C -> P  PASS p\nP -> S  PASS p\n{passes}")
            self.assertFalse(made.session.desk.logged_in, code)
            made.play("C -> P  XYZZY\nC <- P  530 Log in first.")
            made.play("C -> P  PASS p\nP -> S  PASS p\nP <- S  230 In.\nC <- P  230 In.")
            self.assertTrue(made.session.desk.logged_in)

    def test_text_without_a_code(self) -> None:
        """It is told in the log, with its words only before anybody has said a password."""
        passed = "the server sends text that is no reply; it is passed over"
        made = self.ladder().play("P ..  dials ftp.example:21\nP ..  connected")
        made.feed(TextPassedOver(b"Welcome\x1b[0m"))
        made.play(f"P ..  notes: {passed}: Welcome\\x1b[0m")
        made = self.logged_in()
        made.feed(TextPassedOver(b"PASS secret"))
        made.play(f"P ..  notes: {passed}")

    def test_greetings_and_auth(self) -> None:
        """Nor does one answer AUTH: with auto the password would go in clear."""
        rules = Rules(server=FIXED, server_tls=ServerTls.AUTO)
        self.ladder(rules).play(
            f"{AUTH_ASKED}\nP <- S  220 More.\nP <- S  234 Go.\nP ..  begins TLS with the server"
        )
