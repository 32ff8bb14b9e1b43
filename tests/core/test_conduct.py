"""One transfer from its command to its final reply, as dialogues."""

from __future__ import annotations

from ftpalg.core.events import Side, Timer, TimerExpired, Traits
from ftpalg.core.replies import reply
from ftpalg.core.routes import Mode
from ftpalg.core.rules import Rules
from tests.core.ladder import (
    FIXED,
    PASV_EPSV,
    PORT_EPSV,
    RELAYED,
    RETR,
    STORED,
    USABLE,
    LadderTest,
)

ACTIVE_RULES = Rules(server=FIXED, mode=Mode.ACTIVE)

PASV_EPRT = """
    C -> P  PASV
    P ..    listens for the server on 50010
    P -> S  EPRT |1|198.51.100.1|50010|
    P <- S  200 Noted.
    P ..    listens for the client on 50000
    C <- P  227 Entering Passive Mode (192,0,2,1,195,80)
"""
PORT_EPRT = """
    C -> P  PORT 192,0,2,7,200,1
    P ..    listens for the server on 50010
    P -> S  EPRT |1|198.51.100.1|50010|
    P <- S  200 Noted.
    C <- P  200 PORT command successful.
"""


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

    def test_final_reply_before_the_data(self) -> None:
        """Quirk 26: a 226 that comes before the data is drained waits for it."""
        self.after_login(
            f"""
            {RELAYED}
            P <- S  226 Complete.
            P ..    server leg ended
            P ..    ends client leg
            P ..    client leg ended
            C <- P  226 Complete.
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
            {PORT_EPSV}
            {RETR}
            P ..    server leg open
            P <- S  150 Opening.
            C <- P  150 Opening.
            P ..    connects to the client's port 51201
            P ..    client leg open
            P ..    relays from server
            P ..    server leg ended
            P <- S  226 Complete.
            P ..    ends client leg
            P ..    client leg ended
            C <- P  226 Complete.
            """
        ).play(USABLE)

    def test_active_server(self) -> None:
        """An active server dials us after its 150; so does a passive client of ours."""
        self.logged_in(ACTIVE_RULES).play(
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
        self.logged_in(ACTIVE_RULES).play(
            f"""
            {PORT_EPRT}
            C -> P  RETR file
            P -> S  RETR file
            P <- S  150 Opening.
            C <- P  150 Opening.
            P ..    connects to the client's port 51201
            P ..    server leg open
            P ..    client leg open
            P ..    relays from server
            """
        )

    def test_data_before_1xx(self) -> None:
        """Quirk 24: both legs may stand before the 150; the bytes are moved at once."""
        self.after_login(
            f"""
            {PASV_EPSV}
            P ..    client leg open
            {RETR}
            P ..    server leg open
            P ..    relays from server
            P ..    server leg ended
            P <- S  150 Opening.
            C <- P  150 Opening.
            P <- S  226 Complete.
            P ..    ends client leg
            P ..    client leg ended
            C <- P  226 Complete.
            """
        ).play(USABLE)

    def test_two_in_a_row(self) -> None:
        """Nothing of a transfer is left for the next one."""
        transfer = f"""
            {RELAYED}
            P ..    server leg ended
            P <- S  226 Complete.
            P ..    ends client leg
            P ..    client leg ended
            C <- P  226 Complete.
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
            {PORT_EPSV}
            {RETR}
            P <- S  125 Soon.
            C <- P  125 Soon.
            P ..    connects to the client's port 51201
            P <- S  150 Opening.
            C <- P  150 Opening.
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
            {PORT_EPSV}
            {RETR}
            P ..    server leg open
            P <- S  226 Complete.
            P ..    connects to the client's port 51201
            P ..    client leg open
            P ..    relays from server
            P ..    server leg ended
            P ..    ends client leg
            P ..    client leg ended
            C <- P  226 Complete.
            """
        ).play(USABLE)

    def test_2xx_then_1xx(self) -> None:
        """200, 150, 226: the 200 is no final reply, the 226 is."""
        self.after_login(
            f"""
            {PASV_EPSV}
            {RETR}
            P ..    server leg open
            P <- S  200 OK.
            P <- S  150 Opening.
            C <- P  150 Opening.
            P ..    client leg open
            P ..    relays from server
            P ..    server leg ended
            P <- S  226 Complete.
            P ..    ends client leg
            P ..    client leg ended
            C <- P  226 Complete.
            """
        ).play(USABLE)

    def test_2xx_then_1xx_and_no_more(self) -> None:
        """226, 150, the data, and nothing more: the 226 was meant, and is told after a moment."""
        self.after_login(
            f"""
            {PASV_EPSV}
            {RETR}
            P ..    server leg open
            P <- S  226 Complete.
            P <- S  150 Opening.
            C <- P  150 Opening.
            P ..    client leg open
            P ..    relays from server
            P ..    server leg ended
            P ..    timer settle
            P ..    ends client leg
            P ..    client leg ended
            P ..    starts settle
            P ..    timer settle
            P ..    done complete RETR
            C <- P  226 Complete.
            """
        ).play(USABLE)

    def test_2xx_then_1xx_and_broken(self) -> None:
        """The same with a leg that breaks: a wait runs until there is a final reply, or none."""
        made = self.after_login(
            f"""
            {PASV_EPSV}
            {RETR}
            P ..    server leg open
            P <- S  226 Complete.
            P <- S  150 Opening.
            C <- P  150 Opening.
            P ..    client leg open
            P ..    relays from server
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
            {PASV_EPSV}
            {RETR}
            P ..    server leg open
            P <- S  200 OK.
            P <- S  150 Opening.
            C <- P  150 Opening.
            P ..    client leg open
            P ..    relays from server
            P <- S  451 Disk on fire.
            P ..    aborts client leg
            P ..    aborts server leg
            P ..    done broken RETR
            C <- P  451 Disk on fire.
            """
        ).play(USABLE)

    def test_duplicate_226(self) -> None:
        """Quirk 5: a second 226 is dropped, during the transfer and after it."""
        self.after_login(
            f"""
            {RELAYED}
            P <- S  226 Complete.
            P <- S  226 Complete.
            P ..    server leg ended
            P ..    ends client leg
            P ..    client leg ended
            C <- P  226 Complete.
            P <- S  226 Complete.
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
            P ..    client leg open
            P ..    relays from server
            P ..    server leg ended
            P ..    ends client leg
            P ..    client leg ended
            C <- P  226 Complete.
            """
        ).play(USABLE)


