"""Aliases of people and places."""

from __future__ import annotations

import re
from ipaddress import ip_network
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as some
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config.anonymous import Aliases


class Names(SynchronousTestCase):
    """Hosts, addresses, users, paths and accounts."""

    def test_aliases(self) -> None:
        """The same name has the same alias, another one another; wildcards and ports stay."""
        aliases = Aliases()
        first, second, other = aliases.of(
            ["ftp://a.test:2100", "ftps://a.test", "b.test:2100"], "server"
        )
        alias = re.fullmatch(r"ftp://(host\d+\.example):2100", first)
        assert alias is not None
        self.assertEqual(second, f"ftps://{alias[1]}")
        self.assertNotIn(alias[1], other)
        self.assertRegex(aliases.of("*.a.test", "names"), r"^\*\.host\d+\.example$")
        self.assertEqual(aliases.of("127.0.0.1:21", "listen"), "127.0.0.1:21")
        self.assertEqual(aliases.of("systemd:domain=INET:index=0", "listen")[:8], "systemd:")

    @settings(max_examples=200, deadline=None, derandomize=True)
    @given(some.ip_addresses(), some.integers(0, 128))
    def check_networks(self, address: Any, prefix: int) -> None:
        """A network's alias is a network as wide."""
        network = ip_network((address, min(prefix, address.max_prefixlen)), strict=False)
        (alias,) = Aliases().of([str(network)], "clients")
        found = ip_network(alias)
        self.assertEqual((found.version, found.prefixlen), (network.version, network.prefixlen))

    def test_networks(self) -> None:
        """Any network."""
        self.check_networks()

    def test_by_key(self) -> None:
        """Each key's words are hidden as what they are; numbers, switches and empty words stay."""
        aliases = Aliases()
        for key, text, shown in (
            ("auth", "ldap://user:secret@corp", "ldap:hidden"),
            ("auth", "secret", "secret:hidden"),
            ("users", "gus", r"name\d"),
            ("password-file", "/etc/corp", r"/path\d"),
            ("to", "file:/var/log/corp:x", r"file:/var/log/corp:/path\d"),
            ("to", "syslog", "syslog"),
            ("to", "", ""),
            ("sessions", 7, 7),
            ("splice", True, True),
            ("balance", "sticky", "sticky"),
        ):
            found = aliases.of(text, key)
            if isinstance(shown, str):
                self.assertRegex(found, f"^{shown}$", key)
            else:
                self.assertEqual(found, shown)

    def test_log_s_users(self) -> None:
        """``users`` of ``[log]`` is no name, a path there is one."""
        found = Aliases().of({"log": {"users": "short", "xferlog": "/corp/x"}})
        self.assertEqual(found["log"]["users"], "short")
        self.assertNotIn("corp", found["log"]["xferlog"])

    def test_wide(self) -> None:
        """Networks that tell nothing of a place stay, and so do loopback and any address."""
        for text in ("10.0.0.0/8", "2001::/16", "127.0.0.0/8", "0.0.0.0", "::1", "::"):
            self.assertEqual(Aliases().of(text, "clients"), text)
