"""Transfers that go well, and those whose replies come in an odd order."""

from __future__ import annotations

from ftpalg.core.events import Timer, TimerExpired
from tests.core.ladder import ACTIVE, LadderTest
from tests.core.openings import (
    DELIVERED,
    EARLY,
    PASV_EPRT,
    PASV_EPSV,
    PORT_EPRT,
    PORT_RETR,
    RELAYED,
    RELAYS,
    RETR,
    STORED,
    UNANSWERED,
    USABLE,
)


class Complete(LadderTest):
    """Transfers that go well."""

    def test_download(self) -> None:
        """The server's end is the client's end, and 226 comes last (rule 2)."""
        self.after_login(
            f"""
            {RELAYED}
            P ..    server leg ended
            P ..    starts settle
            P <- S  226 Complete.
            P ..    ends client leg
            P ..    client leg ended
            P ..    done complete RETR: Complete.
            C <- P  226 Complete.
            """
        ).play(USABLE)

    def test_size(self) -> None:
        """What the server tells of the file's size stays, whatever else it says meanwhile."""
        opening = "150 Opening (1234 bytes)."
        played = self.after_login(
            f"""
            {UNANSWERED}
            P <- S  {opening}
            C <- P  {opening}
            {RELAYS}
            P <- S  150 Still at it (7 bytes).
            C <- P  150 Still at it (7 bytes).
            """
        ).play()
        transfer = played.session.transfer.state
        assert transfer is not None
        self.assertEqual(transfer.size, 1234)

    def test_final_reply_before_the_data(self) -> None:
        """Quirk 26: a 226 that comes before the data is drained waits for it."""
        self.after_login(
            f"""
            {RELAYED}
            P <- S  226 Complete.
            P ..    server leg ended
            {DELIVERED}
            """
        ).play(USABLE)

    def test_final_reply_while_ending(self) -> None:
        """A 226 that comes while the client still gets bytes waits for the end."""
        self.after_login(
            f"""
            {RELAYED}
            P ..    server leg ended
            P ..    timer settle
            P ..    ends client leg
            P <- S  226 Complete.
            P ..    client leg ended
            C <- P  226 Complete.
            """
        ).play(USABLE)

    def test_final_reply_late(self) -> None:
        """Quirk 28: the end is passed on after a moment, the 226 when it comes."""
        self.after_login(
            f"""
            {RELAYED}
            P ..    server leg ended
            P ..    timer settle
            P ..    ends client leg
            P ..    client leg ended
            P ..    starts final-reply
            P <- S  226 Complete.
            C <- P  226 Complete.
            """
        ).play(USABLE)

    def test_upload(self) -> None:
        """The client's end is the server's end; its reply is the client's."""
        self.after_login(
            f"""
            {STORED}
            P ..    client leg ended
            P ..    ends server leg
            P ..    server leg ended
            P ..    starts final-reply
            P <- S  226 Complete.
            P ..    done complete STOR: Complete.
            C <- P  226 Complete.
            """
        ).play(USABLE)

    def test_active_client(self) -> None:
        """The design's own example: the client is dialled once the server has agreed."""
        self.after_login(
            f"""
            {PORT_RETR}
            P ..    server leg open
            P <- S  150 Opening.
            C <- P  150 Opening.
            P ..    connects to the client's port 51201
            {RELAYS}
            P ..    server leg ended
            P <- S  226 Complete.
            {DELIVERED}
            """
        ).play(USABLE)

    def test_active_server(self) -> None:
        """An active server dials us after its 150; so does a passive client of ours."""
        self.logged_in(ACTIVE).play(
            f"""
            {PASV_EPRT}
            C -> P  STOR file
            P -> S  STOR file
            P ..    client leg open
            P <- S  150 Opening.
            C <- P  150 Opening.
            P ..    server leg open
            P ..    relays from client
            """
        )

    def test_active_on_both_sides(self) -> None:
        """An active server and an active client meet in the middle."""
        self.logged_in(ACTIVE).play(
            f"""
            {PORT_EPRT}
            C -> P  RETR file
            P -> S  RETR file
            P <- S  150 Opening.
            C <- P  150 Opening.
            P ..    server leg open
            P ..    connects to the client's port 51201
            {RELAYS}
            """
        )

    def test_data_before_1xx(self) -> None:
        """Quirk 24: both legs may stand before the 150; a server that says nothing is believed
        then: the bytes move behind timeouts.unannounced."""
        self.after_login(
            f"""
            {EARLY}
            C -> P  RETR file
            P -> S  RETR file
            P ..    server leg open
            P ..    timer unannounced
            P ..    relays from server
            P ..    server leg ended
            P <- S  150 Opening.
            C <- P  150 Opening.
            P <- S  226 Complete.
            {DELIVERED}
            """
        ).play(USABLE)

    def test_two_in_a_row(self) -> None:
        """Nothing of a transfer is left for the next one."""
        transfer = f"""
            {RELAYED}
            P ..    server leg ended
            P <- S  226 Complete.
            {DELIVERED}
            """
        self.after_login(transfer).play(transfer).play(transfer)

    def test_texts_of_the_1xx(self) -> None:
        """Quirk 29: the text of a 150 is kept, an address appended to it is not."""
        self.after_login(
            f"""
            {PASV_EPSV}
            C -> P  STOU
            P -> S  STOU
            P ..    connects to the server's port 50123
            P ..    server leg open
            P <- S  150 FILE: unique.1 (198.51.100.1,50123) (12 bytes)
            C <- P  150 FILE: unique.1 (198.51.100.1,50123) (12 bytes)
            """.replace(
                "C <- P  150 FILE: unique.1 (198.51.100.1,50123)", "C <- P  150 FILE: unique.1"
            ).replace(",50123) (12", ":50123) (12")
        )

    def test_several_1xx(self) -> None:
        """Each 1xx is the client's; only the first opens anything."""
        self.after_login(
            f"""
            {PORT_RETR}
            P <- S  125 Soon.
            C <- P  125 Soon.
            P <- S  150 Opening.
            C <- P  150 Opening.
            P ..    server leg open
            P ..    connects to the client's port 51201
            """
        )

    def test_reply_of_several_lines(self) -> None:
        """A final reply of several lines passes whole."""
        self.after_login(
            f"""
            {RELAYED}
            P ..    server leg ended
            P <- S  226-Complete.
            P <- S  Ratio is 1:1
            P <- S  226 Bye.
            P ..    ends client leg
            P ..    client leg ended
            C <- P  226-Complete.
            C <- P   Ratio is 1:1
            C <- P  226 Bye.
            """
        ).play(USABLE)