class Refused(LadderTest):
    """The server says no."""

    def test_550_instead_of_150(self) -> None:
        """The refusal is the client's; both legs are given up, the session stays usable."""
        self.after_login(
            f"""
            {PASV_EPSV}
            {RETR}
            P <- S  550 No such file.
            P ..    aborts client leg
            P ..    aborts server leg
            P ..    done refused RETR: No such file.
            C <- P  550 No such file.
            """
        ).play(USABLE)

    def test_refused_connection_first(self) -> None:
        """Quirk 24: ECONNREFUSED of the server's leg comes before its 550; the 550 wins."""
        self.after_login(
            f"""
            {PASV_EPSV}
            {RETR}
            P ..    server leg failed: Connection refused
            P ..    aborts client leg
            P <- S  550 No such file.
            C <- P  550 No such file.
            """
        ).play(USABLE)

    def test_refused_connection_first_active_client(self) -> None:
        """The same with a client that would have been dialled: it never is."""
        self.after_login(
            f"""
            {PORT_EPSV}
            {RETR}
            P ..    server leg failed: Connection refused
            P <- S  550 No such file.
            C <- P  550 No such file.
            """
        ).play(USABLE)

    def test_broken_leg_then_425(self) -> None:
        """The server's leg breaks, then 150 and 425: the client gets one final reply, the 425."""
        self.after_login(
            f"""
            {PASV_EPSV}
            {RETR}
            P ..    server leg failed: Connection refused
            P ..    aborts client leg
            P <- S  150 Opening.
            P <- S  425 No data connection.
            C <- P  425 No data connection.
            """
        ).play(USABLE)

    def test_425_after_150(self) -> None:
        """Quirk 27: a 425 that follows the 150 is relayed at once."""
        self.after_login(
            f"""
            {PASV_EPSV}
            {RETR}
            P <- S  150 Opening.
            C <- P  150 Opening.
            P <- S  425 No data connection.
            P ..    aborts client leg
            P ..    aborts server leg
            C <- P  425 No data connection.
            """
        ).play(USABLE)

    def test_refused_mid_transfer(self) -> None:
        """Rule 1: a 4xx mid-transfer makes the client's leg fail, though the data has ended."""
        for ended in ("", "P ..    server leg ended"):
            aborted = "" if ended else "P ..    aborts server leg"
            self.after_login(
                f"""
                {RELAYED}
                {ended}
                P <- S  451 Disk on fire.
                P ..    aborts client leg
                {aborted}
                P ..    done broken RETR
                C <- P  451 Disk on fire.
                """
            ).play(USABLE)

    def test_refused_while_ending(self) -> None:
        """A 4xx that comes while the end is on its way stops it."""
        self.after_login(
            f"""
            {RELAYED}
            P ..    server leg ended
            P ..    timer settle
            P ..    ends client leg
            P <- S  426 Broken.
            P ..    aborts client leg
            C <- P  426 Broken.
            """
        ).play(USABLE)

    def test_upload_refused_at_the_end(self) -> None:
        """The server takes all data and then says 552."""
        self.after_login(
            f"""
            {STORED}
            P ..    client leg ended
            P ..    ends server leg
            P ..    server leg ended
            P <- S  552 Quota.
            C <- P  552 Quota.
            """
        ).play(USABLE)

    def test_empty_directory(self) -> None:
        """Quirk 29: an empty directory as 450 passes."""
        self.after_login(
            f"""
            {PASV_EPSV}
            C -> P  NLST
            P -> S  NLST
            P ..    connects to the server's port 50123
            P ..    server leg open
            P <- S  450 No files.
            P ..    aborts client leg
            P ..    aborts server leg
            C <- P  450 No files.
            """
        ).play(USABLE)

    def test_nothing_prepared(self) -> None:
        """A transfer without PASV or PORT is 425 and does not reach the server."""
        self.after_login("C -> P  RETR file\nC <- P  425 Use PORT or PASV first.").play(USABLE)

    def test_3xx(self) -> None:
        """A final reply that is neither success nor an error is not taken for success."""
        self.after_login(
            f"""
            {PASV_EPSV}
            {RETR}
            P <- S  350 What now?
            P ..    aborts client leg
            P ..    aborts server leg
            C <- P  350 What now?
            """
        ).play(USABLE)

    def test_final_reply_names_no_server(self) -> None:
        """Rule 4: an address in a final reply becomes the one the client knows."""
        self.after_login(
            f"""
            {PASV_EPSV}
            {RETR}
            P <- S  425 Cannot connect to 198.51.100.1.
            P ..    aborts client leg
            P ..    aborts server leg
            C <- P  425 Cannot connect to 192.0.2.7.
            """
        )


