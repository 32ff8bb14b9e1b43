"""Replies of several lines that end with another code than they began with."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.wire.errors import BadReply
from ftpalg.core.wire.replies import Reply, ReplyParser
from tests.core.ladder import LadderTest
from tests.core.openings import PASV_EPSV, RETR, USABLE
from tests.core.parsing import TEXT, Asking, parsed


class OtherEnd(SynchronousTestCase):
    """A reply of several lines that may have ended with another code."""

    def fed(self, *lines: bytes, streams: bool = False) -> ReplyParser:
        """A parser that has taken these lines, of which none completes a reply."""
        parser = ReplyParser(4096)
        parser.streams = streams
        for line in lines:
            self.assertNotIsInstance(parser.feed(line), Reply)
        return parser

    def test_offered(self) -> None:
        """glFTPd ends ``553-`` with ``150 Opening``: the reply would have that code and all lines."""
        parser = self.fed(b"553-Not", b"553-here", b"so", b"150 Opening")
        ended = Reply(150, (b"150-Not", b"150-here", b" so", b"150 Opening"))
        self.assertEqual(parser.other_end, ended)
        self.assertFalse(parser.empty)
        self.assertEqual(parser.end_here(), (ended,))
        self.assertTrue(parser.empty)
        self.assertIs(parser.other_end, None)

    def test_third_code(self) -> None:
        """A 1xx that a line with a third code follows was the end; nothing else is known by that."""
        parser = self.fed(b"553-Not", b"150 Opening")
        self.assertTrue(parser.ended_before(b"226 Done."))
        for line in (b"553 Not", b"150 x", b"226-x", b" 226 x", b"text", b"", b"700 x"):
            self.assertFalse(parser.ended_before(line), line)
        for begun in (b"553-Not",), (b"553-Not", b"250 x"), (b"553-Not", b"150 x", b"text"):
            self.assertFalse(self.fed(*begun).ended_before(b"226 Done."), begun)

    def test_not_offered(self) -> None:
        """Only ``ddd text`` with another code, and only while it is the last line."""
        for line in (
            b"150-x",
            b"150",
            b"150\tx",
            b"1500 x",
            b" 150 x",
            b"x150 x",
            b"700 x",
            b"099 x",
            b"553-x",
            b"",
        ):
            self.assertIs(self.fed(b"553-a", line).other_end, None, line)
            self.assertIs(self.fed(b"553-a", b"150 x", line).other_end, None, line)
        parser = self.fed(b"553-a")
        self.assertEqual((parser.other_end, parser.end_here()), (None, ()))
        self.assertFalse(parser.empty)
        self.assertEqual(ReplyParser(4096).end_here(), ())

    def test_stays_one_reply(self) -> None:
        """Where the first code comes back nothing has ended: the line was a stranger's text."""
        parser = self.fed(b"250-a", b"550 x")
        self.assertEqual(parser.feed(b"250 end"), Reply(250, (b"250-a", b" 550 x", b"250 end")))
        self.assertIs(parser.other_end, None)

    def test_last_one_counts(self) -> None:
        """Of several such lines the last is the end; those before it are text."""
        parser = self.fed(b"553-a", b"150 b", b"226 c")
        self.assertEqual(parser.end_here(), (Reply(226, (b"226-a", b" 150 b", b"226 c")),))

    def test_went_on(self) -> None:
        """A line with the first code behind such an end is a fault, until the server is in step."""
        for line in (b"553-more", b"553 end", b"553", b"553\tx", b"text", b" text"):
            parser = self.fed(b"553-a", b"150 b")
            parser.asker = Asking(skips_text=True)
            parser.end_here()
            self.assertEqual(self.assertRaises(BadReply, parser.feed, line).code, 421)
        parser = self.fed(b"553-a", b"150 b")
        parser.asker = Asking(skips_text=True)
        parser.end_here()
        self.assertEqual(parser.feed(b"200 In step"), Reply(200, (b"200 In step",)))
        parser.feed(b"200-In")
        self.assertIs(parser.feed(b"5530 files"), None)
        self.assertRaises(BadReply, parser.feed, b"553 end")
        parser.feed(b"200 step")
        parser.in_step()
        self.assertIs(parser.feed(b"text"), None)
        self.assertEqual(parser.feed(b"553 No"), Reply(553, (b"553 No",)))

    def test_streamed(self) -> None:
        """What the client has begun to read is ended first."""
        parser = self.fed(b"150-a", b"b", b"226 c", streams=True)
        self.assertEqual(parser.other_end, Reply(226, (b"226 c",)))
        self.assertEqual(parser.end_here(), (Reply(150, (b"150 ",)), Reply(226, (b"226 c",))))
        self.assertRaises(BadReply, parser.feed, b"150 b")

    @given(st.lists(TEXT, max_size=6), TEXT)
    def test_clients_agree(self, inner: list[bytes], last: bytes) -> None:
        """What is ended so is one reply to every client."""
        inner = [line for line in inner if line[:4] not in (b"212 ", b"212")]
        parser = self.fed(b"212-Begin", *inner, b"211 " + last)
        (found,) = parser.end_here()
        lines = bytes(found).split(b"\r\n")[:-1]
        self.assertEqual(len(lines), len(inner) + 2)
        for line in lines[:-1]:
            self.assertTrue(line.startswith((b" ", b"211-")), line)
        self.assertEqual(parsed(*lines), [found])


