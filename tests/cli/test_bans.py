"""``ftpalg bans``: words, what is printed, the status.  The gateway is the test's."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Mapping
from typing import Any

from ftpalg.cli import bans as module
from ftpalg.cli.asking import NoAnswer
from tests.cli.cases import CommandCase

ROW = {
    "kind": "peer",
    "name": "192.0.2.1",
    "since": "2026-11-27T07:00:00.000000Z",
    "until": "2026-11-27T07:30:00.000000Z",
    "seconds": 60,
    "times": 2,
    "reason": "scan",
    "holds": True,
}
JOE = {**ROW, "kind": "account", "name": "joe", "times": 1, "holds": False}


class Bans(CommandCase):
    """What is asked, and what is said of the answer."""

    def setUp(self) -> None:
        super().setUp()
        self.asked: list[tuple[str, Mapping[str, Any]]] = []
        self.answer: Any = ROW
        self.patch(module, "ask", self.ask)

    def ask(self, words: Namespace, name: str, said: Mapping[str, Any]) -> Any:
        """As a gateway does."""
        self.asked.append((name, {key: one for key, one in said.items() if one is not None}))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def test_words(self) -> None:
        """An address or an account, and how long."""
        for words, verb, said in (
            (("add", "192.0.2.1"), "ban", {"peer": "192.0.2.1"}),
            (("add", "192.0.2.1", "--for", "60"), "ban", {"peer": "192.0.2.1", "seconds": 60}),
            (("add", "--account", "joe"), "ban", {"account": "joe"}),
            (("remove", "2001:db8::/64"), "unban", {"peer": "2001:db8::/64"}),
            (("remove", "--account", "joe"), "unban", {"account": "joe"}),
        ):
            self.assertEqual(self.run_it("bans", *words)[0], 0)
            self.assertEqual(self.asked.pop(), (verb, said))

    def test_said(self) -> None:
        """What came of it."""
        said = "192.0.2.1: scan, until 2026-11-27T07:30:00Z, time 2\n"
        self.assertEqual(self.run_it("bans", "add", "192.0.2.1")[1], said)
        self.assertEqual(self.run_it("bans", "remove", "192.0.2.1")[1], "192.0.2.1: let in again\n")
        found = json.loads(self.run_it("bans", "add", "192.0.2.1", "--json")[1])
        self.assertEqual(found, ROW)

    def test_list(self) -> None:
        """A line each; addresses alone; JSON; nobody."""
        self.answer = {"bans": [ROW, JOE]}
        told = "account joe: scan, until 2026-11-27T07:30:00Z; only told (bans.mode is shadow)"
        self.assertEqual(self.run_it("bans", "list")[1].splitlines()[1], told)
        self.assertEqual(self.run_it("bans", "list", "--names")[1], "192.0.2.1\n")
        self.assertEqual(json.loads(self.run_it("bans", "list", "--json")[1]), self.answer)
        self.answer = {"bans": []}
        self.assertEqual(self.run_it("bans", "list")[1], "nobody is banned\n")

    def test_wrong(self) -> None:
        """Words that are none are not asked: status 2 and one sentence."""
        for words in (
            ("add",),
            ("remove",),
            ("add", "192.0.2.1", "--account", "joe"),
            ("add", "192.0.2.1", "--for", "0"),
            ("add", "192.0.2.1", "--for", "soon"),
            ("lst",),
            (),
        ):
            status, out, err = self.run_it("bans", *words)
            self.assertEqual((status, out, err.count("\n")), (2, "", 1), words)
        self.assertEqual(self.asked, [])

    def test_no_answer(self) -> None:
        """The gateway's no is the command's."""
        self.answer = NoAnswer("it is not banned")
        for words in (("list",), ("add", "192.0.2.1"), ("remove", "192.0.2.1")):
            status, _, err = self.run_it("bans", *words)
            self.assertEqual((status, err), (1, "ftpalg bans: it is not banned\n"))
