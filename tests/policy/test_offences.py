"""Which facts are offences, and which are none."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core import facts
from ftpalg.core.bans import Offence
from ftpalg.core.ends import Ender, Moment, Reason, Refusal
from ftpalg.core.events import Link, Side
from ftpalg.core.news import Probed, Refused
from ftpalg.policy.offences import NAMES, PEERS, Offences

LINK = Link("192.0.2.1", "192.0.2.254", 40000)
ACCOUNTS = {"joe": True, "eve": False}


class Facts(SynchronousTestCase):
    """One after another."""

    def setUp(self) -> None:
        self.offences = Offences(ACCOUNTS.get, lambda: {"ftp.example:21"})

    def of(self, fact: Any, server: str = "", peer: str = "192.0.2.1") -> Offence | None:
        """What it is."""
        return self.offences.of_session(peer, server, fact)

    def test_logins_here(self) -> None:
        """An account that is not there, a wrong password, and where nobody can tell which."""
        for user, wanted in (
            ("eve", Offence.UNKNOWN_ACCOUNT),
            ("joe", Offence.WRONG_PASSWORD),
            ("ann", Offence.WRONG_PASSWORD),
        ):
            self.assertEqual(self.of(facts.LoginRefused("no", user=user)), wanted)

    def test_not_checked(self) -> None:
        """That a directory is down is nobody's offence."""
        self.assertIsNone(self.of(facts.LoginRefused("no", user="eve", sure=False)))

    def test_logins_there(self) -> None:
        """What says that the login was wrong, and no trouble of the server's."""
        for code, wanted in (
            (530, Offence.WRONG_AT_SERVER),
            (430, Offence.WRONG_AT_SERVER),
            (421, None),
            (450, None),
            (550, None),
        ):
            self.assertEqual(self.of(facts.LoginRefused("no", code, Side.SERVER)), wanted, code)

    def test_ends(self) -> None:
        """Who is no FTP client; nothing that an operator, a server or the network has done."""
        found = {
            reason: offence
            for reason in Reason
            if (offence := self.of(facts.SessionClosed(reason, Moment.NAMING))) is not None
        }
        no_ftp = Reason.NOT_FTP, Reason.BAD_LINES, Reason.CLEAR_BEHIND_AUTH
        bad_tls = Reason.CLIENT_TLS, Reason.CLIENT_TLS_VERSION
        expected = dict.fromkeys(no_ftp, Offence.NO_FTP) | dict.fromkeys(bad_tls, Offence.BAD_TLS)
        self.assertEqual(found, expected)
        self.assertLessEqual({reason.ender for reason in found}, {Ender.CLIENT, Ender.GATEWAY})

    def test_scan(self) -> None:
        """Each other server once; one of the settings never, though it is down for all."""
        closed, forbidden = Reason.SERVER_UNREACHABLE, Reason.ADDRESS_FORBIDDEN
        for server, why, wanted in (
            ("a:21", closed, Offence.SCAN),
            ("a:21", forbidden, None),
            ("a:22", forbidden, Offence.SCAN),
            ("ftp.example:21", closed, None),
            ("b:21", Reason.SERVER_DRAINED, None),
        ):
            self.assertEqual(self.of(facts.ServerUnreachable("no", why), server), wanted, server)
        other = self.of(facts.ServerUnreachable("no"), "a:21", "192.0.2.2")
        self.assertEqual(other, Offence.SCAN)

    def test_scan_is_bounded(self) -> None:
        """In servers of a peer, and in peers; so many are remembered."""
        for at in range(NAMES):
            self.of(facts.ServerUnreachable("no"), f"b:{at}", "other")
        self.assertIsNone(self.of(facts.ServerUnreachable("no"), "b:0", "other"))
        for at in range(PEERS - 1):
            self.of(facts.ServerUnreachable("no"), "b:0", f"another {at}")
        self.assertIsNone(self.of(facts.ServerUnreachable("no"), "b:0", "other"))
        for at in range(NAMES + 1):
            self.of(facts.ServerUnreachable("no"), f"a:{at}")
        self.assertEqual(self.of(facts.ServerUnreachable("no"), "a:0"), Offence.SCAN)
        for at in range(PEERS):
            self.of(facts.ServerUnreachable("no"), "a:0", f"peer {at}")
        self.assertEqual(self.of(facts.ServerUnreachable("no"), "a:0"), Offence.SCAN)
        self.assertIsNone(self.of(facts.ServerUnreachable("no"), "a:0"))

    def test_refusals(self) -> None:
        """Who exceeds a share of one peer; what all have used up is nobody's own doing."""
        found = {why for why in Refusal if self.offences.of_gateway(Refused(LINK, "no", why))}
        self.assertEqual(found, {Refusal.TOO_MANY_OF_PEER, Refusal.DESCRIPTORS_OF_PEER})
        self.assertIsNone(self.offences.of_gateway(Probed("192.0.2.1")))

    def test_others(self) -> None:
        """Any other fact is none."""
        for fact in (facts.Noted("a note"), facts.LoggedIn("joe"), facts.SessionOpened()):
            self.assertIsNone(self.of(fact))
