"""The table of routes: which rule a session gets, and when it is known."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.routes import UNDECIDED, Facts, Route, Server
from ftpalg.policy.route_choice import RouteRule, choose, knows_host, uses_hosts

A, B = Route(source="192.0.2.1"), Route(source="192.0.2.2")
CLIENT = Facts("203.0.113.9")
LEARNED: dict[str, Any] = {
    "account": "alice",
    "sni": "ftp.example",
    "host": "ftp.example",
    "user": "bob",
    "destination": Server("files.example", 2121),
}
"""Each fact that comes late, as it may be."""

CONDITIONS = {
    "account": "accounts",
    "sni": "sni",
    "host": "hosts",
    "user": "users",
    "destination": "destinations",
}
"""The condition of a rule that asks for each."""

RULES = st.lists(
    st.builds(
        RouteRule,
        route=st.sampled_from((A, B)),
        clients=st.sampled_from(((), (ip_network("203.0.113.0/24"),), (ip_network("::/0"),))),
        **{
            condition: st.sampled_from(((), ("*",), ("alice", "bob", "*.example"), ("x",)))
            for condition in CONDITIONS.values()
        },
    ),
    max_size=5,
).map(tuple)


def rule(route: Route = A, /, **conditions: Any) -> RouteRule:
    """A rule with these conditions."""
    return RouteRule(route, **conditions)


class Choice(SynchronousTestCase):
    """``choose``."""

    def test_empty(self) -> None:
        """An empty table has no route for anybody, and says so at once."""
        self.assertIsNone(choose(())(CLIENT))

    def test_unconditional(self) -> None:
        """A rule without conditions fits before anything is known, and the first one wins."""
        self.assertIs(choose((rule(A), rule(B)))(CLIENT), A)

    def test_client(self) -> None:
        """Where a client comes from is always known."""
        rules = (
            rule(A, clients=(ip_network("203.0.113.0/24"),)),
            rule(B, clients=(ip_network("2001:db8::/32"),)),
        )
        self.assertIs(choose(rules)(CLIENT), A)
        self.assertIs(choose(rules)(Facts("2001:db8::1")), B)
        self.assertIsNone(choose(rules)(Facts("198.51.100.7")))

    def test_each_fact(self) -> None:
        """A fact is waited for, then fits or does not; what never came does not, not even ``*``."""
        for fact, condition in CONDITIONS.items():
            fits = choose((rule(**{condition: ("x", "*l*", "bob")}),))
            other = choose((rule(**{condition: ("x",)}),))
            anything = choose((rule(**{condition: ("*",)}),))
            known = CLIENT._replace(**{fact: LEARNED[fact]})
            self.assertIs(fits(CLIENT), UNDECIDED, fact)
            self.assertIs(fits(known), A, fact)
            self.assertIsNone(other(known), fact)
            self.assertIs(anything(CLIENT), UNDECIDED, fact)
            self.assertIs(anything(known), A, fact)
            self.assertIsNone(anything(CLIENT._replace(final=True)), fact)
            everything_else = {name: value for name, value in LEARNED.items() if name != fact}
            self.assertIs(fits(CLIENT._replace(**everything_else)), UNDECIDED, fact)

    def test_all_conditions_are_tested(self) -> None:
        """This test case knows every condition that a rule can have."""
        self.assertEqual(
            set(RouteRule._fields), {"route", "clients", "shadow", *CONDITIONS.values()}
        )

    def test_one_false_is_enough(self) -> None:
        """A rule that cannot fit any more is not waited for."""
        rules = (rule(A, sni=("a.example",), users=("bob",)), rule(B))
        self.assertIs(choose(rules)(CLIENT), UNDECIDED)
        self.assertIs(choose(rules)(CLIENT._replace(sni="b.example")), B)
        self.assertIs(choose(rules)(CLIENT._replace(sni="a.example")), UNDECIDED)
        self.assertIs(choose(rules)(CLIENT._replace(sni="a.example", user="bob")), A)
        self.assertIs(choose(rules)(CLIENT._replace(sni="a.example", user="eve")), B)

    def test_earlier_rule_is_waited_for(self) -> None:
        """A later rule that fits already does not take the session from one that still may."""
        rules = (rule(A, hosts=("a.example",)), rule(B))
        self.assertIs(choose(rules)(CLIENT), UNDECIDED)
        self.assertIs(choose(rules)(CLIENT._replace(final=True)), B)

    def test_later_rule_is_not(self) -> None:
        """A rule behind one that fits is not asked."""
        self.assertIs(choose((rule(A), rule(B, hosts=("a.example",))))(CLIENT), A)

    def test_case(self) -> None:
        """Case makes no difference to names, but does to accounts and users."""
        names: dict[str, Any] = {
            "sni": "FTP.*",
            "hosts": "Ftp.Example.",
            "destinations": "FILES.Example",
        }
        for condition, pattern in names.items():
            self.assertIs(choose((rule(**{condition: (pattern,)}),))(Facts("::1", **LEARNED)), A)
        upper = CLIENT._replace(destination=Server("FILES.example."))
        self.assertIs(choose((rule(destinations=("files.example",)),))(upper), A)
        for condition in ("accounts", "users"):
            chosen = choose((rule(**{condition: ("Alice", "Bob")}),))
            self.assertIsNone(chosen(Facts("::1", **LEARNED)))

    @given(
        RULES, st.sets(st.sampled_from(sorted(LEARNED))), st.sets(st.sampled_from(sorted(LEARNED)))
    )
    def test_an_answer_stands(
        self, rules: tuple[RouteRule, ...], first: set[str], more: set[str]
    ) -> None:
        """Once decided, nothing that is learned afterwards changes the route."""
        chosen = choose(rules)
        known = CLIENT._replace(**{fact: LEARNED[fact] for fact in first})
        answer = chosen(known)
        if answer is not UNDECIDED:
            later = known._replace(**{fact: LEARNED[fact] for fact in more})
            self.assertIs(chosen(later), answer)
            self.assertIs(chosen(later._replace(final=True)), answer)

    @given(RULES, st.sets(st.sampled_from(sorted(LEARNED))))
    def test_final_decides(self, rules: tuple[RouteRule, ...], known: set[str]) -> None:
        """Final facts are never left undecided, and neither are complete ones."""
        chosen = choose(rules)
        facts = CLIENT._replace(**{fact: LEARNED[fact] for fact in known})
        self.assertIsNot(chosen(facts._replace(final=True)), UNDECIDED)
        self.assertIsNot(chosen(CLIENT._replace(**LEARNED)), UNDECIDED)


class Destinations(SynchronousTestCase):
    """The patterns of ``destinations``."""

    def fits(self, pattern: str, host: str, port: int = 21) -> bool:
        """Whether a pattern fits a server."""
        chosen = choose((rule(destinations=(pattern,)),))
        return chosen(CLIENT._replace(destination=Server(host, port))) is A

    def test_any_port(self) -> None:
        """A pattern without a port is for all of them."""
        for pattern, host in (
            ("*.example", "files.example"),
            ("*", "2001:db8::1"),
            ("2001:db8::1", "2001:DB8:0::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("2001:db8::*", "2001:db8::1"),
            ("192.0.2.?", "192.0.2.1"),
        ):
            self.assertTrue(self.fits(pattern, host, 21), pattern)
            self.assertTrue(self.fits(pattern, host, 2121), pattern)
        self.assertFalse(self.fits("*.example", "files.example.org"))

    def test_one_port(self) -> None:
        """A pattern with a port is for that one."""
        for pattern, host in (
            ("files.example:2121", "files.example"),
            ("[ef]iles.*:2121", "files.example"),
            ("*:2121", "2001:db8::1"),
            ("[2001:db8::1]:2121", "2001:db8::1"),
            ("[2001:db8::*]:2121", "2001:db8::1"),
        ):
            self.assertTrue(self.fits(pattern, host, 2121), pattern)
            self.assertFalse(self.fits(pattern, host, 21), pattern)
            self.assertFalse(self.fits(pattern, "other", 21), pattern)
        self.assertFalse(self.fits("files.example:2121", "other.example", 2121))

    def test_no_port_in_an_address(self) -> None:
        """The last digits of a bare IPv6 address are no port."""
        self.assertFalse(self.fits("2001:db8::21", "2001:db8::", 21))
        self.assertFalse(self.fits("::21", "", 21))
        self.assertTrue(self.fits("2001:db8::21", "2001:db8::21", 2121))


class Hosts(SynchronousTestCase):
    """``knows_host`` and ``uses_hosts``."""

    def test_known(self) -> None:
        """HOST is known where some rule is for it, in any case; an empty condition is not for it."""
        rules = (rule(), rule(hosts=("a.example", "*.b.example")), rule(hosts=("c.example",)))
        for host in ("a.example", "A.Example", "x.b.example", "c.example"):
            self.assertTrue(knows_host(rules, host), host)
        for host in ("b.example", "a.example.evil", ""):
            self.assertFalse(knows_host(rules, host), host)

    def test_literal(self) -> None:
        """RFC 7151 section 3.1: HOST may give an address, IPv6 in brackets."""
        rules = (rule(hosts=("[2001:db8::1]", "192.0.2.1")),)
        self.assertTrue(knows_host(rules, "[2001:DB8::1]"))
        self.assertTrue(knows_host(rules, "192.0.2.1"))
        self.assertFalse(knows_host(rules, "[2001:db8::2]"))

    def test_used(self) -> None:
        """HOST matters where a rule asks for it."""
        self.assertFalse(uses_hosts(()))
        self.assertFalse(uses_hosts((rule(sni=("a.example",)),)))
        self.assertTrue(uses_hosts((rule(), rule(hosts=("a.example",)))))
