"""Whom intercepted connections are for, as the kernel would tell it."""

from __future__ import annotations

import socket
import struct
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config import Intercept
from ftpalg.core.routes import Server
from ftpalg.net.intercept import IP6T_SO_ORIGINAL_DST, SO_ORIGINAL_DST, destination_of
from tests.net.pairs import SocketCase

V4 = struct.pack("=HH4s8x", socket.AF_INET, socket.htons(21), bytes((203, 0, 113, 9)))
V6 = struct.pack(
    "=HHI16sI",
    socket.AF_INET6,
    socket.htons(2121),
    0xFFFFFFFF,
    socket.inet_pton(socket.AF_INET6, "2001:db8::9"),
    7,
)
MAPPED6 = V6[:8] + socket.inet_pton(socket.AF_INET6, "::ffff:203.0.113.9") + V6[24:]


class Redirected:
    """A connection to ``local`` whose destination the kernel remembers."""

    def __init__(
        self, local: tuple[Any, ...], family: int, answers: dict[tuple[int, int], bytes]
    ) -> None:
        self.family = family
        self._local = local
        self._answers = answers

    def getsockname(self) -> tuple[Any, ...]:
        return self._local

    def getsockopt(self, level: int, name: int, size: int) -> bytes:
        answer = self._answers.get((level, name), b"")
        if len(answer) != size:  # the kernel fills no more, and does not say so
            raise OSError(2, "No such file or directory")
        return answer


AS_V4 = (socket.IPPROTO_IP, SO_ORIGINAL_DST)
AS_V6 = (socket.IPPROTO_IPV6, IP6T_SO_ORIGINAL_DST)


class Destinations(SynchronousTestCase):
    """What the kernel says, read."""

    def destination(self, made: Redirected, intercept: Intercept) -> Server | None:
        """Whom it was for."""
        sock: Any = made
        return destination_of(sock, intercept)

    def redirected(
        self, local: tuple[Any, ...], family: int, answers: dict[tuple[int, int], bytes]
    ) -> Server | None:
        """Whom a redirected connection was for."""
        return self.destination(Redirected(local, family, answers), Intercept.REDIRECT)

    def test_ipv4(self) -> None:
        """Address and port in network order, asked for at IPv4's level."""
        found = self.redirected(("10.0.0.1", 1025), socket.AF_INET, {AS_V4: V4})
        self.assertEqual(found, Server("203.0.113.9", 21))

    def test_ipv6(self) -> None:
        """The address stands behind the flow, asked for at IPv6's level."""
        found = self.redirected(("2001:db8::1", 1025, 0, 0), socket.AF_INET6, {AS_V6: V6})
        self.assertEqual(found, Server("2001:db8::9", 2121))

    def test_ipv4_on_a_listener_of_both(self) -> None:
        """An IPv4 client of an IPv6 listener: only IPv4's level knows of it."""
        local = ("::ffff:10.0.0.1", 1025, 0, 0)
        found = self.redirected(local, socket.AF_INET6, {AS_V4: V4, AS_V6: V6})
        self.assertEqual(found, Server("203.0.113.9", 21))

    def test_normal(self) -> None:
        """An address is told in its normal spelling."""
        found = self.redirected(("2001:db8::1", 1025, 0, 0), socket.AF_INET6, {AS_V6: MAPPED6})
        self.assertEqual(found, Server("203.0.113.9", 2121))

    def test_not_redirected(self) -> None:
        """A connection that the kernel knows no destination of was for nobody else."""
        for local, family in (
            (("10.0.0.1", 1025), socket.AF_INET),
            (("2001:db8::1", 1025, 0, 0), socket.AF_INET6),
            (("::ffff:10.0.0.1", 1025, 0, 0), socket.AF_INET6),
        ):
            self.assertIsNone(self.redirected(local, family, {}), local)

    def test_tproxy(self) -> None:
        """Under tproxy our own address is the destination, and the kernel is asked nothing more."""
        for local, family, server in (
            (("203.0.113.9", 21), socket.AF_INET, Server("203.0.113.9", 21)),
            (("2001:DB8::9", 990, 0, 0), socket.AF_INET6, Server("2001:db8::9", 990)),
            (("::ffff:203.0.113.9", 21, 0, 0), socket.AF_INET6, Server("203.0.113.9", 21)),
        ):
            found = self.destination(Redirected(local, family, {}), Intercept.TPROXY)
            self.assertEqual(found, server)


class RealSocket(SocketCase):
    """A socket that nobody redirected."""

    def test_plain(self) -> None:
        """It was for nobody else: no destination, or the address that it came to."""
        near, _ = self.pair()
        found = destination_of(near, Intercept.REDIRECT)
        here = near.getsockname(), near.getpeername()
        self.assertIn(found and (found.host, found.port), [None, *here])
        self.assertEqual(destination_of(near, Intercept.TPROXY), Server(*near.getsockname()))
