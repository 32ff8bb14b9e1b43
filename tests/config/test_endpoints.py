"""Endpoints as people write them, and as Twisted does."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as some
from twisted.internet import endpoints
from twisted.internet.testing import MemoryReactor
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config.endpoints import OWN_TLS, Socket, socket_of, systemd_name, twisted, wrong


class Written(SynchronousTestCase):
    """``HOST:PORT`` and its like."""

    def test_twisted(self) -> None:
        """Each form becomes Twisted's; what is Twisted's already stays as it is."""
        for text, expected in (
            ("192.0.2.1:2121", "tcp:2121:interface=192.0.2.1"),
            ("[::1]:2121", r"tcp6:2121:interface=\:\:1"),
            ("[2001:DB8::1]:21", r"tcp6:21:interface=2001\:db8\:\:1"),
            (":21", "tcp6:21"),
            ("*:21", "tcp6:21"),
            ("[::]:21", "tcp6:21"),
            ("0.0.0.0:21", "tcp:21:interface=0.0.0.0"),
            ("localhost:21", "tcp:21:interface=127.0.0.1"),
            ("ftp.example.net:21", "tcp:21:interface=ftp.example.net"),
            ("tcp:21", "tcp:21"),
            ("tcp6:21:interface=x", "tcp6:21:interface=x"),
            ("systemd:control", "systemd:control"),
            ("onion:21", "onion:21"),
        ):
            self.assertEqual((wrong(text), twisted(text)), ("", expected), text)

    def test_understood_by_twisted(self) -> None:
        """Twisted listens where it says."""
        for text, host, port in (
            ("192.0.2.1:2121", "192.0.2.1", 2121),
            ("[::1]:2121", "::1", 2121),
            (":21", "::", 21),
        ):
            reactor: Any = MemoryReactor()
            endpoints.serverFromString(reactor, twisted(text)).listen(None)
            ((found_port, _, _, found_host),) = reactor.tcpServers
            self.assertEqual((found_host, found_port), (host, port))

    def test_wrong(self) -> None:
        """What is wrong is said without a word of Python's."""
        for text, expected in (
            ("2121", "has no colon before the port"),
            ("tcp", "has no port"),
            ("192.0.2.1", "has no port"),
            (":65536", "has a port above 65535"),
            (":ftp", "has no number of a port behind its last colon"),
            ("[::1]", "has no number of a port behind its last colon"),
            ("[::1]:21x", "has no number of a port behind its last colon"),
            ("*:", "has no number of a port behind its last colon"),
            ("300.0.0.1:21", "has no IPv4 address before its port"),
            ("1.2.3:21", "has no IPv4 address before its port"),
            ("[::x]:21", "has no IPv6 address in its brackets"),
            ("[10.0.0.1]:21", "has no IPv6 address in its brackets"),
            ("-a.example:21", "has no name of a host before its port"),
            ("tcp:x", "has no port from 0 to 65535"),
            ("tcp:99999", "has no port from 0 to 65535"),
            ("tcp:", "has no port from 0 to 65535"),
            ("tcp:٢١", "has no port from 0 to 65535"),
            ("tcp:interface=127.0.0.1", "has no port"),
            (
                "tcp:21:interfce=127.0.0.1",
                "has the word 'interfce', which is none of port, interface, backlog",
            ),
            (
                "tcp:21:interface=::1",
                "has too many words: an IPv6 address goes into brackets",
            ),
            ("tcp:21:backlog=x", "has a backlog that is no number"),
            ("unix:/run/x", "is a file, and FTP needs addresses"),
            ("stdio:", "is a file, and FTP needs addresses"),
            ("ssl:990:privateKey=k.pem", OWN_TLS),
            ("txsni:/etc/keys:tcp:990", OWN_TLS),
            ("systemd:", "must name a socket of the unit"),
            ("systemd:domain=INET", "must name a socket of the unit"),
        ):
            self.assertEqual(wrong(text), expected, text)

    def test_right_in_twisteds_way(self) -> None:
        """Words by place and by name, the last one of two."""
        for text in (
            "tcp:0",
            "tcp:21:127.0.0.1:5",
            "tcp:interface=127.0.0.1:port=0:interface=",
            r"tcp6:interface=\:\:1:port=0",
            "systemd:domain=INET:index=0",
            "systemd:domain=INET6:name=control",
            "systemd:ftp-control.socket",
            "haproxy:tcp:21",
        ):
            self.assertEqual(wrong(text), "", text)

    @settings(max_examples=300, deadline=None, derandomize=True)
    @given(
        some.lists(
            some.sampled_from(
                ["tcp", "tcp6", ":", "\\", "port=", "21", "interface=", "127.0.0.1", "x", "="]
            ),
            max_size=9,
        ).map("".join)
    )
    def check_as_twisted(self, text: str) -> None:
        """What is let through as a socket, Twisted takes, and listens on that very address."""
        found = socket_of(text)
        if found is None or not text.startswith("tcp") or wrong(text):
            return
        reactor: Any = MemoryReactor()
        endpoints.serverFromString(reactor, twisted(text)).listen(None)
        ((port, _, _, host),) = reactor.tcpServers
        self.assertEqual((host, port), (found.host, found.port), text)

    def test_as_twisted(self) -> None:
        """Any text of the pieces that endpoints are made of."""
        self.check_as_twisted()

    def test_systemd(self) -> None:
        """The name of a socket; Twisted's own way has none to give."""
        self.assertEqual(systemd_name("systemd:control"), "control")
        self.assertEqual(systemd_name("systemd:domain=INET:index=0"), "")


class Sockets(SynchronousTestCase):
    """Which addresses meet."""

    def test_meets(self) -> None:
        """The same address, or one that holds the other."""
        for one, other, expected in (
            (":21", "127.0.0.1:21", True),
            (":21", "[::1]:21", True),
            ("0.0.0.0:21", "127.0.0.1:21", True),
            ("tcp:21", "tcp6:21", True),
            ("127.0.0.1:21", "tcp:21:interface=127.0.0.1", True),
            ("localhost:21", "127.0.0.1:21", True),
            ("0.0.0.0:21", "[::1]:21", False),
            ("127.0.0.1:21", "127.0.0.2:21", False),
            ("127.0.0.1:21", "[::1]:21", False),
            (":21", ":22", False),
            ("tcp:0", "tcp:0", False),
            ("a.example:21", "a.example:21", True),
            ("a.example:21", "b.example:21", False),
        ):
            first, second = socket_of(one), socket_of(other)
            assert first is not None and second is not None
            self.assertIs(first.meets(second), expected, (one, other))
            self.assertIs(second.meets(first), expected, (other, one))

    def test_unknown(self) -> None:
        """Of what only Twisted or systemd knows, there is none."""
        for text in ("systemd:x", "onion:21", "tcp", "tcp:x", ""):
            self.assertIsNone(socket_of(text), text)

    def test_shown(self) -> None:
        """An IPv6 address in brackets."""
        self.assertEqual(str(Socket("::1", 21)), "[::1]:21")
        self.assertEqual(str(Socket("", 21)), "0.0.0.0:21")
