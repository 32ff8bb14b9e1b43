"""Whether a server may be reached: what the policies are asked, and what is made of the answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.actions import Dial
from ftpalg.core.facts import Shadowed
from ftpalg.core.routes import Route, Server
from ftpalg.net import judging as module
from ftpalg.net.judging import Judging
from ftpalg.net.own_addresses import Own
from tests.net.doubles import POLICIES

CLIENT = "192.0.2.1"
GATE = Server("gw.example")
NAMED = Dial((GATE,), Route(), named=True, account="anna")
CONFIGURED = Dial((GATE,), Route((GATE,)), named=False)
TOLD = Shadowed("f.toml:1: access.servers[0]", "allow it", differs=True)


class JudgingCase(SynchronousTestCase):
    """Policies that note what they are asked."""

    def setUp(self) -> None:
        self.asked: list[Any] = []
        self.own = Own()

    def asking(self, **more: Any) -> Judging:
        """One whose policies are these, or POLICIES."""
        return Judging(POLICIES._replace(**more), self.own)

    def note(self, answer: Any) -> Callable[..., Any]:
        """A policy that notes what it is asked."""

        def answered(*words: Any, **more: Any) -> Any:
            self.asked.append((*words, more) if more else words)
            return answer

        return answered


class Refusals(JudgingCase):
    """``refusal`` and ``by_name``."""

    def test_named(self) -> None:
        """A server that a client named is judged with its account and its very address."""
        judging = self.asking(refusal=self.note("That is forbidden."))
        found = judging.refusal(NAMED, CLIENT, True, GATE, "192.0.2.7")
        self.assertEqual(found, "That is forbidden.")
        self.assertEqual(self.asked, [(CLIENT, "anna", GATE, "192.0.2.7")])

    def test_machine(self) -> None:
        """What the address is to this machine and the client is told; the first refusal counts."""
        self.patch(module, "is_local", lambda address: address.endswith(".254"))
        for client, near, address, facts in (
            (CLIENT, True, "192.0.2.254", {"ours": True, "local": False, "parent": False}),
            ("192.0.2.254", True, "192.0.2.2", {"ours": False, "local": True, "parent": False}),
            ("192.0.2.254", False, "192.0.2.2", {"ours": False, "local": False, "parent": False}),
        ):
            self.asked.clear()
            judging = self.asking(machine=self.note("Not from within."), refusal=self.note(""))
            found = judging.refusal(NAMED, client, near, GATE, address)
            self.assertEqual(found, "Not from within.")
            self.assertEqual(self.asked, [(GATE, address, facts)])
        judging = self.asking(machine=self.note(""), refusal=self.note("That is forbidden."))
        self.asked.clear()
        dial = NAMED._replace(route=Route(parent="office"))
        found = judging.refusal(dial, CLIENT, True, GATE, "192.0.2.3")
        self.assertEqual(found, "That is forbidden.")
        self.assertEqual(self.asked[0][2], {"ours": False, "local": False, "parent": True})

    def test_configured(self) -> None:
        """A server that the settings name is not judged, neither by its address nor by its name."""
        judging = self.asking(refusal=self.note("Forbidden."), by_name=self.note("Forbidden."))
        self.assertEqual(judging.refusal(CONFIGURED, CLIENT, True, GATE, "127.0.0.1"), "")
        self.assertEqual(judging.by_name(CONFIGURED, CLIENT, GATE), "")
        self.assertEqual(self.asked, [])

    def test_by_name(self) -> None:
        """The name of one that a client named is."""
        judging = self.asking(by_name=self.note("Not known."))
        self.assertEqual(judging.by_name(NAMED, CLIENT, GATE), "Not known.")
        self.assertEqual(self.asked, [(CLIENT, "anna", GATE)])

    def test_ourselves(self) -> None:
        """The gateway itself is nobody's server, named by a client or by the settings."""
        judging = self.asking(refusal=lambda *_: "")
        self.own.add("0.0.0.0", 2121)
        server = Server("localhost", 2121)
        for dial in (NAMED, CONFIGURED):
            found = judging.refusal(dial, CLIENT, True, server, "127.0.0.1")
            self.assertEqual(found, "localhost port 2121 is this gateway itself.")
            self.assertEqual(judging.refusal(dial, CLIENT, True, server, "240.0.0.1"), "")
            self.assertEqual(judging.refusal(dial, CLIENT, True, server, ""), "")


class Tried(JudgingCase):
    """Rules that are only tried."""

    def test_asked_alike(self) -> None:
        """They are asked with what the others were, and with what these said."""
        self.patch(module, "is_local", lambda address: address.endswith(".254"))
        judging = self.asking(tried=self.note(TOLD), tried_by_name=self.note(TOLD))
        self.assertTrue(judging.tries)
        found = judging.tried(NAMED, "192.0.2.254", True, GATE, "192.0.2.2", "No.")
        self.assertEqual(found, TOLD)
        facts = {"ours": False, "local": True, "parent": False, "refusal": "No."}
        self.assertEqual(self.asked, [("192.0.2.254", "anna", GATE, "192.0.2.2", facts)])
        self.asked.clear()
        self.assertEqual(judging.tried(NAMED, CLIENT, True, GATE, "", ""), TOLD)
        facts = {"ours": False, "local": False, "parent": False, "refusal": ""}
        self.assertEqual(self.asked, [(CLIENT, "anna", GATE, "", facts)])
        self.asked.clear()
        self.assertEqual(judging.tried_by_name(NAMED, CLIENT, GATE, "No."), TOLD)
        self.assertEqual(self.asked, [(CLIENT, "anna", GATE, "No.")])

    def test_not_asked(self) -> None:
        """Nor are they asked where the others are not, or where there are none."""
        judging = self.asking(tried=self.note(TOLD), tried_by_name=self.note(TOLD))
        self.assertIsNone(judging.tried(CONFIGURED, CLIENT, True, GATE, "192.0.2.2", ""))
        self.assertIsNone(judging.tried_by_name(CONFIGURED, CLIENT, GATE, ""))
        self.own.add("192.0.2.2", 21)
        self.assertIsNone(judging.tried(NAMED, CLIENT, True, GATE, "192.0.2.2", "Itself."))
        self.assertEqual(self.asked, [])
        without = self.asking()
        self.assertFalse(without.tries)
        self.assertIsNone(without.tried(NAMED, CLIENT, True, GATE, "192.0.2.9", ""))
        self.assertIsNone(without.tried_by_name(NAMED, CLIENT, GATE, ""))
