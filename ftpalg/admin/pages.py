"""What anybody may know who can reach it: metrics, readiness, life.  Looked at with GET and HEAD alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from ftpalg.admin.asking import Refusal, Text, Waited, not_taken
from ftpalg.admin.steered import NoMetrics, Published
from ftpalg.core.value import value

PLAIN = "text/plain; charset=utf-8"


def _metrics(gateway: Published) -> Text | Waited:
    try:
        scraped = gateway.scrape()
    except NoMetrics as error:
        raise Refusal(501, str(error)) from None
    return scraped if isinstance(scraped, Waited) else Text(*scraped)


def _ready(gateway: Published) -> Text:
    if gateway.ready:
        return Text(PLAIN, iter((b"ready\n",)))
    return Text(PLAIN, iter((b"not ready: no sessions begin here now\n",)), 503)


def _live(gateway: Published) -> Text:
    """Whoever can say so lives."""
    return Text(PLAIN, iter((b"live\n",)))


@value
class Page(NamedTuple):
    """What it tells, by what, and what else than 200 it may say in plain text."""

    meaning: str
    shown: Callable[[Published], Text | Waited]
    others: Mapping[int, str] = {}


PAGES: Mapping[bytes, Page] = {
    b"/metrics": Page("the metrics, as Prometheus reads them", _metrics),
    b"/ready": Page(
        "whether clients that come get sessions",
        _ready,
        {503: "They do not: it drains, or does not listen yet."},
    ),
    b"/live": Page("whether it lives", _live),
}


def answered(gateway: Published, method: bytes, path: bytes) -> Text | Waited | None:
    """The page, None where there is none of that path.  Raise Refusal."""
    page = PAGES.get(path)
    if page is None:
        return None
    if method not in (b"GET", b"HEAD"):
        raise not_taken(("GET",))
    return page.shown(gateway)
