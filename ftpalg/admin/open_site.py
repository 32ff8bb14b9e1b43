"""The pages over TCP (``[admin] listen``), for whoever reaches the port: they change nothing.

A browser that was led here by a name of somebody else's (DNS rebinding) says that name: the Host header
must be an address, ``localhost``, or a name that the settings know.  HTTP/1.0 may leave it out, which no
browser does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address

from ftpalg.admin.asking import Answer, Refusal
from ftpalg.admin.pages import PAGES, answered
from ftpalg.admin.steered import Published
from ftpalg.admin.web import Bounded, Call

HOST = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]{1,253}))(?::[0-9]{0,5})?")
"""RFC 3986, section 3.2.2 and 3.2.3, without what no host of ours is called by."""

BAD_HOST = "the Host header is no host, or there are several"
NOT_OURS = "no such name is here: ask by an address, or write it into admin.names of the settings"


class OpenSite(Bounded):
    """Serves the pages and nothing else."""

    gateway: Published

    def answer(self, call: Call) -> Answer:
        """The page.  Raise Refusal."""
        hosts = call.requestHeaders.getRawHeaders(b"host", [])
        check_host(hosts, self.gateway.names, old=call.clientproto == b"HTTP/1.0")
        found = answered(self.gateway, call.method, call.uri.partition(b"?")[0])
        if found is None:
            paths = b", ".join(PAGES).decode()
            raise Refusal(404, f"there is no such path; there are: {paths}")
        return found


def check_host(hosts: Iterable[bytes], names: Iterable[str], *, old: bool) -> None:
    """Raise Refusal where the header names somebody else."""
    said = list(hosts)
    if not said and old:
        return
    match = HOST.fullmatch(said[0].strip(b" \t").decode("latin-1")) if len(said) == 1 else None
    if match is None:
        raise Refusal(400, BAD_HOST)
    six, name = match.groups()
    if six is not None:
        if not _is_ipv6(six):
            raise Refusal(400, BAD_HOST)
        return
    name = name.lower().removesuffix(".")
    if name != "localhost" and name not in names and not _is_address(name):
        raise Refusal(421, NOT_OURS)


def _is_ipv6(text: str) -> bool:
    try:
        IPv6Address(text)
    except ValueError:
        return False
    return True


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
