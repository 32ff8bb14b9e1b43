"""Whether a server may be reached where its addresses are not known: what is said then holds for each."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config.loading import settings_of_raw
from ftpalg.explain import servers as of_servers
from ftpalg.explain.explaining import explain
from ftpalg.explain.question import Question, server_of
from ftpalg.explain.steps import Kind
from ftpalg.net import judging
from tests.explain.test_explaining import ACCESS

PLAIN = ("198.51.100.7", "203.0.113.80", "10.0.0.7", "2001:db8:9::9")
"""Addresses of which none is special, nor this machine's."""


class WithoutAddress(SynchronousTestCase):
    """Names that nobody has looked up."""

    def setUp(self) -> None:
        for module in (judging, of_servers):
            self.patch(module, "is_local", lambda address: False)

    def test_holds(self) -> None:
        """What goes goes to every address that is not special, and what is refused to none."""
        self.seen: set[Kind] = set()
        self.compare()
        self.assertEqual(self.seen, {Kind.GOES, Kind.REFUSED, Kind.DEPENDS})

    def test_kinds(self) -> None:
        """Rules by network make it depend, unless all that may count say the same."""
        net: dict[str, Any] = {"networks": ["198.51.100.0/24"]}
        deny: dict[str, Any] = {"allow": False}
        for rules, kind in (
            ([], Kind.GOES),
            ([{}], Kind.GOES),
            ([net], Kind.DEPENDS),
            ([net, {}], Kind.GOES),
            ([net, deny], Kind.DEPENDS),
            ([net | deny, {}], Kind.DEPENDS),
            ([net | deny, deny], Kind.REFUSED),
            ([net | deny], Kind.REFUSED),
            ([{"names": ["x"]}], Kind.REFUSED),
            ([net | {"shadow": True}, {}], Kind.GOES),
            ([net | {"clients": ["192.0.2.0/24"]}, {}], Kind.GOES),
        ):
            access: dict[str, Any] = {"clients": ["0.0.0.0/0"], "servers": rules}
            found, faults = settings_of_raw({"listen": ["127.0.0.1:1025"], "access": access})
            self.assertEqual(faults, [])
            question = Question("10.1.2.3", to=server_of(b"files.example.net"), user=b"bob")
            self.assertIs(explain(found, question).verdict.kind, kind, rules)

    @settings(max_examples=300, derandomize=True, database=None)
    @given(
        st.lists(ACCESS, max_size=4),
        st.sampled_from(("10.1.2.3", "203.0.113.9")),
        st.sampled_from(("", "office")),
        st.sampled_from(PLAIN),
    )
    def compare(self, rules: list[dict[str, Any]], client: str, parent: str, address: str) -> None:
        """One list of rules, and one address."""
        found, _ = settings_of_raw(
            {
                "listen": ["127.0.0.1:1025"],
                "parent": parent,
                "parents": [{"name": "office", "url": "socks5://proxy.example"}],
                "access": {"clients": ["0.0.0.0/0"], "servers": rules},
            }
        )
        question = Question(client, to=server_of(b"files.example.net"), user=b"bob")
        unknown = explain(found, question).verdict
        known = explain(found, question._replace(addresses=(address,))).verdict
        self.seen.add(unknown.kind)
        if unknown.kind is Kind.DEPENDS:
            self.assertTrue(unknown.unless.startswith("depends on what files.example.net"))
        else:
            self.assertIs(known.kind, unknown.kind)
            self.assertEqual(known.code, unknown.code)
