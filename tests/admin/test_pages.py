"""Metrics, readiness, life."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.admin.asking import Refusal, Text
from ftpalg.admin.pages import PAGES, PLAIN, answered
from tests.admin.everybody import METRICS, Everybody


class Pages(SynchronousTestCase):
    """Each page."""

    def setUp(self) -> None:
        self.gateway = Everybody()

    def page(self, path: bytes, method: bytes = b"GET") -> Text:
        """One that is there."""
        found = answered(self.gateway, method, path)
        assert isinstance(found, Text)
        return found

    def test_metrics(self) -> None:
        """In steps, of their own kind; nothing is done before they are asked for."""
        found = self.page(b"/metrics")
        self.assertEqual(
            (found.status, found.kind), (200, "text/plain; version=0.0.4; charset=utf-8")
        )
        self.assertEqual(self.gateway.steps, 0)
        self.assertEqual(tuple(found.pieces), METRICS)

    def test_no_metrics(self) -> None:
        """Why, and what to do."""
        self.gateway.missing = "install it"
        refusal = self.assertRaises(Refusal, self.page, b"/metrics")
        self.assertEqual((refusal.status, refusal.sentence), (501, "install it"))

    def test_ready(self) -> None:
        """503 while no session begins."""
        for ready, status in ((True, 200), (False, 503)):
            self.gateway.ready = ready
            found = self.page(b"/ready")
            self.assertEqual((found.status, found.kind), (status, PLAIN))
            self.assertEqual(b"".join(found.pieces).startswith(b"not "), not ready)

    def test_live(self) -> None:
        """Whoever drains lives."""
        self.gateway.ready = False
        self.assertEqual(self.page(b"/live").status, 200)

    def test_methods(self) -> None:
        """They change nothing, so they are only looked at."""
        for path in PAGES:
            self.assertEqual(self.page(path, b"HEAD").kind, self.page(path).kind)
            for method in (b"POST", b"PUT", b"DELETE", b"OPTIONS", b"TRACE", b"get", b""):
                refusal = self.assertRaises(Refusal, self.page, path, method)
                self.assertEqual((refusal.status, refusal.allow), (405, ["GET", "HEAD"]))

    def test_others(self) -> None:
        """What is no page is somebody else's to answer."""
        for path in (
            b"/",
            b"",
            b"/metrics/",
            b"/metrics?x",
            b"metrics",
            b"//metrics",
            b"/%6detrics",
        ):
            self.assertIsNone(answered(self.gateway, b"POST", path))
