"""What a transfer may move: which quotas hold, what is asked of the day, and relays that keep to it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

from twisted.internet.testing import MemoryReactorClock

from ftpalg.config import read
from ftpalg.core.facts import OverQuota
from ftpalg.core.quotas import Counted, Quota
from ftpalg.core.wire.commands import Command
from ftpalg.net.driver import Driver
from ftpalg.net.legs.between import SPLICE
from ftpalg.net.legs.relay import CHUNK, CopyRelay, Relay, SpliceRelay
from ftpalg.net.legs.sockets import DataSocket
from ftpalg.net.legs.tls import RECORD
from ftpalg.net.quotas import FIRST, Allotment, Held, Quotas, holding
from ftpalg.policy.quotas import Book
from tests.config.cases import ConfigTest
from tests.net.pairs import pair, read_some
from tests.net.relays import Told
from tests.net.throttles import limited

ACCOUNTS = "[accounts]\nauth = ['memory:joe:x']\n"
TEXT = f"""
{ACCOUNTS}
[limits]
upload-bytes-per-transfer = 1000
upload-bytes-per-day = "1MiB"
download-files-per-day = 5
[[listeners]]
endpoint = ":1"
limits = {{ upload-bytes-per-transfer = 800, download-files-per-day = 9 }}
[[listeners]]
endpoint = ":2"
[[routes]]
server = "ftp://a"
limits = {{ upload-bytes-per-transfer = 5000, upload-files-per-day = 7 }}
[[routes]]
server = "ftp://b"
"""
STOR, RETR = Command(b"STOR", b"file"), Command(b"RETR", b"file")


class Holding(ConfigTest):
    """Which of them hold for whom."""

    def found(self, listener: str, route: str) -> dict[str, tuple[int, str]]:
        held = holding(self.settings(TEXT), listener, route)
        return {
            quota.word: (one.limit, one.key.partition(".limits")[0]) for quota, one in held.items()
        }

    def test_general(self) -> None:
        """What neither the listener nor the route says, and a route that does not know of any."""
        wanted = {
            "upload-bytes-per-transfer": (1000, "limits.upload-bytes-per-transfer"),
            "upload-bytes-per-day": (1 << 20, "limits.upload-bytes-per-day"),
            "download-files-per-day": (5, "limits.download-files-per-day"),
        }
        for listener, route in ((":2", ""), (":2", "routes[1]"), ("", "routes[7]")):
            self.assertEqual(self.found(listener, route), wanted)

    def test_route(self) -> None:
        """A route's hold instead of the general ones, though they are wider."""
        found = self.found(":2", "routes[0]")
        self.assertEqual(found["upload-bytes-per-transfer"], (5000, "routes[0]"))
        self.assertEqual(found["upload-files-per-day"], (7, "routes[0]"))
        self.assertEqual(found["download-files-per-day"][0], 5)

    def test_listener(self) -> None:
        """A listener's hold beside them: the lower one counts."""
        for route in ("", "routes[0]"):
            found = self.found(":1", route)
            self.assertEqual(found["upload-bytes-per-transfer"], (800, "listeners[0]"))
            self.assertEqual(found["download-files-per-day"][0], 5)

    def test_none(self) -> None:
        """Nothing is bounded unless something says so."""
        settings = self.settings(ACCOUNTS)
        self.assertEqual(settings.quotas, frozenset())
        self.assertFalse(settings.counts_days)
        self.assertEqual(holding(settings, "", ""), {})

    def test_days(self) -> None:
        """Only some count by the day; each place of them is enough."""
        for text in ("limits = {", "routes = [{ server = 'ftp://a', limits = {"):
            end = "}" if text.startswith("l") else "}}]"
            for quota in Quota:
                settings = self.settings(f"{text} {quota.word} = 1 {end}\n{ACCOUNTS}")
                self.assertEqual(settings.quotas, {quota.word})
                self.assertEqual(settings.counts_days, quota.counted is not None)


