"""Rules that are only tried: what is told of them, and that they decide nothing."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.facts import Shadowed
from ftpalg.core.routes import Facts, Mode, Route, Server, ServerTls
from ftpalg.policy.access import DEFAULT_SERVERS, Access, ServerRule
from ftpalg.policy.machine import Machine
from ftpalg.policy.route_choice import RouteRule, choose, knows_host, uses_hosts
from ftpalg.policy.shadows import (
    RouteShadows,
    ServerShadows,
    awake,
    led,
    route_shadows,
    standing,
)
from tests.policy.judged import OUTSIDE, networks

FILES = Server("files.example")
PUBLIC = "198.51.100.7"
DENY = ServerRule(allow=False)
ALLOW = ServerRule()
DENIED = "files.example port 21 is denied by rule 1 of access.servers."


def shadow(rule: Any) -> Any:
    """The same rule, only tried."""
    return rule._replace(shadow=True)


def placed(key: str) -> str:
    """A key with a place."""
    return f"f.toml:9: {key}"


RULES = st.lists(
    st.builds(
        ServerRule,
        allow=st.booleans(),
        names=st.sampled_from(((), ("*.example",), ("other",))),
        networks=st.sampled_from(((), networks("198.51.100.0/24"), networks("127.0.0.0/8"))),
        shadow=st.booleans(),
    ),
    max_size=5,
).map(tuple)


class Servers(SynchronousTestCase):
    """``[[access.servers]]``."""

    def told(
        self, *rules: ServerRule, address: str = PUBLIC, **more: bool
    ) -> tuple[str, Shadowed | None]:
        """What is decided, and what is told of the shadows."""
        facts = {"ours": False, "local": False, "parent": False} | more
        refusal = (address and Machine(rules).refusal(FILES, address, **facts)) or self.decided(
            rules, address
        )
        if not any(rule.shadow for rule in rules):
            return refusal, None
        tried = ServerShadows(rules, placed)
        return refusal, tried.refusal(OUTSIDE, "", FILES, address, **facts, refusal=refusal)

    def decided(self, rules: tuple[ServerRule, ...], address: str) -> str:
        """What the rules say as they hold."""
        return Access(servers=standing(rules)).refusal(OUTSIDE, "", FILES, address)

    def test_decides_nothing(self) -> None:
        """A shadow rule would have refused; the session is let go on, by the rule behind it."""
        would = Shadowed("f.toml:9: access.servers[0]", f"refuse it: {DENIED}", differs=True)
        self.assertEqual(self.told(shadow(DENY), ALLOW), ("", would))

    def test_same(self) -> None:
        """One that would have done what is done is told of, too."""
        would = Shadowed("f.toml:9: access.servers[0]", "allow it", differs=False)
        self.assertEqual(self.told(shadow(ALLOW), ALLOW), ("", would))

    def test_not_reached(self) -> None:
        """Behind the rule that decides there is nothing to tell, nor of one that does not fit."""
        self.assertEqual(self.told(ALLOW, shadow(DENY)), ("", None))
        self.assertEqual(self.told(shadow(DENY._replace(names=("x",))), ALLOW), ("", None))

    def test_places_are_kept(self) -> None:
        """The number of a rule is its own in the file, shadows counted."""
        refusal, _ = self.told(shadow(ALLOW), DENY)
        self.assertEqual(refusal, DENIED.replace("rule 1", "rule 2"))

    def test_shadows_alone(self) -> None:
        """As if they were not there: the default rules hold.  That those would be gone is told where it
        matters."""
        other = shadow(ServerRule(names=("other",)))
        gone = "refuse it: files.example port 21 is not among access.servers."
        told = Shadowed("f.toml:9: access.servers", gone, differs=True)
        self.assertEqual(self.told(other), ("", told))
        refusal, found = self.told(other, address="127.0.0.1")
        self.assertIn("a loopback address", refusal)
        self.assertIsNone(found)

    def test_all_awake(self) -> None:
        """All shadows are awake at once, so a list can be tried whole: the first of them is told of."""
        allowed = shadow(ServerRule(names=("*.example",)))
        _, found = self.told(allowed, shadow(DENY))
        self.assertEqual(found, Shadowed("f.toml:9: access.servers[0]", "allow it", differs=False))

    def test_special(self) -> None:
        """A special address is opened by no shadow; that one would open it is told."""
        opening = shadow(ServerRule(networks=networks("127.0.0.1")))
        refusal, found = self.told(opening, ALLOW, address="127.0.0.1")
        self.assertIn("a loopback address", refusal)
        self.assertEqual(found, Shadowed("f.toml:9: access.servers[0]", "allow it", differs=True))

    def test_machine(self) -> None:
        """Nor is this machine; the rule with its very address is told of, the others are not asked."""
        opening = shadow(ServerRule(networks=networks(PUBLIC)))
        refusal, found = self.told(opening, ALLOW, ours=True)
        self.assertIn("this gateway's own machine", refusal)
        self.assertEqual(found, Shadowed("f.toml:9: access.servers[0]", "allow it", differs=True))
        refusal, found = self.told(shadow(DENY), ALLOW, ours=True)
        self.assertIn("this gateway's own machine", refusal)
        self.assertIsNone(found)
        behind = shadow(ServerRule(networks=networks(PUBLIC), ports=((2121, 2121),)))
        refusal, found = self.told(ALLOW._replace(names=("*.example",)), behind, ours=True)
        self.assertIn("this gateway's own machine", refusal)
        self.assertEqual(found, Shadowed("f.toml:9: access.servers[1]", "allow it", differs=True))

    def test_by_name(self) -> None:
        """A parent is told no name on a shadow's word."""
        naming = shadow(ServerRule(names=("*.example",)))
        rules = (naming, ALLOW)
        refusal = Access(servers=standing(rules)).by_name(OUTSIDE, "", FILES)
        self.assertIn("is not known here", refusal)
        found = ServerShadows(rules, placed).by_name(OUTSIDE, "", FILES, refusal)
        would = "let the parent look the name up"
        self.assertEqual(found, Shadowed("f.toml:9: access.servers[0]", would, differs=True))
        _, told = self.told(naming, ALLOW, address="")
        self.assertEqual(told, Shadowed("f.toml:9: access.servers[0]", "allow it", differs=False))

    def test_standing(self) -> None:
        """Default rules stand where no other one does; shadows keep their places before them."""
        self.assertEqual(standing(()), DEFAULT_SERVERS)
        self.assertEqual(standing((shadow(DENY),)), (shadow(DENY), *DEFAULT_SERVERS))
        self.assertEqual(standing((shadow(DENY), ALLOW)), (shadow(DENY), ALLOW))
        self.assertEqual(awake((shadow(DENY), ALLOW)), (DENY, ALLOW))

    @given(RULES, st.sampled_from((PUBLIC, "127.0.0.1", "")), st.booleans())
    def test_as_if_not_there(self, rules: tuple[ServerRule, ...], address: str, ours: bool) -> None:
        """No shadow changes a decision, and what is told is what its waking up would bring about."""
        facts: dict[str, bool] = {"ours": ours}
        refusal, found = self.told(*rules, address=address, **facts)
        without = tuple(rule for rule in rules if not rule.shadow)
        same, _ = self.told(*without, address=address, **facts)
        self.assertEqual(bool(refusal), bool(same))
        if any(rule.shadow for rule in rules):
            would, _ = self.told(*awake(rules), address=address, **facts)
            differs = bool(would) is not bool(refusal)
            self.assertEqual(found is not None and found.differs, differs)
            if found is not None:
                self.assertEqual(found.would, f"refuse it: {would}" if would else "allow it")


