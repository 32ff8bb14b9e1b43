"""Settings that cannot hold together."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.config.cases import ConfigTest


class Contradictions(ConfigTest):
    """Values that are good one by one and cannot hold together."""

    def test_each(self) -> None:
        """Each contradiction names its key and a remedy."""
        pair = "certificate = 'c'\nprivate-key = 'k'"
        for text, key in (
            ("client-tls.certificate = 'c'", "client-tls.private-key"),
            ("client-tls.private-key = 'k'", "client-tls.certificate"),
            ("server-tls.certificate = 'c'", "server-tls.private-key"),
            ("server-tls.private-key = 'k'", "server-tls.certificate"),
            ("client-tls.mode = 'offer'", "client-tls.certificate"),
            ("client-tls.implicit-listen = ['tcp:990']", "client-tls.certificate"),
            (f"[client-tls]\n{pair}\nmode = 'offer'\nopaque = true", "client-tls.opaque"),
            ("server = 'ftpes://h'\nclient-tls.opaque = true", "client-tls.opaque"),
            ("server-tls.ca = 'x'\nserver-tls.verify = false", "server-tls.ca"),
            ("server = 'ftpes://h'\nserver-tls.mode = 'off'", "server-tls.mode"),
            ("server-tls.crl-chain = true", "server-tls.crl-chain"),
            (
                f"[[server-tls.rules]]\nserver = 'h'\nmode = 'off'\npin = 'sha256:{'0' * 64}'",
                "server-tls.rules[0].pin",
            ),
            ("accounts = {auth = ['memory:a:b'], require-tls = true}", "accounts.require-tls"),
            ("[data]\nclient-ports = '5060-5061'", "data.client-ports"),
            ("[data]\nserver-ports = '2000-2000'", "data.server-ports"),
            ("workers = 3\n[data]\nclient-ports = '5059-5062'", "workers"),
            ("workers = 3\n[data]\nserver-ports = '50000-50001'", "workers"),
            ("limits.upload-bytes-per-day = 5", "limits.upload-bytes-per-day"),
            (
                "[[listeners]]\nendpoint = ':1'\nlimits = {download-files-per-day = 5}",
                "listeners[0].limits.download-files-per-day",
            ),
            (
                "[[routes]]\nserver = 'ftp://h'\nlimits = {upload-files-per-day = 5}",
                "routes[0].limits.upload-files-per-day",
            ),
        ):
            self.assertIn(key, [fault.partition(":")[0] for fault in self.faults(text)], text)

    def test_workers_elsewhere(self) -> None:
        """Where connections are not spread over sockets there is one process."""
        self.assertEqual(self.settings("workers = 2").workers, 2)
        self.patch(sys, "platform", "darwin")
        self.assertEqual(
            self.faults("workers = 2"),
            ["workers: 2 processes share listeners on Linux only; set it to 1"],
        )
        self.assertEqual(self.faults("workers = 0")[0][:13], "workers = 0: ")
        self.assertEqual(self.settings("workers = 1").workers, 1)

    def test_none(self) -> None:
        """What goes together is not complained of."""
        pair = "certificate = 'c'\nprivate-key = 'k'"
        for text in (
            f"[client-tls]\nmode = 'require'\n{pair}\nimplicit-listen = ['tcp:990']\n"
            "[access]\nclients = ['10.0.0.0/8']",
            f"[server-tls]\n{pair}\nca = 'x'",
            "server = 'ftpes://h'\nserver-tls.mode = 'explicit'",
            "server = 'ftp://h'\nserver-tls.mode = 'auto'",
            "client-tls.opaque = true",
            "accounts.require-tls = true",
            f"[client-tls]\nmode = 'implicit'\n{pair}\n[accounts]\nauth = ['memory:a:b']\n"
            "require-tls = true",
            "[data]\nclient-ports = '5060-5062'",
            "limits.upload-bytes-per-transfer = 5",
            "limits.upload-bytes-per-day = 5\n[accounts]\nauth = ['memory:a:b']",
        ):
            self.settings(text)

    def test_all_at_once(self) -> None:
        """They are told together."""
        found = self.faults("client-tls.mode = 'offer'\ndata.client-ports = '5060-5061'")
        self.assertEqual(len(found), 2)

    def test_pairs(self) -> None:
        """Certificates come with their keys, the first one first."""
        found = self.settings(
            """
            [client-tls]
            certificate = "a.pem"
            private-key = "a.key"
            more-certificates = [{certificate = "b.pem", private-key = "b.key"}]
            [server-tls]
            certificate = "s.pem"
            private-key = "s.key"
            """
        )
        self.assertEqual([str(p.certificate) for p in found.client_tls.pairs], ["a.pem", "b.pem"])
        assert found.server_tls.pair is not None
        self.assertEqual(found.server_tls.pair.private_key, Path("s.key"))
        self.assertEqual(self.settings("").client_tls.pairs, ())
        self.assertIs(self.settings("").server_tls.pair, None)
