"""What a session must not be led to: the gateway itself."""

from __future__ import annotations

import socket

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.net import own_addresses as module
from ftpalg.net.own_addresses import Own, is_local

ELSEWHERE = "192.0.2.77"


class Listeners(SynchronousTestCase):
    """Where this process listens."""

    def setUp(self) -> None:
        self.own = Own()
        self.patch(module, "is_local", lambda address: address in ("127.0.0.1", "10.0.0.1", "::1"))

    def test_none(self) -> None:
        """A gateway without listeners is nobody."""
        self.assertFalse(self.own.listens_on("127.0.0.1", 21))

    def test_one_address(self) -> None:
        """A listener on one address is that address and port, no other of this machine's."""
        self.own.add("127.0.0.1", 2121)
        for address, port, ours in (
            ("127.0.0.1", 2121, True),
            ("127.0.0.1", 21, False),
            ("10.0.0.1", 2121, False),
            (ELSEWHERE, 2121, False),
        ):
            self.assertIs(self.own.listens_on(address, port), ours, (address, port))

    def test_everywhere(self) -> None:
        """One on the unspecified address is all of this machine's, whichever family it is of."""
        for unspecified in ("0.0.0.0", "::"):
            self.own = Own()
            self.own.add(unspecified, 2121)
            for address, port, ours in (
                ("127.0.0.1", 2121, True),
                ("10.0.0.1", 2121, True),
                ("::1", 2121, True),
                ("10.0.0.1", 2122, False),
                (ELSEWHERE, 2121, False),
            ):
                self.assertIs(self.own.listens_on(address, port), ours, (address, port))

    def test_mapped(self) -> None:
        """An address in IPv6 clothing is known by its normal spelling."""
        self.own.add("::FFFF:127.0.0.1", 2121)
        self.assertTrue(self.own.listens_on("127.0.0.1", 2121))


class Local(SynchronousTestCase):
    """Which addresses are this machine's."""

    def test_local(self) -> None:
        """Loopback and the unspecified ones are; documentation's are not, link-local neither
        without a zone."""
        for address in ("127.0.0.1", "127.8.9.10", "::1", "0.0.0.0", "::"):
            self.assertTrue(is_local(address), address)
        for address in (ELSEWHERE, "2001:db8::77", "fe80::77"):
            self.assertFalse(is_local(address), address)

    def test_name(self) -> None:
        """A name that a parent will resolve has no address, and is not ours."""
        own = Own()
        own.add("0.0.0.0", 2121)
        self.assertFalse(own.listens_on("", 2121))
        self.assertTrue(own.listens_on("127.0.0.1", 2121))

    def test_binds_anywhere(self) -> None:
        """Where the system binds to any address (ip_nonlocal_bind), that says nothing."""

        class Lax(socket.socket):
            def bind(self, address: object) -> None:
                pass

        self.patch(socket, "socket", Lax)
        self.assertEqual((is_local(ELSEWHERE), is_local("240.0.0.7")), (False, False))
        self.assertEqual((is_local("127.0.0.1"), is_local("127.8.9.10")), (True, True))
        self.patch(module, "_source_towards", lambda family, address: address)
        self.assertTrue(is_local(ELSEWHERE))
