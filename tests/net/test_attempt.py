"""One attempt: what begins it, and what is left of it."""

from __future__ import annotations

from ftpalg.core.routes import Server
from ftpalg.net.legs.sockets import Address
from ftpalg.net.reach.attempt import Attempt, Way
from tests.net.doubles import Reactor
from tests.net.pairs import SocketCase, listener
from tests.net.reaches import NAME


class OneAttempt(SocketCase):
    """A data connection's own way."""

    def test_impossible(self) -> None:
        """What cannot begin is raised at once, and leaves nothing."""
        reactor = Reactor()
        with listener() as port:
            theirs = port.getsockname()
            ours: Address = ("192.0.2.77", 0)
            self.assertRaises(
                OSError, Attempt, reactor, Way(), Server(NAME), ours, theirs, self.fail, self.fail
            )
        self.assertEqual(reactor.getReaders() + reactor.getWriters(), [])

    def test_aborted(self) -> None:
        """One that is given up on its way is closed."""
        reactor = Reactor()
        with listener() as port:
            ours: Address = ("127.0.0.1", 0)
            attempt = Attempt(
                reactor, Way(), Server(NAME), ours, port.getsockname(), self.fail, self.fail
            )
            (descriptor,) = reactor.getWriters()
            attempt.abort()
        self.assertEqual((descriptor.fileno(), reactor.getWriters()), (-1, []))
