"""FEAT: what is ours and what is the server's."""

from __future__ import annotations

from ftpalg.core.wire.features import TRANSPORT, list_features, rewrite_features
from ftpalg.core.wire.replies import Reply, reply
from tests.core.ladder import LadderTest
from tests.core.openings import GREETED

OURS = (b"EPRT", b"EPSV")
LISTED = Reply(211, (b"211-Features:", b" EPRT", b" EPSV", b"211 End"))


class Features(LadderTest):
    """The list as a client sees it."""

    def test_own(self) -> None:
        """Without a server's list the client learns ours."""
        self.assertEqual(list_features(OURS), LISTED)

    def test_rewritten(self) -> None:
        """Quirk 40: every transport line of the server goes in whatever spelling, the rest passes."""
        theirs = [
            b" MDTM",
            b" REST STREAM",
            b" UTF8",
            b" MLST size*;type*;",
            b"211-SIZE",
            b"  TVFS",
        ]
        spellings = (b" %b", b"  %b", b"211-%b", b"211- %b TLS", b" %b SSL;TLS-P;")
        for spelling in spellings:
            gone = [spelling % name for name in sorted(TRANSPORT)]
            gone += [line.lower() for line in gone]
            found = rewrite_features(
                Reply(211, (b"211-Extensions:", *theirs, *gone, b"211 End")), OURS
            )
            self.assertEqual(
                found.lines, (b"211-Extensions:", b" EPRT", b" EPSV", *theirs, b"211 End")
            )

    def test_spellings(self) -> None:
        """What stands before and behind a name does not hide it, nor does another code."""
        lines = (
            b" * AUTH TLS",
            b" PROT;",
            b" AUTH=SSL",
            b" PBSZ,PROT",
            b"214-EPSV",
            b" - CCC",
            b" *",
        )
        theirs = Reply(214, (b"214-Features", *lines, b" MDTM", b"214 End"))
        kept = (b"214-Features", b" EPRT", b" EPSV", b" *", b" MDTM", b"214 End")
        self.assertEqual(rewrite_features(theirs, OURS), Reply(214, kept))
        found = rewrite_features(theirs, (b"AUTH TLS",))
        self.assertEqual(found.code, 211, "clients look for TLS in no other")
        self.assertEqual(found.lines, (b"211-Features", b" AUTH TLS", b" *", b" MDTM", b"211 End"))

    def test_no_list(self) -> None:
        """A server that refuses FEAT is refused to the client, and so is any other word of it."""
        for theirs in (
            reply(500, "What?"),
            reply(502, "Not\nhere."),
            reply(530, "Log in."),
            reply(421, "Closing."),
            reply(200, "OK."),
            reply(214, "EPSV\nHelp"),
        ):
            self.assertEqual(rewrite_features(theirs, OURS), theirs)

    def test_no_list_where_auth_is_offered(self) -> None:
        """Clients look there for TLS: a list is made, and says what a server without FEAT can too."""
        made = Reply(
            211,
            (
                b"211-Features:",
                b" AUTH TLS",
                b" PBSZ",
                b" EPSV",
                b" MDTM",
                b" REST STREAM",
                b" SIZE",
                b"211 End",
            ),
        )
        for theirs in (reply(500, "What?"), reply(530, "Log in."), reply(200, "OK.")):
            self.assertEqual(rewrite_features(theirs, (b"AUTH TLS", b"PBSZ", b"EPSV")), made)

    def test_goodbye(self) -> None:
        """421 is the end of the session, whatever was asked."""
        closing = reply(421, "Closing.")
        self.assertEqual(rewrite_features(closing, (b"AUTH TLS", *OURS)), closing)

    def test_empty_list(self) -> None:
        """RFC 2389: 211 on one line says that there are no features; ours are, and no others."""
        for ours in (OURS, (b"AUTH TLS", *OURS)):
            found = rewrite_features(reply(211, "No features"), ours)
            self.assertEqual(found, list_features(ours))

    def test_dialogue(self) -> None:
        """The client gets the server's list with our lines, before and after the login."""
        self.ladder().play(GREETED).play(
            """
            C -> P  FEAT
            P -> S  FEAT
            P <- S  211-Extensions supported:
            P <- S   AUTH TLS
            P <- S   MDTM
            P <- S  EPSV
            P <- S  211 End
            C <- P  211-Extensions supported:
            C <- P   EPRT
            C <- P   EPSV
            C <- P   MDTM
            C <- P  211 End
            C -> P  FEAT
            P -> S  FEAT
            P <- S  120 Soon.
            C <- P  120 Soon.
            P <- S  530 Log in.
            C <- P  530 Log in.
            """
        )
