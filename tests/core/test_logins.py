"""The ways a client names the server it wants."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.errors import BadArgument
from ftpalg.core.logins import Dialect, Named, parse_server, parse_user
from ftpalg.core.routes import Server


class Users(SynchronousTestCase):
    """``parse_user``."""

    def test_user(self) -> None:
        """The last @ splits, because an account may hold one (RFC 1919)."""
        for argument, login in (
            (None, Named(user=b"")),
            (b"bob", Named(user=b"bob")),
            (b"bob@host", Named(Dialect.USER_SERVER, b"bob", Server("host", 21))),
            (b"bob@host:2121", Named(Dialect.USER_SERVER, b"bob", Server("host", 2121))),
            (
                b"bob@corp.example@host",
                Named(Dialect.USER_SERVER, b"bob@corp.example", Server("host", 21)),
            ),
            (b"b\xe9b@host", Named(Dialect.USER_SERVER, b"b\xe9b", Server("host", 21))),
        ):
            self.assertEqual(parse_user(argument), login)

    def test_no_user(self) -> None:
        """A server without a user is refused with 501."""
        self.assertEqual(self.assertRaises(BadArgument, parse_user, b"@host").code, 501)


class Servers(SynchronousTestCase):
    """``parse_server``."""

    def test_servers(self) -> None:
        """A name, an IPv4 address or a bracketed IPv6 address, with or without a port."""
        for text, server in (
            (b"host", Server("host")),
            (b"ftp.example.", Server("ftp.example.")),
            (b"a_b-c.example:990", Server("a_b-c.example", 990)),
            (b"192.0.2.1:1", Server("192.0.2.1", 1)),
            (b"[2001:db8::1]", Server("2001:db8::1")),
            (b"[::1]:65535", Server("::1", 65535)),
            (b"host:00021", Server("host", 21)),
        ):
            self.assertEqual(parse_server(text), server)

    def test_refused(self) -> None:
        """Anything else is refused with a sentence."""
        for text in (b"", b"a b", b"-host", b"host..x", b".host", b"::1", b"[::1", b"[host]", b"[]",
                     b"[::1]x", b"[::1]21", b"h\xe9te", b"a/b", b"a" * 64, b"a." * 127 + b"a",
                     b"h\r\nx", b"[::g]"):  # fmt: skip
            self.assertRaises(BadArgument, parse_server, text)
        for text in (b"host:", b"host:0", b"host:65536", b"host:x", b"host:+1", b"host:1234567",
                     b"[::1]:", b"host:21:21"):  # fmt: skip
            error = self.assertRaises(BadArgument, parse_server, text)
            self.assertEqual(str(error), "The server's port must be a number from 1 to 65535.")

    @given(st.binary(max_size=20))
    def test_any_bytes(self, text: bytes) -> None:
        """Any bytes are a server that can be written again, or a refusal."""
        try:
            server = parse_server(text)
        except BadArgument:
            return
        self.assertEqual(parse_server(str(server).encode()), server)