A, B = Route((Server("a.example"),), name="routes[0]"), Route(user="u", name="routes[1]")
CLIENT = Facts("203.0.113.9", final=True)


class Routes(SynchronousTestCase):
    """``[[routes]]``."""

    def shadows(self, *rules: RouteRule) -> RouteShadows:
        """Those of a table that has some."""
        found = route_shadows(rules, placed)
        assert found is not None
        return found

    def test_decides_nothing(self) -> None:
        """A shadow is passed over; what it would have done is told, and whether that differs."""
        rules = (shadow(RouteRule(A)), RouteRule(B))
        self.assertIs(choose(rules)(CLIENT), B)
        found = self.shadows(*rules).told(CLIENT, B)
        would = "take it to a.example:21"
        self.assertEqual(found, Shadowed("f.toml:9: routes[0]", would, differs=True))
        found = self.shadows(*rules).told(CLIENT, A)
        self.assertEqual(found, Shadowed("f.toml:9: routes[0]", would, differs=False))

    def test_not_told(self) -> None:
        """Of one that does not fit, or is behind the one that decides, there is nothing to tell."""
        behind = (RouteRule(A), shadow(RouteRule(B)))
        self.assertIsNone(self.shadows(*behind).told(CLIENT, A))
        other = (shadow(RouteRule(A, users=("x",))),)
        self.assertIsNone(self.shadows(*other).told(CLIENT, B))
        self.assertIsNone(route_shadows((RouteRule(A),), placed))

    def test_waits(self) -> None:
        """One that asks for what is not known yet has decided nothing; it does once that is known."""
        rules = (shadow(RouteRule(A, users=("x",))), RouteRule(B))
        early = Facts("203.0.113.9")
        self.assertIs(choose(rules)(early), B)
        self.assertIsNone(self.shadows(*rules).told(early, B))
        late = early._replace(user="x", final=True)
        found = self.shadows(*rules).told(late, B)
        self.assertEqual(found, Shadowed("f.toml:9: routes[0]", f"take it {led(A)}", differs=True))
        self.assertIsNone(self.shadows(*rules).told(late._replace(user="y"), B))

    def test_hosts(self) -> None:
        """HOST is not heard on a shadow's account."""
        rules = (shadow(RouteRule(A, hosts=("a.example",))),)
        self.assertFalse(uses_hosts(rules))
        self.assertFalse(knows_host(rules, "a.example"))
        self.assertTrue(knows_host((RouteRule(A, hosts=("a.example",)),), "a.example"))

    def test_in_words(self) -> None:
        """A route in a few words."""
        self.assertEqual(led(Route()), "to whom the client names")
        whole = Route((Server("a.example"), Server("::1", 2)), user="u", parent="office")
        self.assertEqual(led(whole), "to a.example:21, [::1]:2 as u through office")
        more = Route(tls=ServerTls.AUTO, mode=Mode.ACTIVE, source="192.0.2.1")
        words = "to whom the client names from 192.0.2.1, TLS auto, data mode active"
        self.assertEqual(led(more), words)


class Networks(SynchronousTestCase):
    """The machine's own addresses."""

    def test_opener(self) -> None:
        """The first rule with the very address that allows it; no shadow, no wider network."""
        alone = ServerRule(networks=(ip_network(PUBLIC),))
        rules = (DENY._replace(networks=alone.networks), shadow(alone), ALLOW, alone, alone)
        self.assertEqual(Machine(rules).opener(PUBLIC), 3)
        self.assertIsNone(Machine(rules[:3]).opener(PUBLIC))
