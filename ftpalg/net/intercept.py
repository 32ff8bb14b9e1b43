"""Connections that were meant for another machine: whom they were for.  Linux only.

``redirect``: nftables rewrote the destination, the kernel remembers it.  ``tproxy``: the connection
has the destination's own address on our side.
"""

from __future__ import annotations

import socket
import struct

from ftpalg.config import Intercept
from ftpalg.core.routes import Server
from ftpalg.core.wire.addresses import normal

SO_ORIGINAL_DST = IP6T_SO_ORIGINAL_DST = 80  # linux/netfilter_ipv4.h, linux/netfilter_ipv6


def destination_of(sock: socket.socket, intercept: Intercept | None) -> Server | None:
    """Whom a connection was for; None where the kernel knows of no other destination."""
    local = sock.getsockname()
    if intercept is Intercept.TPROXY:
        return Server(normal(local[0]), local[1])
    if sock.family == socket.AF_INET6 and normal(local[0]) == local[0]:
        return _original(sock, socket.IPPROTO_IPV6, IP6T_SO_ORIGINAL_DST, socket.AF_INET6)
    return _original(sock, socket.IPPROTO_IP, SO_ORIGINAL_DST, socket.AF_INET)


def _original(sock: socket.socket, level: int, name: int, family: int) -> Server | None:
    """sockaddr_in is family, port and address; sockaddr_in6 has the flow between the last two.

    The kernel fills 16 bytes for IPv4 and does not say so: asked for more it leaves rubbish behind.
    """
    try:
        raw = sock.getsockopt(level, name, 28 if family == socket.AF_INET6 else 16)
    except OSError:
        return None  # it came without redirection, or this is not Linux
    (port,) = struct.unpack_from("!H", raw, 2)
    if family == socket.AF_INET6:
        return Server(normal(socket.inet_ntop(family, raw[8:24])), port)
    return Server(socket.inet_ntop(family, raw[4:8]), port)
