"""What anybody may know who can reach it: metrics, readiness, life.  Looked at with GET and HEAD alone."""

from __future__ import annotations

from collections.abc import Callable

from ftpalg.admin.asking import Refusal, Text, not_taken
from ftpalg.admin.steered import NoMetrics, Published

PLAIN = "text/plain; charset=utf-8"


def _metrics(gateway: Published) -> Text:
    try:
        kind, pieces = gateway.scrape()
    except NoMetrics as error:
        raise Refusal(501, str(error)) from None
    return Text(kind, pieces)


def _ready(gateway: Published) -> Text:
    if gateway.ready:
        return Text(PLAIN, iter((b"ready\n",)))
    return Text(PLAIN, iter((b"not ready: no sessions begin here now\n",)), 503)


def _live(gateway: Published) -> Text:
    """Whoever can say so lives."""
    return Text(PLAIN, iter((b"live\n",)))


PAGES: dict[bytes, Callable[[Published], Text]] = {
    b"/metrics": _metrics,
    b"/ready": _ready,
    b"/live": _live,
}


def answered(gateway: Published, method: bytes, path: bytes) -> Text | None:
    """The page, None where there is none of that path.  Raise Refusal."""
    page = PAGES.get(path)
    if page is None:
        return None
    if method not in (b"GET", b"HEAD"):
        raise not_taken(("GET",))
    return page(gateway)
