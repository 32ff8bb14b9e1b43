"""The ways in which a session ends, and what their tests share."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from typing import Any, TypeVar

from tests.tls.certificates import issued
from tests.wire.cases import SceneTestCase
from tests.wire.clients import Client
from tests.wire.servers import Control
from tests.wire.sockets import Closed

ENDS = {
    "quit": "CC quit",
    "quit_before_any_server": "CN quit",
    "client_closes": "CI client-closed",
    "client_resets": "CI client-lost",
    "client_resets_in_a_transfer": "CD client-lost",
    "client_closes_in_a_transfer": "CD client-closed",
    "client_cuts_tls": "CN client-cut-tls",
    "old_tls": "CN client-tls-version",
    "distrusted": "CN client-distrust",
    "no_tls_at_all": "CN client-tls",
    "http": "CN not-ftp",
    "clear_behind_auth": "CN clear-behind-auth",
    "no_server_named": "GN bad-commands",
    "bad_lines": "GN bad-lines",
    "bad_logins_here": "GA bad-logins-here",
    "bad_logins_there": "GL bad-logins-there",
    "server_unreachable": "SR server-unreachable",
    "server_greets_421": "SR server-refuses",
    "server_closes_at_once": "SR server-left-early",
    "server_is_no_ftp": "SR server-not-ftp",
    "server_without_tls": "SR server-no-tls",
    "server_fails_in_tls": "SR server-tls",
    "unknown_ca": "SR server-untrusted",
    "expired": "SR server-expired",
    "wrong_host": "SR server-misnamed",
    "server_closes": "SI server-closed",
    "server_resets": "SI server-lost",
    "server_says_goodbye": "SI server-goodbye",
    "server_talks_too_much": "SI server-surplus",
    "server_silent": "SC server-silent",
    "no_greeting": "SR server-no-greeting",
    "login_timeout": "GL login-timeout",
    "idle": "GI idle-timeout",
    "exception": "GC exception",
    "stopped": "OI stopped",
    "drained": "OI drained",
    "kicked": "OI kicked",
}
"""Each way, by the name of its test."""

CLOSED = re.compile(r" ([A-Z]{2} [a-z-]+), [\d.]+ s, \d+ transfers?: closed$", re.MULTILINE)
PLAIN, SECURE = "127.0.0.2", "127.0.0.3"
"""Where clients come from whose server is known: one in clear, one that must begin TLS."""
Test = TypeVar("Test", bound=Callable[..., None])


def todo(reason: str) -> Callable[[Test], Test]:
    """Mark a test that waits for what is not there yet."""

    def mark(test: Test) -> Test:
        test.__dict__["todo"] = reason
        return test

    return mark


class EndsTestCase(SceneTestCase):
    """Two servers by the client's address; nobody else's is known."""

    hosts = ("127.0.0.1", "127.0.0.1")

    @classmethod
    def settings(cls) -> str:
        return (
            f'[client-tls]\nmode = "offer"\n{issued("good").toml}'
            f'[server-tls]\nca = "{issued("good").certificate.parent}/ca.pem"\n'
            "[limits]\nbad-logins = 2\nbad-commands = 3\nsurplus-replies = 2\n"
            f'[[routes]]\nclients = ["{PLAIN}"]\nserver = ["ftp://127.0.0.1:PORT0"]\n'
            f'[[routes]]\nclients = ["{SECURE}"]\nserver = ["ftpes://localhost:PORT1"]\n'
        )

    def ended(self) -> None:
        """The one session of this test has ended as the table says."""
        self.assertTrue(self.gateway.left())
        self.assertTrue(self.gateway.logged(": closed"))
        name = self.id().rpartition(".test_")[2]
        log = self.gateway.new_log()
        self.assertEqual(CLOSED.findall(log), [ENDS[name]], log)
        self.gateway.begin()

    def known(self, script: Callable[[Control], Any]) -> Client:
        """A client whose server, in clear, runs this script from its first word on."""
        self.serve_at(0, script)
        return self.connect(PLAIN)

    def inside(self, script: Callable[[Control], Any]) -> Client:
        """A client that is logged in at a server that runs this script then."""
        client = self.known(lambda control: script(control.login()))
        self.assertEqual(client.code(), 220)
        client.login()
        return client

    def read_out(self, client: Client) -> None:
        """Read what the client is told until its connection ends, however that is."""
        with contextlib.suppress(Closed, ConnectionError):
            while True:
                client.line()
        client.sock.close()
