"""``GET /quotas`` and ``POST /reset-quota``, by a gateway of the test's own."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.admin.asking import Asked, Caller, Refusal
from ftpalg.admin.quotas import BATCH, quotas, reset
from ftpalg.config import Settings
from ftpalg.config.limits import Limits
from ftpalg.core.news import News
from ftpalg.core.quotas import Counted
from ftpalg.policy.quotas import Row
from tests.admin.cases import batches


class Gateway:
    """Its days, and itself as far as it is asked."""

    def __init__(self) -> None:
        self.days: Any = self
        self.settings = Settings(limits=Limits(upload_files_per_day=5))
        self.rows: tuple[Row, ...] = ()
        self.told: list[News] = []
        self.asked: list[str] = []

    def reset(self, account: str) -> bool:
        self.asked.append(account)
        return account == "joe"

    def tell(self, news: News) -> None:
        self.told.append(news)


class Quotas(SynchronousTestCase):
    """What the verbs do."""

    def setUp(self) -> None:
        self.gateway: Any = Gateway()

    def words(self, **words: Any) -> Asked:
        return Asked(words, Caller(1000, 98))

    def test_list(self) -> None:
        """Account by account, in batches; all that is counted of each, with the general limits."""
        self.gateway.rows = (
            Row("joe", Counted.UPLOAD_FILES, 3),
            Row("joe", Counted.DOWNLOAD_BYTES, 70),
            *(Row(f"a{at}", Counted.UPLOAD_BYTES, 1) for at in range(BATCH)),
        )
        found = batches(quotas(self.gateway, self.words()))
        self.assertEqual([len(batch) for batch in found], [BATCH, 1])
        self.assertEqual(
            found[1],
            [
                {
                    "account": "joe",
                    "upload_bytes": {"used": 0, "limit": 0},
                    "upload_files": {"used": 3, "limit": 5},
                    "download_bytes": {"used": 70, "limit": 0},
                    "download_files": {"used": 0, "limit": 0},
                }
            ],
        )

    def test_reset(self) -> None:
        """Whose day it is; 404 where there was none; both are recorded."""
        self.assertEqual(reset(self.gateway, self.words(account="joe")), {"account": "joe"})
        error = self.assertRaises(Refusal, reset, self.gateway, self.words(account="Ann"))
        self.assertEqual(
            (error.status, error.sentence), (404, "account ann has used nothing today")
        )
        results = [one.result for one in self.gateway.told]
        self.assertEqual(results, ["its day begins anew", "refused"])

    def test_nobody(self) -> None:
        """What is no account: nothing is done."""
        for account in ("", "a\nb", "a" * 256, "\x1b[2J"):
            error = self.assertRaises(Refusal, reset, self.gateway, self.words(account=account))
            self.assertEqual(error.status, 400)
        self.assertRaises(Refusal, reset, self.gateway, self.words())
        self.assertEqual((self.gateway.asked, self.gateway.told), ([], []))

    def test_off(self) -> None:
        """Where nothing is counted that is said, with the setting."""
        self.gateway = SimpleNamespace(days=None)
        for verb in (quotas, reset):
            error = self.assertRaises(Refusal, verb, self.gateway, self.words(account="joe"))
            self.assertEqual(error.status, 409)
            self.assertIn("limits.upload-bytes-per-day", error.sentence)
