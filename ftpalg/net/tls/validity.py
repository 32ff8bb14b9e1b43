"""When the gateway's own certificates, authorities and revocation lists hold, and what is to be said of it.

All of it is told against a time that is given, as certificates count by the wall clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import NamedTuple

from cryptography import x509

from ftpalg.core.certificates import CertificateDue
from ftpalg.core.value import value
from ftpalg.core.wire.printing import printable

DAY = timedelta(days=1)
AHEAD = (1 * DAY, 7 * DAY, 21 * DAY)
"""How long before its end a certificate is told of, the nearest first."""
LONGEST = 80
"""Characters of a subject."""


class Problem(Enum):
    """What is wrong with its time, as one word."""

    EXPIRES = "expires"
    EXPIRED = "expired"
    EARLY = "early"

    @property
    def grave(self) -> bool:
        """True where it does not hold now."""
        return self is not Problem.EXPIRES


@value
class Dated(NamedTuple):
    """What holds for a time: ``what`` it is, of which setting and file, and how it is mended.

    ``ahead`` are the steps before its end at which it is told of.  There may be no ``end``.
    """

    setting: str
    file: Path
    what: str
    begin: datetime
    end: datetime
    remedy: str
    ahead: tuple[timedelta, ...] = AHEAD

    def step(self, now: datetime) -> tuple[Problem, timedelta] | None:
        """The problem that it has now, and the step before its end; None where all is well."""
        if self.end <= now:
            return Problem.EXPIRED, timedelta()
        if self.begin > now:
            return Problem.EARLY, timedelta()
        left = self.end - now
        nearest = next((step for step in self.ahead if left <= step), None)
        return None if nearest is None else (Problem.EXPIRES, nearest)

    def due(self, now: datetime) -> CertificateDue | None:
        """What is to be told of it now, or nothing."""
        step = self.step(now)
        if step is None:
            return None
        problem = step[0]
        whose = f"{self.file}: {self.what}".removesuffix(": ")
        if problem is Problem.EARLY:
            words = f"is not valid before {minutes(self.begin)}; this machine's clock says {minutes(now)}"
        elif problem is Problem.EXPIRED:
            words = f"has expired on {minutes(self.end)}; {self.remedy}"
        else:
            words = f"expires on {minutes(self.end)}, within {_span(step[1])}; {self.remedy}"
        return CertificateDue(
            self.setting,
            str(self.file),
            problem.value,
            f"{self.setting}: {whose} {words}",
            zulu(self.end),
            (self.end - now) // DAY,
            problem.grave,
        )


def of_pair(section: str, file: Path, chain: Sequence[x509.Certificate]) -> Iterator[Dated]:
    """Those of a certificate, and of the issuers behind it."""
    setting = f"{section}.certificate"
    own = chain[0].not_valid_before_utc, chain[0].not_valid_after_utc
    yield Dated(setting, file, "", *own, "renew it")
    for name, times in _by_subject(chain[1:]).items():
        yield Dated(setting, file, f"its issuer's certificate {name}", *times, "renew it")


def of_authorities(file: Path, found: Iterable[x509.Certificate]) -> Iterator[Dated]:
    """Those of authorities that servers are verified by."""
    remedy = "what it has issued is refused: get its new one"
    for name, times in _by_subject(found).items():
        yield Dated("server-tls.ca", file, f"the CA {name}", *times, remedy)


def _by_subject(found: Iterable[x509.Certificate]) -> dict[str, tuple[datetime, datetime]]:
    """From the first begin to the last end: a CA may have its next certificate beside the last."""
    times: dict[str, tuple[datetime, datetime]] = {}
    for one in found:
        name, begin, end = _subject(one), one.not_valid_before_utc, one.not_valid_after_utc
        known = times.get(name, (begin, end))
        times[name] = min(known[0], begin), max(known[1], end)
    return times


def of_list(file: Path, crl: x509.CertificateRevocationList) -> Iterator[Dated]:
    """That of a revocation list, which may have none: it is told in the last quarter of its time."""
    begin, end = crl.last_update_utc, crl.next_update_utc
    if end is not None:
        quarter = (end - begin) / 4
        ahead = (*(step for step in AHEAD if step < quarter), quarter)
        remedy = "without a fresh one its issuer's servers are refused"
        yield Dated("server-tls.crl", file, "", begin, end, remedy, ahead)


def _subject(certificate: x509.Certificate) -> str:
    try:
        text = printable(certificate.subject.rfc4514_string())
    except ValueError:  # it is read only now
        text = ""
    return (text if len(text) <= LONGEST else text[: LONGEST - 1] + "…") or "without a subject"


def _span(step: timedelta) -> str:
    if step >= DAY and step % DAY == timedelta():
        return f"{step.days} day{'s' * (step.days > 1)}"
    return f"{step / timedelta(hours=1):.0f} hours"


def minutes(when: datetime) -> str:
    """A time as people read it."""
    return f"{when:%Y-%m-%d %H:%M} UTC"


def zulu(when: datetime) -> str:
    """A time as RFC 3339 has it."""
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")
