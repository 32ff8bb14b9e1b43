"""Which endpoints only this machine can reach."""

from __future__ import annotations

from typing import Any

from twisted.internet import endpoints

from ftpalg.config.contradictions import only_local
from tests.config.cases import ConfigTest


class Locality(ConfigTest):
    """Which endpoints nobody but this machine's users can reach; what is not sure is not."""

    def test_local(self) -> None:
        """Loopback in every spelling, and sockets in the file system."""
        for endpoint in (
            "tcp:21:interface=127.0.0.1",
            "tcp:port=21:interface=127.0.0.1",
            "tcp:interface=127.8.9.10:port=21:backlog=5",
            "tcp:21:interface=localhost",
            r"tcp:21:interface=\:\:1",
            r"tcp6:21:interface=\:\:1",
            r"tcp6:port=21:interface=0\:0\:0\:0\:0\:0\:0\:1",
            "ssl:990:privateKey=k.pem:interface=127.0.0.1",
            "unix:/run/ftpalg.sock",
            "unix:/run/ftpalg.sock:mode=777",
        ):
            self.assertTrue(only_local(endpoint), endpoint)

    def test_not_local(self) -> None:
        """Every address, none, a name, and every kind of endpoint that could be anything."""
        for endpoint in (
            "",
            "tcp",
            "21",
            "tcp:21",
            "tcp6:21",
            "tcp:21:interface=",
            "tcp:21:interface=0.0.0.0",
            "tcp:21:interface=10.0.0.1",
            "tcp:21:interface=127.0.0.1.example",
            "tcp:21:interface=localhost.example",
            "tcp:21:interface=0",
            "tcp:21:interface=127.1",
            r"tcp:21:interface=127.0.0.1\:",
            r"tcp:21:interface=127.0.0.1\:interface=127.0.0.1",
            r"tcp6:21:interface=\:\:",
            r"tcp6:21:interface=fe80\:\:1",
            "tcp:21:127.0.0.1",
            "tcp:21:interfaces=127.0.0.1",
            "tcp:21:backlog=interface=127.0.0.1",
            "systemd:domain=INET:index=0",
            "systemd:domain=INET:name=x:interface=127.0.0.1",
            "haproxy:tcp:21:interface=127.0.0.1",
            "haproxy:unix:/run/x",
            "tls:/etc/keys:tcp:990:interface=127.0.0.1",
            "txsni:/etc/keys:tcp:990:interface=127.0.0.1",
            "onion:21:interface=127.0.0.1",
            "fd:3:interface=127.0.0.1",
            "Unix:/run/x",
            "unix6:/run/x",
        ):
            self.assertFalse(only_local(endpoint), endpoint)

    def test_last_word_counts(self) -> None:
        """Twisted takes the last of two words, and any character behind a backslash."""
        for endpoint in (
            "tcp:21:interface=127.0.0.1:interface=0.0.0.0",
            "tcp:21:interface=0.0.0.0:interface=127.0.0.1",
            "tcp:21:interface=127.0.0.1:interface=",
            r"tcp:21:interface=127.0.0.1:int\erface=0.0.0.0",
            r"tcp:21:inter\face=127.0.0.1",
            r"ssl:990:privateKey=C\\k:interface=127.0.0.1",
            r"ssl:990:privateKey=k\\\:interface=127.0.0.1",
        ):
            self.assertFalse(only_local(endpoint), endpoint)

    def test_as_twisted_reads_it(self) -> None:
        """What is called local is where Twisted would listen, of all these spellings."""
        words = ("interface=127.0.0.1", "interface=0.0.0.0", "interface=", "backlog=5", "mode=1")
        joints = (":", r"\:", r"\\:", r"\\\:", "=")
        parse: Any = endpoints._parse
        for first in words:
            for second in words:
                for one in joints:
                    for two in joints:
                        endpoint = f"tcp{one}21{two}{first}{one}{second}"
                        _, keywords = parse(endpoint)
                        if only_local(endpoint):
                            self.assertEqual(keywords.get("interface"), "127.0.0.1", endpoint)