class AllotmentCase(ConfigTest):
    """Transfers of one account, on one day."""

    def setUp(self) -> None:
        self.book = Book(1)
        self.told: list[OverQuota] = []

    def allot(
        self, limits: str, command: Command = STOR, account: str = "joe", *, days: bool = True
    ) -> Allotment | None:
        """What that transfer may move."""
        settings = self.settings(f"limits = {{ {limits} }}\n{ACCOUNTS}")
        quotas = Quotas(settings, self.book if days else None)
        return quotas.allot(command, account, ":1", "", self.told.append)

    def begun(self, limits: str, command: Command = STOR, account: str = "joe") -> Allotment:
        """The same, and it has begun."""
        made = self.allot(limits, command, account)
        assert made is not None
        self.assertEqual(made.begin(), ("", 0))
        return made

    def refused(self, limits: str) -> tuple[str, int]:
        """What stands against another transfer."""
        made = self.allot(limits)
        assert made is not None
        found = made.begin()
        made.end(0, complete=False)
        return found

    def used(self, counted: Counted) -> int:
        return self.book.used("joe", counted)


class Asking(AllotmentCase):
    """Before it begins, and when it is over."""

    def test_nothing_to_ask(self) -> None:
        """A listing; nobody's account where only days count; and nothing that bounds this direction."""
        day = "upload-bytes-per-day = 5"
        self.assertIsNone(self.allot(day, Command(b"LIST")))
        self.assertIsNone(self.allot(day, account=""))
        self.assertIsNone(self.allot("download-bytes-per-transfer = 5", days=False))
        self.assertIsNotNone(self.allot("upload-bytes-per-transfer = 5", account="", days=False))

    def test_counted_without_limit(self) -> None:
        """Once days are counted every file is, for whoever looks or sets a limit later."""
        made = self.begun("upload-bytes-per-day = 5", RETR)
        self.assertTrue(made.took(made.room(CHUNK)))
        made.end(CHUNK, complete=True)
        self.assertEqual(self.used(Counted.DOWNLOAD_BYTES), CHUNK)
        self.assertEqual(self.used(Counted.DOWNLOAD_FILES), 1)
        self.assertEqual(self.book.held, {})

    def test_files(self) -> None:
        """As many as may at once: more may come when one has not been completed, and none once all are."""
        text = "upload-files-per-day = 2"
        running = [self.begun(text), self.begun(text)]
        wait = "Other transfers of yours hold what is left of your 2 uploads for today; try again later."
        self.assertEqual(self.refused(text), (wait, 450))
        running.pop().end(10, complete=False)
        running.append(self.begun(text))
        for one in running:
            one.end(10, complete=True)
            one.end(10, complete=True)  # a second time changes nothing
        self.assertEqual(self.used(Counted.UPLOAD_FILES), 2)
        self.assertEqual(self.used(Counted.UPLOAD_BYTES), 30)
        self.assertEqual(self.refused(text), ("Your 2 uploads for today are used up.", 552))
        self.assertEqual(self.book.held, {})
        (held, used) = self.told
        self.assertEqual((held.quota, held.used, held.limit), (Quota.UPLOAD_FILES, 0, 2))
        self.assertEqual((used.used, used.code, used.broken), (2, 552, False))
        self.assertEqual(used.rule.rpartition(": ")[2], "limits.upload-files-per-day = 2")

    def test_bytes(self) -> None:
        """One that finds none left does not begin, and holds no file."""
        text = "upload-bytes-per-day = 100"
        running = self.begun(text)
        wait, code = self.refused(text)
        self.assertEqual((wait.startswith("Other transfers"), code), (True, 450))
        self.assertTrue(running.took(100))
        running.end(100, complete=True)
        said = "Your 100 bytes of uploads for today are used up."
        self.assertEqual(self.refused(text), (said, 552))
        self.assertEqual(self.book.held, {})

    def test_case(self) -> None:
        """Directories take JOE for joe: so does his day."""
        self.begun("upload-files-per-day = 1", account="JOE")
        self.assertEqual(self.refused("upload-files-per-day = 1")[1], 450)

    def test_crowd(self) -> None:
        """500 at once: files and bytes together are exactly as many as may be."""
        text = f"upload-files-per-day = 37, upload-bytes-per-day = {100 * FIRST}"
        running: list[Any] = [self.allot(text) for _ in range(500)]
        begun = [one for one in running if not one.begin()[1]]
        self.assertEqual(len(begun), 37)
        moved = 0
        while begun:
            for one in tuple(begun):
                size = one.room(CHUNK)
                if one.took(size):
                    moved += size
                else:
                    begun.remove(one)
        self.assertEqual(moved, 100 * FIRST)
        self.assertTrue(all(one.broken for one in self.told[-37:]))

    def test_place(self) -> None:
        """An administrator reads the setting with its file and line, and its value."""
        file = Path(self.mktemp())
        file.write_text(f"{ACCOUNTS}[limits]\nupload-files-per-day = 1\n")
        quotas = Quotas(read(file, {}, {}).settings, self.book)
        for _ in range(2):
            made = quotas.allot(STOR, "joe", ":1", "", self.told.append)
            assert made is not None
            made.begin()
        self.assertEqual(self.told[0].rule, f"{file}:4: limits.upload-files-per-day = 1")

    def test_remembered(self) -> None:
        """What holds for a way is looked up once."""
        quotas = Quotas(self.settings(TEXT), None)
        self.assertIs(quotas.of(":1", ""), quotas.of(":1", ""))
        self.assertEqual(
            quotas.of(":1", "")[Quota.UPLOAD_TRANSFER],
            Held(800, "listeners[0].limits.upload-bytes-per-transfer"),
        )


