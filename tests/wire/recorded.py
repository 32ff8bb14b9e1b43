"""A real gateway that writes its records as JSON, and who reads them."""

from __future__ import annotations

import contextlib
import json
import platform
import re
from typing import Any

from jsonschema import Draft4Validator

from ftpalg.ops.schema import schema
from tests.tls.certificates import issued
from tests.wire.cases import SceneTestCase
from tests.wire.clients import Client
from tests.wire.sockets import Closed

PLAIN, SECURE, GONE, BALANCER = "127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5"
STRANGER = "127.0.0.9"
VALID = Draft4Validator(schema())


class RecordsTestCase(SceneTestCase):
    """Servers by the client's address; records as JSON."""

    hosts = ("127.0.0.1", "127.0.0.1", "127.0.0.1")

    @classmethod
    def environment(cls) -> dict[str, str]:
        return {"FTPALG_LOG_FORMAT": "json"}

    @classmethod
    def settings(cls) -> str:
        return (
            f'[access]\nclients = ["{PLAIN}", "{SECURE}", "{GONE}", "127.0.0.7"]\n'
            f'[client-tls]\nmode = "offer"\n{issued("good").toml}'
            f'[server-tls]\nca = "{issued("good").certificate.parent}/ca.pem"\n'
            f'[proxy-protocol]\nbalancers = ["{BALANCER}"]\n'
            f'[[routes]]\nclients = ["{PLAIN}", "127.0.0.7"]\nserver = ["ftp://127.0.0.1:PORT0"]\n'
            f'[[routes]]\nclients = ["{SECURE}"]\nserver = ["ftpes://localhost:PORT1"]\n'
            f'[[routes]]\nclients = ["{GONE}"]\nserver = ["ftp://127.0.0.1:PORT2"]\n'
        )

    def records(self, event: str) -> list[dict[str, Any]]:
        """Those of a kind, once the session is over; each is valid by the schema."""
        self.assertTrue(self.gateway.left())
        self.assertTrue(self.gateway.logged('"event":"' + event))
        lines = re.findall(r'\{"time".*\}', self.gateway.new_log())
        found: list[dict[str, Any]] = list(map(json.loads, lines))
        for one in found:
            self.assertEqual([error.message for error in VALID.iter_errors(one)], [], one)
            self.assertEqual(one["node"], platform.node())
        self.gateway.begin()
        return [one for one in found if one["event"] == event]

    def record(self, event: str) -> dict[str, Any]:
        """The one of that kind."""
        (found,) = self.records(event)
        return found

    def read_out(self, client: Client) -> None:
        """Read what the client is told until its connection ends, however that is."""
        with contextlib.suppress(Closed, ConnectionError):
            while True:
                client.line()
        client.sock.close()