class OddOrder(LadderTest):
    """Quirk 26: replies that do not come as RFC 959 has them."""

    def test_2xx_without_1xx(self) -> None:
        """A 226 alone opens the client's leg, and is told when the data has passed."""
        self.after_login(
            f"""
            {PORT_RETR}
            P ..    server leg open
            P <- S  226 Complete.
            P ..    connects to the client's port 51201
            {RELAYS}
            P ..    server leg ended
            {DELIVERED}
            """
        ).play(USABLE)

    def test_2xx_then_1xx(self) -> None:
        """200, 150, 226: the 200 is no final reply, the 226 is."""
        self.after_login(
            f"""
            {UNANSWERED}
            P <- S  200 OK.
            P <- S  150 Opening.
            C <- P  150 Opening.
            {RELAYS}
            P ..    server leg ended
            P <- S  226 Complete.
            {DELIVERED}
            """
        ).play(USABLE)

    def test_2xx_then_1xx_and_no_more(self) -> None:
        """226, 150, the data, and nothing more: the 226 was meant, and is told after a moment."""
        self.after_login(
            f"""
            {UNANSWERED}
            P <- S  226 Complete.
            P <- S  150 Opening.
            C <- P  150 Opening.
            {RELAYS}
            P ..    server leg ended
            P ..    timer settle
            P ..    ends client leg
            P ..    client leg ended
            P ..    done complete RETR
            C <- P  226 Complete.
            """
        ).play(USABLE)

    def test_2xx_then_1xx_and_broken(self) -> None:
        """The same with a leg that breaks: a wait runs until there is a final reply, or none."""
        made = self.after_login(
            f"""
            {UNANSWERED}
            P <- S  226 Complete.
            P <- S  150 Opening.
            C <- P  150 Opening.
            {RELAYS}
            P ..    client leg failed: reset
            P ..    aborts server leg
            """
        )
        while Timer.SETTLE in made.running:
            made.running.discard(Timer.SETTLE)
            made.feed(TimerExpired(Timer.SETTLE))
        self.assertIn(Timer.FINAL_REPLY, made.running, "nothing will ever end this transfer")

    def test_2xx_then_refusal(self) -> None:
        """200, 150, 451: what counts is the last."""
        self.after_login(
            f"""
            {UNANSWERED}
            P <- S  200 OK.
            P <- S  150 Opening.
            C <- P  150 Opening.
            {RELAYS}
            P <- S  451 Disk on fire.
            P ..    done broken RETR
            C <- P  451 Disk on fire.
            P ..    aborts client leg
            P ..    aborts server leg
            """
        ).play(USABLE)

    def test_duplicate_226(self) -> None:
        """Quirk 5: a second 226 is dropped, during and after; it teaches to ask behind this verb."""
        self.after_login(
            f"""
            {RELAYED}
            P <- S  226 Complete.
            P <- S  226 Complete.
            P ..    server leg ended
            {DELIVERED}
            P -> S  NOOP
            P <- S  226 Complete.
            P <- S  200 Here.
            """
        ).play(USABLE)

    def test_150_and_226_together(self) -> None:
        """Both in one segment, before anything is open: the data decides when the 226 is told."""
        self.after_login(
            f"""
            {PASV_EPSV}
            {RETR}
            P <- S  150 Opening.
            C <- P  150 Opening.
            P <- S  226 Complete.
            P ..    server leg open
            {RELAYS}
            P ..    server leg ended
            {DELIVERED}
            """
        ).play(USABLE)
