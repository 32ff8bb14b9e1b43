"""What is said of a certificate, an authority or a list, and when."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.certificates import CertificateDue
from ftpalg.net.tls.validity import Dated, of_authorities, of_list, of_pair
from tests.net.dates import DAY, NOON, dated, listed

FILE = Path("a.pem")
SECOND = timedelta(0, 1)


def one(left: timedelta, begin: timedelta = -9 * DAY) -> Dated:
    """A certificate that has so long to live, and has lived since then."""
    (found,) = of_pair("client-tls", FILE, [dated(NOON + left, NOON + begin)])
    return found


class Steps(SynchronousTestCase):
    """Of certificates."""

    def said(self, made: Dated) -> tuple[str, str]:
        """The problem, and the sentence."""
        due = made.due(NOON)
        return ("", "") if due is None else (due.problem, due.sentence)

    def test_each(self) -> None:
        """Nothing above 21 days; then the three steps, each from its first second to its last."""
        for left, problem, words in (
            (21 * DAY + SECOND, "", ""),
            (21 * DAY, "expires", "within 21 days"),
            (7 * DAY + SECOND, "expires", "within 21 days"),
            (7 * DAY, "expires", "within 7 days"),
            (1 * DAY + SECOND, "expires", "within 7 days"),
            (1 * DAY, "expires", "within 1 day;"),
            (SECOND, "expires", "within 1 day;"),
            (0 * DAY, "expired", "has expired on 2030-06-15 12:00 UTC; renew it"),
            (-40 * DAY, "expired", "has expired on 2030-05-06"),
        ):
            found = self.said(one(left, -90 * DAY))
            self.assertEqual(found[0], problem, left)
            self.assertIn(words, found[1])

    def test_early(self) -> None:
        """Not yet valid: with its begin and the clock, which may be what is wrong."""
        self.assertEqual(
            self.said(one(9 * DAY, SECOND)),
            (
                "early",
                "client-tls.certificate: a.pem is not valid before 2030-06-15 12:00 UTC;"
                " this machine's clock says 2030-06-15 12:00 UTC",
            ),
        )
        self.assertEqual(self.said(one(9 * DAY, 0 * DAY))[0], "expires")

    def test_whole(self) -> None:
        """Everything that a record has; days that are left are whole ones, below 0 behind the end."""
        self.assertEqual(
            one(6.5 * DAY).due(NOON),
            CertificateDue(
                "client-tls.certificate",
                "a.pem",
                "expires",
                "client-tls.certificate: a.pem expires on 2030-06-22 00:00 UTC, within 7 days; renew it",
                "2030-06-22T00:00:00Z",
                6,
            ),
        )
        for left, days in ((0 * DAY, 0), (-SECOND, -1), (-2 * DAY, -2)):
            due = one(left).due(NOON)
            assert due is not None
            self.assertEqual((due.days, due.grave), (days, True))

    def test_issuers(self) -> None:
        """Those behind a certificate count too: without them clients find no way to the CA."""
        chain = [dated(NOON + 90 * DAY), dated(NOON - DAY, name="middle\x1b[2J")]
        _, issuer = of_pair("server-tls", FILE, chain)
        said = self.said(issuer)
        self.assertEqual(said[0], "expired")
        self.assertIn(
            r"server-tls.certificate: a.pem: its issuer's certificate CN=middle\x1b[2J has expired",
            said[1],
        )

    def test_authorities(self) -> None:
        """By their subjects; a CA may have its next certificate beside the last."""
        old, new = (dated(NOON + left * DAY, name="A") for left in (5, 500))
        for order in ((old, new), (new, old)):
            (found,) = of_authorities(FILE, order)
            self.assertEqual(self.said(found), ("", ""))
        old = dated(NOON - DAY, name="A")
        nameless = dated(NOON - DAY, name="")
        found, other = of_authorities(FILE, (old, nameless))
        self.assertIn("server-tls.ca: a.pem: the CA CN=A has expired", self.said(found)[1])
        self.assertIn("the CA without a subject has expired", self.said(other)[1])

    def test_long_subject(self) -> None:
        """A subject is cut."""
        name = "/".join(["x" * 30] * 2)
        (found,) = of_authorities(FILE, [dated(NOON - DAY, name=name)])
        self.assertIn(f"CN={name} has", self.said(found)[1])
        (found,) = of_authorities(FILE, [dated(NOON - DAY, name="\x07" * 64)])
        self.assertRegex(self.said(found)[1], r"the CA CN=(\\x07)+\\?x?0?… has expired")


class Lists(SynchronousTestCase):
    """Of revocation lists, which live for hours or for months."""

    def steps(self, life: timedelta) -> list[timedelta]:
        """How long before its end each step begins, the first first."""
        (found,) = of_list(FILE, listed(NOON - life, NOON))
        steps = []
        for hours in range(int(life / timedelta(hours=1)), 0, -1):
            left = timedelta(hours=hours)
            step = found.step(NOON - left)
            if step is not None and step[1] not in steps:
                steps.append(step[1])
                self.assertEqual(step[1], left)
        return steps

    def test_quarter(self) -> None:
        """The last quarter of its time, and the steps of certificates that lie in it."""
        for life, steps in (
            (1 * DAY, [DAY / 4]),
            (8 * DAY, [2 * DAY, DAY]),
            (36 * DAY, [9 * DAY, 7 * DAY, DAY]),
        ):
            self.assertEqual(self.steps(life), steps)

    def test_said(self) -> None:
        """With what comes of it."""
        (found,) = of_list(FILE, listed(NOON - DAY, NOON))
        for now, words in (
            (NOON - DAY / 4, "expires on 2030-06-15 12:00 UTC, within 6 hours; "),
            (NOON, "has expired on 2030-06-15 12:00 UTC; "),
        ):
            due = found.due(now)
            assert due is not None
            remedy = "without a fresh one its issuer's servers are refused"
            self.assertEqual(due.sentence, f"server-tls.crl: a.pem {words}{remedy}")
