"""What ``ready`` says."""

from __future__ import annotations

from typing import Any

from ftpalg import __version__
from ftpalg.config import structure
from ftpalg.core.news import Ready
from ftpalg.life.announcing import ready
from tests.net.test_keypair import FilesCase


class Said(FilesCase):
    """From settings to the fact."""

    def test_plain(self) -> None:
        """Version, file, listeners, servers, ports and how many sessions."""
        raw: dict[str, Any] = {
            "server": "ftp://one.example",
            "data": {"client-ports": "50000-50099"},
        }
        raw["routes"] = [{"server": ["ftps://two.example"]}, {"server": ["ftp://one.example"]}]
        self.assertEqual(
            ready(structure(raw, "f"), "f.toml", ["127.0.0.1:2121"], 9),
            Ready(
                __version__,
                "f.toml",
                ("127.0.0.1:2121",),
                ("ftps://two.example:990", "ftp://one.example:21"),
                "off",
                "50000-50099",
                9,
            ),
        )

    def test_shadow(self) -> None:
        """A route that is only tried leads nobody to its server."""
        routes = [{"server": ["ftp://one.example"], "shadow": True}]
        found = ready(structure({"routes": routes}, "f"), "", [], 9)
        self.assertEqual(found.servers, ("those that clients name",))

    def test_named_servers(self) -> None:
        """Without a fixed one, it is said who names them."""
        found = ready(structure({}, "f"), "", [], 9)
        self.assertEqual(found.servers, ("those that clients name",))

    def test_certificates(self) -> None:
        """Each with its file and its last day, and none that cannot be read."""
        files = self.issue("localhost")
        raw: dict[str, Any] = {
            "client-tls": {
                "mode": "require",
                "certificate": str(files.certificate),
                "private-key": str(files.private_key),
            },
        }
        (found,) = ready(structure(raw, "f"), "", [], 9).expiries
        self.assertRegex(found, rf"^{files.certificate} 3000-01-01$")
        files.certificate.write_bytes(b"")
        self.assertEqual(ready(structure(raw, "f"), "", [], 9).expiries, ())