class Moving(AllotmentCase):
    """Chunk by chunk."""

    def test_cap(self) -> None:
        """Just so many bytes: behind them one is read, to see whether there is any."""
        made = self.begun("upload-bytes-per-transfer = 100", account="")
        self.assertEqual(made.room(CHUNK), 100)
        self.assertTrue(made.took(60))
        self.assertEqual(made.room(CHUNK), 40)
        self.assertTrue(made.took(40))
        self.assertEqual(made.room(CHUNK), 1)
        self.assertFalse(made.took(1))
        self.assertEqual(made.sentence, "Transfer broken: one upload may have 100 bytes here.")
        (told,) = self.told
        self.assertEqual((told.code, told.broken, told.used, told.limit), (552, True, 100, 100))

    def test_record(self) -> None:
        """A record under TLS that is longer than what is left does not go on."""
        made = self.begun("upload-bytes-per-transfer = 100", account="")
        self.assertFalse(made.took(RECORD))

    def test_day(self) -> None:
        """A transfer that goes on takes more of the day; what it has moved is settled meanwhile."""
        made = self.begun(f"upload-bytes-per-day = {3 * CHUNK}")
        moved = 0
        while made.took(size := made.room(CHUNK)):
            self.assertEqual(self.used(Counted.UPLOAD_BYTES), moved)
            moved += size
        self.assertEqual(moved, 3 * CHUNK)
        sentence = f"Transfer broken: your {3 * CHUNK} bytes of uploads for today are used up."
        self.assertEqual(made.sentence, sentence)
        made.end(moved - 5, complete=False)  # it was settled: five that were read were not written
        self.assertEqual(self.used(Counted.UPLOAD_BYTES), moved)
        self.assertEqual(self.book.held, {})

    def test_long_record(self) -> None:
        """What is read beyond a piece is asked for, where there is more."""
        made = self.begun(f"upload-bytes-per-day = {FIRST + 100}")
        self.assertTrue(made.took(FIRST + 100))
        self.assertFalse(made.took(1))

    def test_held_by_others(self) -> None:
        """It breaks where others hold what is left, and says so."""
        text = f"upload-bytes-per-day = {2 * FIRST}"
        one, other = self.begun(text), self.begun(text)
        self.assertTrue(one.took(FIRST))
        self.assertFalse(one.took(one.room(CHUNK)))
        self.assertIn("Transfer broken: other transfers of yours hold", one.sentence)
        one.end(FIRST, complete=False)
        self.assertTrue(other.took(FIRST))
        other.end(FIRST, complete=True)
        self.assertEqual(self.used(Counted.UPLOAD_BYTES), 2 * FIRST)

    def test_nothing_moved(self) -> None:
        """One that the server refuses gives all of it back."""
        self.begun("upload-files-per-day = 5").end(0, complete=False)
        self.assertEqual((self.book.rows, self.book.held), ((), {}))

    def test_session_over(self) -> None:
        """A session that ends before its transfer was told of gives all back, and what moved is settled."""
        made = self.begun("upload-files-per-day = 5")
        self.assertTrue(made.took(made.room(100)))
        session: Any = mock.Mock(_released=False, check=None, _seats=None, _allotment=made)
        session.legs.moved = 70
        session._settle = lambda: Driver._settle(session)
        Driver._release(session)
        self.assertEqual((self.book.held, self.used(Counted.UPLOAD_BYTES)), ({}, 70))
        self.assertEqual(self.used(Counted.UPLOAD_FILES), 0)

    def test_later_midnight(self) -> None:
        """What moved on the next day is the next day's."""
        made = self.begun("upload-bytes-per-day = 1000000")
        self.assertTrue(made.took(made.room(1000)))
        made.room(1000)
        self.assertEqual(self.used(Counted.UPLOAD_BYTES), 1000)
        self.book.turn(2)
        self.assertTrue(made.took(500))
        made.end(1500, complete=True)
        self.assertEqual(self.used(Counted.UPLOAD_BYTES), 500)
        self.assertEqual(self.used(Counted.UPLOAD_FILES), 1)


