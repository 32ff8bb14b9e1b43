"""Several addresses of a name: tried beside each other, the dead ones last."""

from __future__ import annotations

from ftpalg.core.routes import Server
from tests.net.reaches import NAME, REFUSED, ReachCase, Socket


class Staggered(ReachCase):
    """The next address is tried before the last has failed; one connection is left."""

    HOSTS = ("192.0.2.1", "192.0.2.2", "192.0.2.3")

    def begun(self) -> None:
        """A name with three addresses, of which the first is being tried."""
        self.reach()
        self.resolver.answer(*self.HOSTS)

    def test_next(self) -> None:
        """A silent address holds nobody for longer than the moment until the next one is tried."""
        self.begun()
        self.reactor.advance(0.29)
        self.assertEqual(len(self.attempts), 1)
        self.reactor.advance(0.02)
        self.assertEqual([host for host, _ in self.tried], ["192.0.2.1", "192.0.2.2"])
        self.reactor.advance(0.31)
        self.assertEqual([host for host, _ in self.tried], list(self.HOSTS))

    def test_failure_is_no_wait(self) -> None:
        """One that fails makes room at once, whichever it is, and the moment counts anew."""
        self.begun()
        self.reactor.advance(0.31)
        self.attempts[0].failed(REFUSED)
        self.assertEqual(len(self.attempts), 3)
        self.reactor.advance(5)
        self.assertEqual(len(self.attempts), 3)

    def test_one_survives(self) -> None:
        """The first that answers is it; all others are stopped, before it is handed on."""
        told: list[list[int]] = []
        self.patch(
            self.told,
            "_take",
            lambda *_: told.append([attempt.aborted for attempt in self.attempts]),
        )
        self.begun()
        self.reactor.advance(0.31)
        self.reactor.advance(0.31)
        self.attempts[1].opened(Socket())
        self.assertEqual(told, [[1, 0, 1]])
        self.nothing_left()

    def test_last_attempts_fail(self) -> None:
        """Nothing is told while one is still under way; the next server comes behind the last."""
        self.reach(Server(NAME, 2121), Server("192.0.2.9"))
        self.resolver.answer(*self.HOSTS)
        self.reactor.advance(0.31)
        self.reactor.advance(0.31)
        self.attempts[2].failed(REFUSED)
        self.attempts[0].failed(REFUSED)
        self.assertEqual(len(self.attempts), 3)
        self.attempts[1].failed(REFUSED)
        self.assertEqual(self.tried[3:], [("192.0.2.9", 21)])
        self.assertTrue(self.told.nothing)

    def test_cancelled(self) -> None:
        """Given up, all of them are stopped."""
        reach = self.reach()
        self.resolver.answer(*self.HOSTS)
        self.reactor.advance(0.31)
        reach.cancel()
        self.assertEqual([attempt.aborted for attempt in self.attempts], [1, 1])
        self.reactor.advance(100)
        self.assertEqual((len(self.attempts), self.told.nothing), (2, True))
        self.nothing_left()

    def test_dead_is_last(self) -> None:
        """One that was overtaken, or failed, is tried last for a minute; that is said once."""
        self.begun()
        self.attempts[0].failed(REFUSED)
        self.reactor.advance(0.31)
        self.attempts[2].opened(Socket())
        said = (
            f"192.0.2.1, an address of {NAME}:2121: {REFUSED}; it is tried last for a minute",
            f"192.0.2.2, an address of {NAME}:2121: no answer yet; it is tried last for a minute",
        )
        self.assertEqual(self.warnings, list(said))
        del self.attempts[:]
        for _ in range(2):
            self.begun()
            self.attempts[-1].opened(Socket())
        self.assertEqual([host for host, _ in self.tried], ["192.0.2.3"] * 2)
        self.assertEqual(len(self.warnings), 2)
        self.reactor.advance(61)
        self.begun()
        self.assertEqual(self.tried[-1][0], "192.0.2.1")

    def test_all_dead(self) -> None:
        """Where none was reached none is remembered: there is nothing to prefer."""
        self.begun()
        for number in range(3):
            self.attempts[number].failed(REFUSED)
        self.assertEqual(self.warnings, [])
        self.begun()
        self.assertEqual(self.tried[-1][0], "192.0.2.1")

    def test_later_one_is_not_dead(self) -> None:
        """An address that had not had its moment yet has done nothing wrong."""
        self.begun()
        self.reactor.advance(0.31)
        self.attempts[0].opened(Socket())
        self.assertEqual(self.warnings, [])