class Broken(LadderTest):
    """Rule 1: a leg breaks."""

    def test_server_leg(self) -> None:
        """A download whose source breaks fails at the client, whatever the server says."""
        for said, told in (
            ("426 Broken.", "426 Broken."),
            ("226 Complete.", "426 Transfer broken…"),
        ):
            self.after_login(
                f"""
                {RELAYED}
                P ..    server leg failed: reset
                P ..    aborts client leg
                P <- S  {said}
                C <- P  {told}
                """
            ).play(USABLE)

    def test_client_leg(self) -> None:
        """A download whose sink breaks fails at the server."""
        self.after_login(
            f"""
            {RELAYED}
            P ..    client leg failed: reset
            P ..    aborts server leg
            P ..    starts final-reply
            P <- S  226 Complete.
            P ..    done broken RETR: reset
            C <- P  426 Transfer broken: reset.
            """
        ).play(USABLE)

    def test_upload_source(self) -> None:
        """An upload whose source breaks is never ended cleanly towards the server."""
        self.after_login(
            f"""
            {STORED}
            P ..    client leg failed: reset
            P ..    aborts server leg
            P <- S  426 Broken.
            C <- P  426 Broken.
            """
        ).play(USABLE)

    def test_sink_breaks_at_its_end(self) -> None:
        """Bytes on the way that do not arrive make a 426 out of the 226."""
        self.after_login(
            f"""
            {RELAYED}
            P ..    server leg ended
            P <- S  226 Complete.
            P ..    ends client leg
            P ..    client leg failed: reset
            C <- P  426 Transfer broken: reset.
            """
        ).play(USABLE)

    def test_both_legs(self) -> None:
        """The first reason is the one told; nothing is aborted twice."""
        self.after_login(
            f"""
            {RELAYED}
            P ..    client leg failed: first
            P ..    aborts server leg
            P <- S  226 Complete.
            C <- P  426 Transfer broken: first.
            """
        ).play(USABLE)

    def test_client_leg_before_the_command(self) -> None:
        """A data connection that breaks before RETR spoils that transfer only."""
        self.after_login(
            f"""
            {PASV_EPSV}
            P ..    client leg open
            P ..    client leg failed: reset
            {RETR}
            P ..    server leg open
            P ..    aborts server leg
            P <- S  150 Opening.
            P <- S  226 Complete.
            C <- P  426 Transfer broken: reset.
            """
        ).play(USABLE)

    def test_client_refuses(self) -> None:
        """An active client that does not listen: 425, and the server's leg fails."""
        self.after_login(
            f"""
            {PORT_EPSV}
            {RETR}
            P ..    server leg open
            P <- S  150 Opening.
            C <- P  150 Opening.
            P ..    connects to the client's port 51201
            P ..    client leg failed: refused
            P ..    aborts server leg
            P <- S  226 Complete.
            C <- P  425 No data connection: refused.
            """
        ).play(USABLE)

    def test_late_events_of_a_leg(self) -> None:
        """What a driver still tells of a leg that is given up changes nothing."""
        made = self.after_login(
            f"""
            {RELAYED}
            P ..    server leg failed: reset
            P ..    aborts client leg
            """
        )
        for side in Side:
            made.session.conduct.opened(side)
            made.session.conduct.ended(side)
            made.session.conduct.failed(side, "again")
        made.play("P <- S  426 Broken.\nC <- P  426 Broken.")
        for side in Side:
            made.session.conduct.opened(side)
            made.session.conduct.ended(side)
            made.session.conduct.failed(side, "again")
        made.play(USABLE)


