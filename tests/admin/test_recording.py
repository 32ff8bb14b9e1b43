"""Each change is recorded."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.admin.recording import record
from ftpalg.core.steering import Steered
from tests.admin.cases import Standing, asked


class Recording(SynchronousTestCase):
    """The words, and who said them."""

    def test_words(self) -> None:
        """KEY=VALUE each, lists and switches too."""
        gateway = Standing()
        record(
            gateway, asked(filter=["a", "b"], say="Bye now", yes=True, many=3), "kick", "2 ended"
        )
        words = ("filter=a b", "say=Bye now", "yes=true", "many=3")
        self.assertEqual(gateway.told, [Steered("kick", words, 1000, 98, "2 ended")])
