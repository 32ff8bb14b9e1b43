"""Where transfers, accounts and ways are counted: what is said where there is no room for one more."""

from __future__ import annotations

from ftpalg.core import actions as do
from ftpalg.core import events as ev
from ftpalg.core import facts
from ftpalg.core.ends import Reason
from ftpalg.core.routes import Server
from ftpalg.core.session_settings import Rules
from tests.core.ladder import LadderTest, actions

COUNTED = Rules(server=Server("192.0.2.9"), counted=True)
READY = """
    P ..    dials 192.0.2.9:21
    P ..    connected
    P <- S  220 Welcome.
    C <- P  220 Welcome.
    C -> P  USER kim
    P -> S  USER kim
    P <- S  331 Password.
    C <- P  331 Password.
    C -> P  PASS secret
    P -> S  PASS secret
    P <- S  230 In.
    C <- P  230 In.
    C -> P  PASV
    P -> S  EPSV
    P <- S  229 (|||50123|)
    P ..    listens for the client on 50000
    C <- P  227 Entering Passive Mode (192,0,2,1,195,80)
"""


class Transfers(LadderTest):
    """A transfer begins when it has been told that there is room."""

    def test_room(self) -> None:
        """It goes as where nothing is counted."""
        self.ladder(COUNTED).play(
            READY,
            """
            C -> P  RETR file
            P ..    has room for RETR
            P -> S  RETR file
            P ..    connects to the server's port 50123
            P <- S  550 No such file.
            C <- P  550 No such file.
            P ..    closes client leg
            P ..    aborts server leg
            """,
        )

    def test_none(self) -> None:
        """The server hears nothing of it; the client's reply comes before its data connection's end."""
        ladder = self.ladder(COUNTED).play(
            READY,
            """
            C -> P  STOR file
            P ..    has no room for STOR: Too many transfers.
            C <- P  450 Too many transfers.
            P ..    closes client leg
            C -> P  NOOP
            P -> S  NOOP
            P <- S  200 Fine.
            C <- P  200 Fine.
            """,
        )
        told = [a.fact for a in actions(ladder, do.Tell)]
        answered = [one for one in told if isinstance(one, facts.CommandAnswered)]
        self.assertEqual(answered[-2].command.verb, b"STOR")

    def test_quota(self) -> None:
        """One that a quota stands against has the quota's code."""
        self.ladder(COUNTED).play(
            READY,
            """
            C -> P  RETR file
            P ..    has no room for RETR (552): Your 9 downloads for today are used up.
            C <- P  552 Your 9 downloads for today are used up.
            P ..    closes client leg
            C -> P  NOOP
            P -> S  NOOP
            P <- S  200 Fine.
            C <- P  200 Fine.
            """,
        )

    def test_rest(self) -> None:
        """The server has heard its REST, and not the command: the next file begins at its start."""
        self.ladder(COUNTED).play(
            READY,
            """
            C -> P  REST 100
            P -> S  REST 100
            P <- S  350 From there.
            C <- P  350 From there.
            C -> P  RETR file
            P ..    has no room for RETR: Too many transfers.
            C <- P  450 Too many transfers.
            P ..    closes client leg
            C -> P  PASV
            P -> S  EPSV
            P <- S  229 (|||50124|)
            P ..    listens for the client on 50001
            C <- P  227 Entering Passive Mode (192,0,2,1,195,81)
            C -> P  RETR file
            P ..    has room for RETR
            P -> S  REST 0
            P <- S  350 From the start.
            P -> S  RETR file
            P ..    connects to the server's port 50124
            P <- S  550 No such file.
            C <- P  550 No such file.
            P ..    closes client leg
            P ..    aborts server leg
            """,
        )

    def test_broken_before(self) -> None:
        """Its leg broke while it asked, or before: it is told so, whatever the answer."""
        self.ladder(COUNTED).play(
            READY,
            """
            P ..    client leg failed: client: reset
            C -> P  RETR file
            P ..    has room for RETR
            C <- P  425 No data connection: client: reset.
            """,
        )

    def test_unasked(self) -> None:
        """An answer to nobody means nothing."""
        ladder = self.ladder(COUNTED).play(READY)
        ladder.feed(ev.RoomAnswered("No."))
        ladder.play("C -> P  NOOP\nP -> S  NOOP")
        ladder.feed(ev.RoomAnswered("No."))
        ladder.play("P <- S  200 Fine.\nC <- P  200 Fine.")


class Ways(LadderTest):
    """No room on the route, at the server."""

    def test_way(self) -> None:
        """421, and the record has the reason."""
        for what, why in (("route", Reason.ROUTE_FULL), ("server", Reason.SERVER_FULL)):
            ladder = self.ladder(COUNTED).play(
                f"""
                P ..    dials 192.0.2.9:21
                P ..    {what} is full
                C <- P  421 Too many sessions there.
                P ..    hangs up
                """,
            )
            (closed,) = [
                a.fact for a in actions(ladder, do.Tell) if isinstance(a.fact, facts.SessionClosed)
            ]
            self.assertIs(closed.reason, why)