class NeverOpened(LadderTest):
    """Quirk 27a: a data connection that does not come.  Timer, 425, in step."""

    def test_client(self) -> None:
        """A passive client that does not connect: its 425 at once, the server is told by ABOR."""
        self.after_login(
            f"""
            {PASV_EPSV}
            {RETR}
            P ..    server leg open
            P <- S  150 Opening.
            P ..    starts data-open
            C <- P  150 Opening.
            P ..    timer data-open
            P ..    aborts client leg
            P => S  ABOR
            P ..    done broken RETR
            C <- P  425 No data connection: the client did not open it in time.
            P ..    timer settle
            P ..    aborts server leg
            C -> P  NOOP
            P <- S  426 Broken.
            P <- S  226 Aborted.
            P -> S  NOOP
            P <- S  200 Still here.
            C <- P  200 Still here.
            """
        ).play(USABLE)

    def test_client_one_reply_to_abor(self) -> None:
        """A server with one reply for both: the next command waits for the abort wait only."""
        self.after_login(
            f"""
            {PASV_EPSV}
            {RETR}
            P ..    server leg open
            P <- S  150 Opening.
            C <- P  150 Opening.
            P ..    timer data-open
            P ..    aborts client leg
            P => S  ABOR
            C <- P  425 No data connection…
            P ..    timer settle
            P ..    aborts server leg
            C -> P  NOOP
            P <- S  226 Aborted.
            P ..    timer abort
            P -> S  NOOP
            P <- S  200 Still here.
            C <- P  200 Still here.
            """
        ).play(USABLE)

    def test_client_no_reply_to_abor(self) -> None:
        """A server that does not answer at all is lost."""
        self.after_login(
            f"""
            {PASV_EPSV}
            {RETR}
            P ..    server leg open
            P <- S  150 Opening.
            C <- P  150 Opening.
            P ..    timer data-open
            P ..    aborts client leg
            P => S  ABOR
            C <- P  425 No data connection…
            P ..    timer settle
            P ..    aborts server leg
            P ..    timer final-reply
            C <- P  421 The server did not answer ABOR; closing.
            P ..    hangs up
            """
        )

    def test_server_passive(self) -> None:
        """A server whose data port swallows everything: both legs go, its reply is awaited."""
        self.after_login(
            f"""
            {PASV_EPSV}
            {RETR}
            P ..    starts data-open
            P ..    timer data-open
            P ..    aborts server leg
            P ..    aborts client leg
            P <- S  425 No data connection.
            C <- P  425 No data connection.
            """
        ).play(USABLE)

    def test_server_active(self) -> None:
        """An active server that says 150 and does not connect."""
        self.logged_in(ACTIVE_RULES).play(
            f"""
            {PORT_EPRT}
            C -> P  RETR file
            P -> S  RETR file
            P <- S  150 Opening.
            C <- P  150 Opening.
            P ..    connects to the client's port 51201
            P ..    client leg open
            P ..    timer data-open
            P ..    aborts server leg
            P => S  ABOR
            C <- P  425 No data connection: the server did not open it in time.
            P ..    timer settle
            P ..    aborts client leg
            P <- S  425 No data connection.
            P <- S  226 Aborted.
            """
        ).play(USABLE)

    def test_neither(self) -> None:
        """Neither side opens anything."""
        self.logged_in(ACTIVE_RULES).play(
            f"""
            {PASV_EPRT}
            C -> P  RETR file
            P -> S  RETR file
            P <- S  150 Opening.
            C <- P  150 Opening.
            P ..    timer data-open
            P ..    aborts client leg
            P ..    aborts server leg
            P => S  ABOR
            C <- P  425 No data connection…
            P <- S  226 Aborted.
            P ..    timer abort
            """
        ).play(USABLE)

    def test_slow_server_is_not_late(self) -> None:
        """Before the 150 a client that has not connected is not late, nor is a server that dials."""
        self.after_login(
            f"""
            {PASV_EPSV}
            {RETR}
            P ..    server leg open
            P ..    timer data-open
            P <- S  150 Opening.
            C <- P  150 Opening.
            P ..    client leg open
            P ..    relays from server
            """
        )

    def test_after_success(self) -> None:
        """A 226 without data on a leg that never opens is no success for the client."""
        self.after_login(
            f"""
            {PASV_EPSV}
            {RETR}
            P ..    server leg open
            P <- S  226 Complete.
            P ..    timer data-open
            P ..    aborts client leg
            P ..    aborts server leg
            C <- P  425 No data connection: the client did not open it in time.
            """
        ).play(USABLE)

    def test_server_fails_after_its_150(self) -> None:
        """A server that has said 150 waits for a connection that cannot come: ABOR ends that."""
        self.after_login(
            f"""
            {PASV_EPSV}
            {RETR}
            P <- S  150 Opening.
            C <- P  150 Opening.
            P ..    server leg failed: refused
            P ..    aborts client leg
            P => S  ABOR
            C <- P  425 No data connection: refused.
            P <- S  425 No data connection.
            P <- S  226 Aborted.
            """
        ).play(USABLE)


