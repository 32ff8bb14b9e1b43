"""``ftpalg quotas``: words, what is printed, the status.  The gateway is the test's."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Mapping
from typing import Any

from ftpalg.cli import quotas as module
from ftpalg.cli.asking import NoAnswer
from tests.cli.cases import CommandCase

NONE = {"used": 0, "limit": 0}
ROW = {
    "account": "joe",
    "upload_bytes": {"used": 7, "limit": 100},
    "upload_files": {"used": 1, "limit": 0},
    "download_bytes": NONE,
    "download_files": {"used": 0, "limit": 5},
}


class Quotas(CommandCase):
    """What is asked, and what is said of the answer."""

    def setUp(self) -> None:
        super().setUp()
        self.asked: list[tuple[str, Mapping[str, Any]]] = []
        self.answer: Any = {"quotas": [ROW]}
        self.patch(module, "ask", self.ask)

    def ask(self, words: Namespace, name: str, said: Mapping[str, Any]) -> Any:
        """As a gateway does."""
        self.asked.append((name, said))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def test_list(self) -> None:
        """A line for each account, names only, or what the gateway has said."""
        line = "joe: 7 of 100 bytes and 1 files up, 0 bytes and 0 of 5 files down\n"
        self.assertEqual(self.run_it("quotas", "list")[1], line)
        self.assertEqual(self.run_it("quotas", "list", "--names")[1], "joe\n")
        self.assertEqual(json.loads(self.run_it("quotas", "list", "--json")[1]), self.answer)
        self.answer = {"quotas": []}
        self.assertEqual(self.run_it("quotas", "list")[1], "nobody has moved a file today\n")
        self.assertEqual({name for name, _ in self.asked}, {"quotas"})

    def test_reset(self) -> None:
        """The account, and what came of it."""
        self.answer = {"account": "joe"}
        found = self.run_it("quotas", "reset", "Joe")
        self.assertEqual(found[:2], (0, "joe: its day begins anew\n"))
        self.assertEqual(self.asked, [("reset-quota", {"account": "Joe"})])
        self.assertEqual(
            json.loads(self.run_it("quotas", "reset", "joe", "--json")[1]), self.answer
        )

    def test_no(self) -> None:
        """The gateway's sentence, and status 1."""
        self.answer = NoAnswer("account joe has used nothing today")
        for words in (("list",), ("reset", "joe")):
            status, _, err = self.run_it("quotas", *words)
            self.assertEqual(status, 1)
            self.assertEqual(err, "ftpalg quotas: account joe has used nothing today\n")