class Relays(AllotmentCase):
    """Both kinds of relays, with a limit of bandwidth and without, over sockets."""

    LIMIT = 100_000
    kinds: tuple[Callable[..., Relay], ...] = (
        CopyRelay,
        partial(limited, splice=False),
        *((SpliceRelay, partial(limited, splice=True)) if SPLICE else ()),
    )

    def relayed(
        self, kind: Callable[..., Relay], size: int, limits: str
    ) -> tuple[int, list[str], Relay]:
        """What came of a file of that size, what was told, and the relay."""
        source, giver = pair()
        sink, taker = pair()
        for sock in (source, giver, sink, taker):
            self.addCleanup(sock.close)
        clock = MemoryReactorClock()
        told = Told()
        legs = DataSocket(clock, source), DataSocket(clock, sink)
        relay = kind(clock, *legs, *told.callbacks())
        self.addCleanup(relay.stop)
        relay.quota = self.begun(limits)
        relay.over = lambda: told.words.append("over")
        relay.start(60.0)
        came, file = 0, memoryview(bytes(size))
        for _ in range(1000):
            if told.words:
                break
            if file:
                file = file[giver.send(file[:30_001]) :]
            else:
                giver.close()
            legs[0].doRead()
            clock.advance(0)
            while legs[1] in clock.getWriters():
                came += len(read_some(taker) or b"")
                legs[1].doWrite()
            came += len(read_some(taker) or b"")
        return came, told.words, relay

    def test_whole(self) -> None:
        """A file of just that size arrives, and ends cleanly; so does an empty one."""
        for kind in self.kinds:
            for size in (self.LIMIT, 0):
                for word in ("transfer", "day"):
                    self.book = Book(1)
                    text = f"upload-bytes-per-{word} = {self.LIMIT}"
                    came, told, relay = self.relayed(kind, size, text)
                    self.assertEqual((came, told, relay.moved), (size, ["ended"], size))

    def test_over(self) -> None:
        """One byte more, or many: no more than the limit has gone on, and there is no end of a file."""
        for kind in self.kinds:
            for size in (self.LIMIT + 1, 3 * self.LIMIT):
                for word in ("transfer", "day"):
                    self.book = Book(1)
                    text = f"upload-bytes-per-{word} = {self.LIMIT}"
                    came, told, relay = self.relayed(kind, size, text)
                    self.assertEqual((told, relay.moved), (["over"], came))
                    self.assertEqual(came, self.LIMIT)
