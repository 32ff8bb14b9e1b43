"""Gateways that publish, and what they say."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from tests.life.programs import Foreground, LifeCase
from tests.wire.peers import BLOCK, TIMEOUT, Control, drained

ANY = "127.0.0.1:0"


class Scraped(dict[tuple[str, frozenset[tuple[str, str]]], float]):
    """Every sample by its name and labels."""

    def value(self, name: str, **labels: str) -> float:
        """One sample."""
        return self[f"ftpalg_{name}", frozenset(labels.items())]

    def total(self, name: str, **labels: str) -> float:
        """The sum of those that have these labels."""
        wanted = set(labels.items())
        return sum(
            number for (of, own), number in self.items() if of == f"ftpalg_{name}" and wanted <= own
        )


def read(text: str) -> Scraped:
    """What a scrape says."""
    return Scraped(
        ((sample.name, frozenset(sample.labels.items())), sample.value)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    )


class PublishedCase(LifeCase):
    """Gateways with ``[admin] listen``."""

    def published(
        self, rest: str = "", admin: str = f'listen = "{ANY}"', env: Mapping[str, str] = {}
    ) -> Foreground:
        """One that is ready."""
        return self.begin(self.settings(rest, admin), env).serve()

    def settings(self, rest: str = "", admin: str = f'listen = "{ANY}"', form: str = "text") -> str:
        """Its file."""
        head = f'listen = ["{ANY}"]\nserver = "ftp://127.0.0.1:{self.server.port}"\n'
        return f'{head}{rest}\n[log]\nformat = "{form}"\ncommands = "off"\n[admin]\n{admin}\n'

    def port(self, gateway: Foreground) -> int:
        """Where it publishes."""
        (found,) = gateway.listened_on() - set(gateway.ports)
        return found

    def get(self, port: int, path: str, host: str = "localhost") -> tuple[int, str]:
        """Status and body."""
        asking = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
        self.addCleanup(asking.close)
        asking.request("GET", path, headers={"Host": host})
        answer = asking.getresponse()
        return answer.status, answer.read().decode()

    def scrape(self, port: int) -> Scraped:
        """The metrics."""
        status, text = self.get(port, "/metrics")
        self.assertEqual(status, 200, text)
        return read(text)

    def transfer(self, gateway: Foreground, line: bytes, blocks: int = 1) -> None:
        """A session that moves so many blocks, and ends."""
        up = line.startswith(b"STOR")

        def script(control: Control) -> Any:
            port = control.data()
            control.answer(line.split()[0], b"150 Here it comes.")
            data = port.open()
            if up:
                drained(data)
            else:
                data.sendall(BLOCK * blocks)
                data.close()
            control.say(b"226 All of it.")
            return control.until_end()

        client = self.enter(gateway, script)
        data = client.pasv()
        data.settimeout(TIMEOUT)
        self.assertEqual(client.ask(line).code, 150)
        if up:
            data.sendall(BLOCK * blocks)
            data.close()
        else:
            self.assertEqual(drained(data), (BLOCK * blocks, "end"))
            data.close()
        self.assertEqual(client.code(), 226)
        client.close()

    def records(self, gateway: Foreground) -> list[dict[str, Any]]:
        """Those that are JSON."""
        lines = gateway.whole_log().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]