class NoFinalReply(LadderTest):
    """Quirk 28: data ended, and no final reply."""

    def test_download(self) -> None:
        """426 to the client, and the server is dropped."""
        self.after_login(
            f"""
            {RELAYED}
            P ..    server leg ended
            P ..    timer settle
            P ..    ends client leg
            P ..    client leg ended
            P ..    timer final-reply
            P ..    done broken RETR
            C <- P  426 Transfer broken: the server did not confirm it.
            C <- P  421 The server did not answer; closing.
            P ..    hangs up
            """
        )

    def test_upload(self) -> None:
        """The same for an upload."""
        self.after_login(
            f"""
            {STORED}
            P ..    client leg ended
            P ..    ends server leg
            P ..    server leg ended
            P ..    timer final-reply
            C <- P  426 Transfer broken: the server did not confirm it.
            C <- P  421 The server did not answer; closing.
            P ..    hangs up
            """
        )

    def test_broken_transfer(self) -> None:
        """A server that says nothing of a broken transfer is asked by ABOR; the session goes on."""
        self.after_login(
            f"""
            {RELAYED}
            P ..    client leg failed: reset
            P ..    aborts server leg
            P ..    timer final-reply
            P => S  ABOR
            C <- P  426 Transfer broken: reset.
            P <- S  226 Aborted.
            P ..    timer abort
            """
        ).play(USABLE)

    def test_settle_twice(self) -> None:
        """The settle wait decides once; a timer of a transfer that is over does nothing."""
        made = self.after_login(
            f"""
            {RELAYED}
            P ..    server leg ended
            P <- S  226 Complete.
            P ..    ends client leg
            """
        )
        made.play("P ..  timer settle\nP ..  client leg ended\nC <- P  226 Complete.").play(USABLE)


