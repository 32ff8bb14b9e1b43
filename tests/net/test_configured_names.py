"""Names of the settings: asked for once, remembered, and never without an answer that there was."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.net.reach.configured_names import FRESH, STALE_AFTER, Known
from ftpalg.net.reach.names import MOST, LookUp
from tests.net.test_client_lookups import Source

NAME = "ftp.example"


class KnownCase(SynchronousTestCase):
    """Ten seconds for each."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.advance(1000)
        self.source = Source()
        self.warnings: list[str] = []
        self.known = Known(self.clock, self.source, 10.0, self.warnings.append)
        self.told: list[tuple[list[str], str]] = []

    def look_up(self, name: str = NAME) -> LookUp:
        """One more who wants to know."""
        return self.known.look_up(name, lambda *told: self.told.append(told))

    def found(self) -> None:
        """The name has been looked up, a while ago."""
        self.look_up()
        self.source.answer(NAME, "192.0.2.1")
        self.told.clear()
        self.clock.advance(FRESH)


class Once(KnownCase):
    """How often the system is asked."""

    def test_cannot_begin(self) -> None:
        """A source that raised once is asked again; who asked is told at once."""
        begin = self.source.begin

        def fail(*given: object) -> LookUp:
            self.source.begin = begin  # type: ignore[method-assign]
            raise ZeroDivisionError

        self.source.begin = fail  # type: ignore[method-assign, assignment]
        self.look_up()
        self.assertEqual(self.told, [([], f"{NAME} could not be looked up")])
        self.found()
        self.look_up()
        self.source.answer(NAME, "192.0.2.2")
        self.assertEqual(self.told, [(["192.0.2.2"], "")])

    def test_shared(self) -> None:
        """All who wait for a name wait for one look-up; another name has its own."""
        for _ in range(3):
            self.look_up()
        self.look_up("other.example")
        self.assertEqual(self.source.begun, [NAME, "other.example"])
        self.source.answer(NAME, "192.0.2.1")
        self.assertEqual(self.told, [(["192.0.2.1"], "")] * 3)

    def test_fresh(self) -> None:
        """An answer is good for a moment, and told before the call returns; then it is asked for."""
        self.look_up()
        self.source.answer(NAME, *(f"192.0.2.{n}" for n in range(100)))
        self.clock.advance(FRESH - 0.1)
        self.look_up()
        self.assertEqual(len(self.told), 2)
        self.assertEqual(len(self.told[1][0]), MOST)
        self.clock.advance(0.2)
        self.look_up()
        self.assertEqual((len(self.told), self.source.begun), (2, [NAME] * 2))

    def test_hangs(self) -> None:
        """While one look-up hangs no second one is begun, however many want to know."""
        for _ in range(5):
            self.look_up()
            self.clock.advance(10)
        self.assertEqual(self.source.begun, [NAME])
        self.assertEqual(self.told, [([], f"no answer about {NAME} within timeouts.resolve")] * 5)
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.source.answer(NAME, "192.0.2.1")
        self.look_up()
        self.assertEqual(self.told[5:], [(["192.0.2.1"], "")])

    def test_given_up(self) -> None:
        """One who gives up is told nothing; the others are."""
        self.look_up().cancel()
        self.look_up()
        self.source.answer(NAME, "192.0.2.1")
        self.assertEqual(len(self.told), 1)
        self.assertEqual(self.clock.getDelayedCalls(), [])


class Stale(KnownCase):
    """Old answers."""

    def test_failure(self) -> None:
        """Where a look-up fails the old answer serves; that is said once, until there is a new one."""
        self.found()
        for _ in range(3):
            self.look_up()
            self.source.answer(NAME)
        self.assertEqual(self.told, [(["192.0.2.1"], "")] * 3)
        self.assertEqual(self.warnings, [f"no address for {NAME}; the addresses it had are used"])
        self.look_up()
        self.source.answer(NAME, "192.0.2.2")
        self.clock.advance(FRESH)
        self.look_up()
        self.source.answer(NAME)
        self.assertEqual((self.told[3:], len(self.warnings)), ([(["192.0.2.2"], "")] * 2, 2))

    def test_slow(self) -> None:
        """Where none comes soon the old answer serves, while the look-up goes on."""
        self.found()
        self.look_up()
        self.clock.advance(STALE_AFTER)
        self.assertEqual(self.told, [(["192.0.2.1"], "")])
        self.source.answer(NAME, "192.0.2.2")
        self.look_up()
        self.assertEqual(self.told[1:], [(["192.0.2.2"], "")])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_never_known(self) -> None:
        """A name that never had an address is told as such."""
        self.look_up()
        self.source.answer(NAME)
        self.assertEqual((self.told, self.warnings), ([([], f"no address for {NAME}")], []))
