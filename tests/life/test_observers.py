"""Who is told what happens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config import Settings
from ftpalg.core.facts import About, CommandLine, Fact, Noted, Peer
from ftpalg.core.news import GatewayTold, News, Stopped
from ftpalg.core.wire.commands import Command
from ftpalg.life.observers import Observers
from ftpalg.ops.settings import Said
from ftpalg.ops.trail import Known

ABOUT = About("s1", Peer("192.0.2.7", 1))


class Hearing:
    """A log that keeps what it is told, and its name in a list of all."""

    ladder = False

    def __init__(self, name: str, heard: list[str]) -> None:
        self.name, self.heard = name, heard
        self.news: list[News] = []
        self.facts: list[tuple[About, Fact]] = []
        self.reopened = 0

    def see(self, about: About, fact: Fact) -> None:
        self.heard.append(self.name)
        self.facts.append((about, fact))

    def tell(self, news: News) -> None:
        self.heard.append(self.name)
        self.news.append(news)

    def told(self, text: str) -> None:
        raise AssertionError("a sentence comes as news")

    warned = told

    def reopen(self) -> None:
        self.reopened += 1

    def known(self, session: str) -> Known | None:
        return None

    @contextmanager
    def renewed(self, said: Said) -> Iterator[None]:
        yield


class ObserversTestCase(SynchronousTestCase):
    """A log, and one who may join it."""

    def setUp(self) -> None:
        self.heard: list[str] = []
        self.log, self.other = Hearing("log", self.heard), Hearing("other", self.heard)
        self.observers = Observers(self.log)


class Company(ObserversTestCase):
    """Who joins and leaves."""

    def test_all_hear_of_all_and_the_log_first(self) -> None:
        self.observers.join(self.other)
        self.observers.see(ABOUT, Noted("a"))
        self.observers.tell(Stopped(1))
        self.assertEqual(self.heard, ["log", "other"] * 2)
        for one in (self.log, self.other):
            self.assertEqual(one.facts, [(ABOUT, Noted("a"))])
            self.assertEqual(one.news, [Stopped(1)])

    def test_sentences_are_news_to_all(self) -> None:
        self.observers.join(self.other)
        self.observers.told("so")
        self.observers.warned("alas")
        expected = [GatewayTold("so"), GatewayTold("alas", warning=True)]
        self.assertEqual((self.log.news, self.other.news), (expected, expected))

    def test_who_has_left_hears_nothing_and_may_leave_again(self) -> None:
        self.observers.join(self.other)
        self.observers.leave(self.other)
        self.observers.leave(self.other)
        self.observers.tell(Stopped(0))
        self.assertEqual(self.heard, ["log"])

    def test_one_may_leave_while_it_is_told(self) -> None:
        class Leaving(Hearing):
            def tell(leaving, news: News) -> None:
                super().tell(news)
                self.observers.leave(leaving)

        leaving = Leaving("leaving", self.heard)
        self.observers.join(leaving)
        self.observers.join(self.other)
        self.observers.tell(Stopped(0))
        self.observers.tell(Stopped(0))
        self.assertEqual(self.heard, ["log", "leaving", "other", "log", "other"])

    def test_the_logs_own_matters_are_the_logs(self) -> None:
        self.assertFalse(self.observers.ladder)
        self.log.ladder = True
        self.assertTrue(Observers(self.log).ladder)
        self.observers.reopen()
        self.assertEqual(self.log.reopened, 1)


class Lines(ObserversTestCase):
    """Those of the dialogues go to whom wants them."""

    line = CommandLine(Command(b"NOOP"))

    def see(self) -> list[str]:
        """Who is told of a line."""
        self.heard.clear()
        self.observers.see(ABOUT, self.line)
        return list(self.heard)

    def test_nobody(self) -> None:
        self.observers.join(self.other)
        self.assertEqual((self.see(), self.observers.ladder), ([], False))

    def test_a_follower_while_it_follows_and_not_the_log(self) -> None:
        self.observers.join(self.other, lines=True)
        self.assertEqual((self.see(), self.observers.ladder), (["other"], True))
        self.assertEqual(self.observers.followers, 1)
        self.observers.see(ABOUT, Noted("a"))
        self.observers.leave(self.other)
        self.assertEqual((self.see(), self.observers.ladder), ([], False))
        self.assertEqual(self.log.facts, [(ABOUT, Noted("a"))])
        self.assertEqual(self.other.facts, [(ABOUT, self.line), (ABOUT, Noted("a"))])

    def test_the_log_goes_on_where_a_follower_has_left(self) -> None:
        self.log.ladder = True
        self.observers.join(self.other, lines=True)
        self.assertEqual(self.see(), ["log", "other"])
        self.observers.leave(self.other)
        self.assertEqual((self.see(), self.observers.ladder), (["log"], True))

    def test_other_settings(self) -> None:
        """The log's wish may come and go; a follower's stays."""
        for wish in (True, False):
            with self.observers.renewed(Settings().log):
                self.log.ladder = wish
            self.assertEqual(self.observers.ladder, wish)
        self.observers.join(self.other, lines=True)
        with self.observers.renewed(Settings().log):
            pass
        self.assertTrue(self.observers.ladder)

    def test_last_lines(self) -> None:
        """None before somebody serves them; then one for all."""
        self.assertIsNone(self.observers.last_lines)
        self.observers.keep_last_lines(lambda: 0)
        self.assertIsNotNone(self.observers.last_lines)