class LostControl(LadderTest):
    """A control connection ends during a transfer."""

    def test_server_lost_mid_download(self) -> None:
        """Rule 1: a server that dies mid-transfer fails the client's leg; 421 ends the session."""
        self.after_login(
            f"""
            {RELAYED}
            P ..    server lost
            P ..    aborts client leg
            P ..    aborts server leg
            P ..    done broken RETR
            C <- P  421 The server closed the connection.
            P ..    hangs up
            """
        )

    def test_server_lost_right_behind_its_data(self) -> None:
        """A server that dies ends its data with a clean FIN too: the client's leg still fails."""
        self.after_login(
            f"""
            {RELAYED}
            P ..    server leg ended
            P ..    server lost
            P ..    aborts client leg
            C <- P  421 The server closed the connection.
            P ..    hangs up
            """
        )

    def test_server_lost_before_150(self) -> None:
        """The same while the 150 is awaited."""
        self.after_login(
            f"""
            {PASV_EPSV}
            {RETR}
            P ..    server lost
            P ..    aborts client leg
            P ..    aborts server leg
            C <- P  421 The server closed the connection.
            P ..    hangs up
            """
        )

    def test_server_lost_while_prepared(self) -> None:
        """A prepared listener does not outlive the session."""
        self.after_login(
            f"""
            {PASV_EPSV}
            P ..    server lost
            P ..    aborts client leg
            C <- P  421 The server closed the connection.
            P ..    hangs up
            """
        )

    def test_server_lost_mid_upload(self) -> None:
        """An upload whose server dies is not reported complete."""
        self.after_login(
            f"""
            {STORED}
            P ..    client leg ended
            P ..    ends server leg
            P ..    server lost
            P ..    aborts server leg
            P ..    done broken STOR
            C <- P  421 The server closed the connection.
            P ..    hangs up
            """
        )

    def test_server_lost_after_its_226(self) -> None:
        """What the server called complete still reaches the client, whole, then the session ends."""
        self.after_login(
            f"""
            {RELAYED}
            P <- S  226 Complete.
            P ..    server lost
            P ..    server leg ended
            P ..    ends client leg
            P ..    client leg ended
            P ..    done complete RETR
            C <- P  226 Complete.
            C <- P  421 The server closed the connection.
            P ..    hangs up
            """
        )

    def test_server_lost_after_its_226_and_broken(self) -> None:
        """After that a broken leg is still a 426."""
        self.after_login(
            f"""
            {RELAYED}
            P <- S  226 Complete.
            P ..    server lost
            P ..    client leg failed: reset
            P ..    aborts server leg
            C <- P  426 Transfer broken: reset.
            C <- P  421 The server closed the connection.
            P ..    hangs up
            """
        )

    def test_abor_after_the_server_is_lost(self) -> None:
        """ABOR for data whose server is gone needs no server: it is answered at once."""
        self.after_login(
            f"""
            {RELAYED}
            P <- S  226 Complete.
            P ..    server lost
            C -> P  ABOR
            P ..    aborts client leg
            P ..    aborts server leg
            C <- P  426 Transfer aborted.
            C <- P  226 Abort successful.
            C <- P  421 The server closed the connection.
            P ..    hangs up
            """
        )

    def test_421_during_a_transfer(self) -> None:
        """Quirk 27: a 421 that follows the 150 is relayed at once, its FIN adds no second 421."""
        self.after_login(
            f"""
            {RELAYED}
            P <- S  421 Going down.
            P ..    aborts client leg
            P ..    aborts server leg
            C <- P  421 Going down.
            P ..    server lost
            P ..    hangs up
            """
        )

    def test_421_during_a_transfer_and_staying(self) -> None:
        """pyftpdlib's 421 for a data connection that did not come: the session goes on."""
        self.after_login(
            f"""
            {PASV_EPSV}
            {RETR}
            P <- S  150 Opening.
            C <- P  150 Opening.
            P <- S  421 Passive data channel timed out.
            P ..    aborts client leg
            P ..    aborts server leg
            C <- P  421 Passive data channel timed out.
            """
        ).play(USABLE)

    def test_client_lost(self) -> None:
        """Rule 1: a client that dies fails the server's leg at every phase of a transfer."""
        for before, aborted in (
            (PASV_EPSV, "P ..    aborts client leg"),
            (PASV_EPSV + RETR, "P ..    aborts client leg\nP ..    aborts server leg"),
            (RELAYED, "P ..    aborts client leg\nP ..    aborts server leg"),
            (RELAYED + "P ..    server leg ended\n", "P ..    aborts client leg"),
            (STORED, "P ..    aborts client leg\nP ..    aborts server leg"),
            (
                STORED + "P ..    client leg ended\nP ..    ends server leg\n",
                "P ..    aborts server leg",
            ),
        ):
            self.logged_in().play(f"{before}\nP ..  client lost\n{aborted}\nP ..  hangs up")

    def test_shutdown(self) -> None:
        """The gateway's own end fails the legs and tells the client."""
        made = self.after_login(RELAYED)
        made.end(reply(421, "Bye."))
        made.play(
            "P ..  aborts client leg\nP ..  aborts server leg\nC <- P  421 Bye.\nP ..  hangs up"
        )