class Played(LadderTest):
    """A reply of several lines that ends with another code (glFTPd: `553-`, then `150 Opening`)."""

    def test_begins_the_transfer(self) -> None:
        """Where the server falls silent behind it, it is the end; NOOP follows the transfer."""
        self.after_login(
            f"""
            {PASV_EPSV}
            {RETR}
            P <- S  553-Section full soon.
            P <- S  150 Opening.
            P ..    server falls silent
            C <- P  150-Section full soon.
            C <- P  150 Opening.
            P ..    server leg open
            P ..    client leg open
            P ..    relays from server
            P ..    server leg ended
            P <- S  226 Done.
            P ..    ends client leg
            P ..    client leg ended
            C <- P  226 Done.
            P -> S  NOOP
            P <- S  200 In step.
            """
        ).play(USABLE)

    def test_answers_a_command(self) -> None:
        """The same of a command's final reply."""
        self.after_login(
            """
            C -> P  DELE f
            P -> S  DELE f
            P <- S  250-One moment.
            P <- S  550 No.
            P ..    server falls silent
            C <- P  550-One moment.
            C <- P  550 No.
            P -> S  NOOP
            P <- S  200 In step.
            """
        ).play(USABLE)

    def test_asks_what_is_sure(self) -> None:
        """The sure answer has neither the code that the reply began with nor the one that ended it."""
        for first, last, asking, sure in (
            (250, 550, "NOOP", "200 Yes."),
            (200, 501, "PWD", '257 "/"'),
            (257, 200, "FEAT", "211 None."),
        ):
            self.after_login(
                f"""
                C -> P  DELE f
                P -> S  DELE f
                P <- S  {first}-One moment.
                P <- S  {last} So.
                P ..    server falls silent
                C <- P  {last}-One moment.
                C <- P  {last} So.
                P -> S  {asking}
                P <- S  {sure}
                """
            ).play(USABLE)

    def test_other_commands(self) -> None:
        """What the gateway looks at ends so too, but a login, AUTH and data ports."""
        for line, first, last, asking, sure in (
            ("STAT", 211, 200, "PWD", '257 "/"'),
            ("FEAT", 211, 500, "NOOP", "200 Yes."),
            ("REST 5", 350, 501, "NOOP", "200 Yes."),
        ):
            made = self.after_login(f"C -> P  {line}\nP -> S  {line}")
            self.assertTrue(made.session.ends_anywhere, line)
            made.play(
                f"""
                P <- S  {first}-One moment.
                P <- S  {last} So.
                P ..    server falls silent
                C <- P  {last}-One moment.
                C <- P  {last} So.
                P -> S  {asking}
                P <- S  {sure}
                """
            )
        made = self.logged_in().play("C -> P  ABOR\nP -> S  ABOR")
        self.assertTrue(made.session.ends_anywhere)
        for line in ("PASV\nP -> S  EPSV", "SITE AUTH x\nP -> S  SITE AUTH x"):
            self.assertFalse(self.logged_in().play(f"C -> P  {line}").session.ends_anywhere, line)

    def test_one_reply(self) -> None:
        """`250-`, `550 x`, `250 end` stays one."""
        self.after_login(
            """
            C -> P  DELE f
            P -> S  DELE f
            P <- S  250-One moment.
            P <- S  550 x
            P <- S  250 end
            C <- P  250-One moment.
            C <- P   550 x
            C <- P  250 end
            """
        ).play(USABLE)

    def test_goes_on_after_all(self) -> None:
        """A stranger may have chosen the text: what goes on with the first code ends the session."""
        self.after_login(
            """
            C -> P  DELE f
            P -> S  DELE f
            P <- S  250-One moment.
            P <- S  550 x
            P ..    server falls silent
            C <- P  550-One moment.
            C <- P  550 x
            P -> S  NOOP
            P <- S  250 end
            C <- P  421 The server went on with a reply that had seemed to be over. Closing.
            P ..    hangs up
            """
        )
