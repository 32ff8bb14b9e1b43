"""What observers are told of the gateway itself."""

from __future__ import annotations

from typing import get_args

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.facts import Fact, Resource
from ftpalg.core.news import News


class GatewaysNews(SynchronousTestCase):
    """News of the gateway."""

    def test_frozen(self) -> None:
        """One observer cannot change what the next one is told."""
        for kind in get_args(News):
            news = kind._make(kind._fields)
            for name in kind._fields:
                with self.assertRaises(AttributeError, msg=kind):
                    setattr(news, name, None)

    def test_apart_from_facts(self) -> None:
        """What is used up is told of a session and of the gateway; all else is of one of them."""
        self.assertEqual(set(get_args(News)) & set(get_args(Fact)), {Resource})