class Meanwhile(LadderTest):
    """Commands of the client during a transfer: quirks 33 and 34."""

    def test_commands_wait(self) -> None:
        """NOOP and QUIT mid-transfer wait for its end; nothing goes to the server."""
        self.after_login(
            f"""
            {RELAYED}
            C -> P  NOOP
            C -> P  QUIT
            P ..    server leg ended
            P <- S  226 Complete.
            P ..    ends client leg
            P ..    client leg ended
            C <- P  226 Complete.
            P -> S  NOOP
            P <- S  200 OK.
            C <- P  200 OK.
            P -> S  QUIT
            P <- S  221 Bye.
            C <- P  221 Bye.
            P ..    hangs up
            """
        )

    def test_stat(self) -> None:
        """STAT mid-transfer is answered with the bytes so far."""
        self.after_login(f"{RELAYED}\nC -> P  STAT\nP ..    reports progress\n")

    def test_stat_in_the_queue(self) -> None:
        """A STAT behind another command waits for its turn."""
        self.after_login(
            f"""
            {RELAYED}
            C -> P  NOOP
            C -> P  STAT
            P <- S  451 No.
            P ..    aborts client leg
            P ..    aborts server leg
            C <- P  451 No.
            P -> S  NOOP
            P <- S  200 OK.
            C <- P  200 OK.
            P -> S  STAT
            """
        )

    def test_idle_does_not_run(self) -> None:
        """A long transfer is not idle; the wait begins again behind it."""
        self.after_login(
            f"""
            {PASV_EPSV}
            {RETR}
            P <- S  150 Opening.
            P ..    stops idle
            C <- P  150 Opening.
            P <- S  426 No.
            P ..    aborts client leg
            P ..    aborts server leg
            P ..    starts idle
            C <- P  426 No.
            """
        )

    def test_pasv_does_not_disturb(self) -> None:
        """A pipelined PASV does not take the running transfer's legs."""
        self.after_login(
            f"""
            {RELAYED}
            C -> P  PASV
            P ..    server leg ended
            P <- S  226 Complete.
            P ..    ends client leg
            P ..    client leg ended
            C <- P  226 Complete.
            P -> S  EPSV
            P <- S  229 Extended (|||50124|)
            P ..    listens for the client on 50001
            C <- P  227 Entering Passive Mode (192,0,2,1,195,81)
            """
        )


