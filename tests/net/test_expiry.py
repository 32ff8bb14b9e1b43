"""How often it is told that a certificate ends."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.certificates import CertificateDue
from ftpalg.net.tls.expiry import MOST, Expiry, few
from ftpalg.net.tls.validity import Dated, of_authorities, of_pair
from tests.net.dates import DAY, NOON, dated
from tests.net.doubles import Log

HOUR = timedelta(hours=1)


class Told(SynchronousTestCase):
    """Hour by hour."""

    def setUp(self) -> None:
        self.log: Any = Log()
        self.expiry = Expiry(self.log)

    def look(self, found: list[Dated], now: datetime) -> list[str]:
        """What is told now."""
        self.log.news.clear()
        self.expiry.look(found, now)
        return [f"{due.problem} {due.days}" for due in self.log.news]

    def of(self, end: datetime, begin: datetime | None = None) -> list[Dated]:
        """One certificate's."""
        return list(of_pair("client-tls", Path("a.pem"), [dated(end, begin)]))

    def over(self, found: list[Dated], begin: datetime, hours: int) -> list[str]:
        """What is told in so many hours."""
        looks = (self.look(found, begin + at * HOUR) for at in range(hours))
        return [told for look in looks for told in look]

    def test_steps_once(self) -> None:
        """Each step is told once, and the end each day."""
        found = self.of(NOON + 30 * DAY)
        self.assertEqual(
            self.over(found, NOON, 24 * 33),
            ["expires 21", "expires 7", "expires 1", "expired 0", "expired -1", "expired -2"],
        )

    def test_steps_that_were_missed(self) -> None:
        """A gateway that starts late tells the nearest alone."""
        self.assertEqual(self.over(self.of(NOON + 3 * DAY), NOON, 24), ["expires 3"])

    def test_not_yet_valid(self) -> None:
        """Each day, too, until it is."""
        found = self.of(NOON + 90 * DAY, NOON + 2 * DAY)
        self.assertEqual(self.over(found, NOON, 24 * 9), ["early 90", "early 89"])

    def test_renewed(self) -> None:
        """A new one that lasts is no matter; when it ends in its turn the steps are told again."""
        self.assertEqual(self.look(self.of(NOON + DAY), NOON), ["expires 1"])
        self.assertEqual(self.look(self.of(NOON + 30 * DAY), NOON), [])
        self.assertEqual(self.look(self.of(NOON + 30 * DAY), NOON + 29 * DAY), ["expires 1"])

    def test_short_lived(self) -> None:
        """Certificates that live for a day, renewed all the time, are told of once."""
        for at in range(9):
            told = self.look(self.of(NOON + at * HOUR + DAY), NOON + at * HOUR)
            self.assertEqual(told, [] if at else ["expires 1"])

    def test_renewed_with_an_old_one(self) -> None:
        """What follows an expired one and ends soon is told at once."""
        self.assertEqual(self.look(self.of(NOON - DAY), NOON), ["expired -1"])
        self.assertEqual(self.look(self.of(NOON + 9 * DAY), NOON), ["expires 9"])
        self.assertEqual(self.look(self.of(NOON - 2 * DAY), NOON), ["expired -2"])

    def test_clock_forward(self) -> None:
        """A clock that jumps over the end, or is set right after a start in 1970."""
        found = self.of(NOON + 30 * DAY)
        self.assertEqual(self.look(found, datetime(1970, 1, 1, tzinfo=NOON.tzinfo))[0][:5], "early")
        self.assertEqual(self.look(found, NOON), [])
        self.assertEqual(self.look(found, NOON + 99 * DAY), ["expired -69"])

    def test_clock_back(self) -> None:
        """One that is set back does not silence for the time that it was ahead."""
        found = self.of(NOON)
        self.assertEqual(self.look(found, NOON + 90 * DAY), ["expired -90"])
        self.assertEqual(self.look(found, NOON + 2 * DAY), ["expired -2"])
        self.assertEqual(self.look(found, NOON + 2 * DAY - HOUR), [])
        self.assertEqual(self.look(found, NOON - HOUR), ["expires 0"])

    def test_bundles(self) -> None:
        """Of a file with many the gravest are told one by one, of the others how many."""
        ends = [*range(1, 5), *range(-4, 0)]
        found = of_authorities(Path("ca.pem"), [dated(NOON + e * DAY, name=f"A{e}") for e in ends])
        told = self.look(list(found), NOON)
        self.assertEqual(told[:MOST], ["expired -4", "expired -3", "expired -2"])
        self.assertEqual(len(told), MOST + 1)
        last: CertificateDue = self.log.news[-1]
        more = "server-tls.ca: ca.pem: 5 more of its certificates have expired or are about to"
        self.assertEqual((last.sentence, last.grave), (more, True))

    def test_few(self) -> None:
        """As many as are told are told whole."""
        found = [
            CertificateDue("s", "f", "expires", str(at), not_after=str(at)) for at in range(MOST)
        ]
        self.assertEqual(few(found[::-1]), found)