class Restart(LadderTest):
    """Quirk 30: REST stands right before the transfer command."""

    def test_held(self) -> None:
        """REST, PASV, RETR: REST is sent again, with nothing between it and RETR."""
        self.after_login(
            f"""
            C -> P  REST 100
            P -> S  REST 100
            P <- S  350 Restarting.
            C <- P  350 Restarting.
            {PASV_EPSV}
            C -> P  RETR file
            P -> S  REST 100
            P <- S  350 Restarting.
            P -> S  RETR file
            P ..    connects to the server's port 50123
            """
        )

    def test_right_before(self) -> None:
        """PASV, REST, RETR: it stands where it must, once."""
        self.after_login(
            f"""
            {PASV_EPSV}
            C -> P  REST 100
            P -> S  REST 100
            P <- S  350 Restarting.
            C <- P  350 Restarting.
            {RETR}
            """
        )

    def test_every_restartable_verb(self) -> None:
        """STOR, APPE and STOU take it too; a listing does not, and it is gone then."""
        for verb in ("STOR f", "APPE f", "STOU"):
            self.after_login(
                f"""
                C -> P  REST 100
                P -> S  REST 100
                P <- S  200 Restarting.
                C <- P  200 Restarting.
                {PASV_EPSV}
                C -> P  {verb}
                P -> S  REST 100
                P <- S  120 Soon.
                P <- S  200 Restarting.
                P -> S  {verb}
                P ..    connects to the server's port 50123
                """
            )
        self.after_login(
            f"""
            C -> P  REST 100
            P -> S  REST 100
            P <- S  350 Restarting.
            C <- P  350 Restarting.
            {PASV_EPSV}
            C -> P  LIST
            P -> S  LIST
            P ..    connects to the server's port 50123
            P <- S  550 No.
            P ..    aborts client leg
            P ..    aborts server leg
            C <- P  550 No.
            {PASV_EPSV}
            {RETR}
            """
        )

    def test_once(self) -> None:
        """A REST is good for one transfer."""
        self.after_login(
            f"""
            {PASV_EPSV}
            C -> P  REST 100
            P -> S  REST 100
            P <- S  350 Restarting.
            C <- P  350 Restarting.
            {RETR}
            P <- S  550 No.
            P ..    aborts client leg
            P ..    aborts server leg
            C <- P  550 No.
            {PASV_EPSV}
            {RETR}
            """
        )

    def test_refused(self) -> None:
        """A refused REST is not held; one that is refused the second time ends the transfer."""
        self.after_login(
            f"""
            C -> P  REST 100
            P -> S  REST 100
            P <- S  502 No.
            C <- P  502 No.
            {PASV_EPSV}
            {RETR}
            """
        )
        self.after_login(
            f"""
            C -> P  REST 100
            P -> S  REST 100
            P <- S  350 Restarting.
            C <- P  350 Restarting.
            {PASV_EPSV}
            C -> P  RETR file
            P -> S  REST 100
            P <- S  501 No.
            P ..    aborts client leg
            P ..    done refused RETR: No.
            C <- P  501 No.
            """
        ).play(USABLE)

    def test_superseded(self) -> None:
        """The last REST counts; one that is refused takes the one before with it."""
        self.after_login(
            f"""
            C -> P  REST 100
            P -> S  REST 100
            P <- S  350 Restarting.
            C <- P  350 Restarting.
            C -> P  REST 0
            P -> S  REST 0
            P <- S  350 Restarting.
            C <- P  350 Restarting.
            {PASV_EPSV}
            C -> P  RETR file
            P -> S  REST 0
            """
        )

    def test_number(self) -> None:
        """REST without a number is refused here: 501 cannot be misread as a position."""
        for argument in ("", " ", " -1", " abc", " 1 2"):
            self.after_login(f"C -> P  REST{argument}\\s\nC <- P  501 REST needs…").play(USABLE)


class Surplus(LadderTest):
    """Quirk 5: replies between commands while a transfer is prepared."""

    def test_421_and_425_of_pyftpdlib(self) -> None:
        """Both are dropped; the next command gets its own answer."""
        for said in ("421 Passive data channel timed out.", "425 Rejected data connection."):
            self.after_login(f"{PASV_EPSV}\nP <- S  {said}\n").play(USABLE)

    def test_421_of_pyftpdlib_and_a_transfer(self) -> None:
        """The dropped 421 is not taken for the answer of the transfer that follows."""
        self.after_login(
            f"""
            {PASV_EPSV}
            P ..    client leg open
            P <- S  421 Passive data channel timed out.
            {RETR}
            P ..    server leg open
            P ..    relays from server
            P ..    server leg ended
            P ..    timer settle
            P ..    ends client leg
            """
        )

    def test_150_while_prepared(self) -> None:
        """A 150 that answers nothing ends the session and closes what was prepared."""
        self.after_login(
            f"""
            {PASV_EPSV}
            P <- S  150 Opening.
            P ..    aborts client leg
            C <- P  421 The server sent a reply that answers no command; closing.
            P ..    hangs up
            """
        )

    def test_late_226_is_not_the_answer_to_pasv(self) -> None:
        """A late 226 is not taken for the answer to the next PASV or EPSV."""
        for traits, verb, answer in (
            (Traits(), "EPSV", "229 Extended (|||50123|)"),
            (Traits(epsv=False), "PASV", "227 (10,0,0,1,195,203)"),
        ):
            self.logged_in(traits=traits).play(
                f"""
                C -> P  PASV
                P -> S  {verb}
                P <- S  226 Complete.
                P <- S  {answer}
                P ..    listens for the client on 50000
                C <- P  227 Entering Passive Mode (192,0,2,1,195,80)
                """
            )
