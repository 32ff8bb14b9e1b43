"""The walks along the rules: each step, as it is explained; the decisions are their last ones."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.routes import Facts, Route, Server
from ftpalg.policy.access import INWARD_NAME, SPECIAL_ADDRESS, Access, ServerRule, Step
from ftpalg.policy.route_choice import RouteRule, walk
from tests.policy.judged import OUTSIDE, networks

FILES = Server("files.example")
PUBLIC = "198.51.100.7"
ELSEWHERE = networks("192.0.2.0/24")


class Servers(SynchronousTestCase):
    """``Access.steps`` and ``Access.steps_by_name``."""

    def steps(self, *rules: ServerRule, host: str = "", address: str = PUBLIC) -> list[Step]:
        """The walk towards a server."""
        server = Server(host) if host else FILES
        return [*Access(servers=rules).steps(OUTSIDE, "anna", server, address)]

    def test_each_condition(self) -> None:
        """A rule that is passed over lacks the first condition that does not hold; the next is asked."""
        lacking: dict[str, Any] = {
            "clients": ELSEWHERE,
            "accounts": ("bert",),
            "names": ("x",),
            "networks": ELSEWHERE,
            "ports": ((990, 990),),
        }
        rules = [ServerRule(**{key: value}) for key, value in lacking.items()]
        found = self.steps(*rules, ServerRule(), ServerRule())
        wanted = [Step(at, key) for at, key in enumerate(lacking)]
        self.assertEqual(found, [*wanted, Step(5, "", "")])

    def test_denied(self) -> None:
        """A denying rule ends the walk."""
        text = "files.example port 21 is denied by rule 1 of access.servers."
        self.assertEqual(self.steps(ServerRule(allow=False), ServerRule()), [Step(0, "", text)])

    def test_nobody(self) -> None:
        """Behind the last one there is a refusal."""
        found = self.steps(ServerRule(names=("x",)))
        text = "files.example port 21 is not among access.servers."
        self.assertEqual(found, [Step(0, "names"), Step(None, "", text)])

    def test_special(self) -> None:
        """A rule that does not name a special address's network is passed over for that."""
        found = self.steps(ServerRule(), address="127.0.0.1")
        self.assertEqual([(one.at, one.lacks) for one in found[:-1]], [(0, SPECIAL_ADDRESS)])
        self.assertEqual((found[-1].at, found[-1].lacks), (None, SPECIAL_ADDRESS))
        self.assertIn("a loopback address", found[-1].says or "")

    def test_inward(self) -> None:
        """Before any rule: a name that a parent may not be told."""
        (found,) = self.steps(ServerRule(), host="localhost", address="")
        self.assertEqual((found.at, found.lacks), (None, INWARD_NAME))

    def test_shadow(self) -> None:
        """A shadow is not asked, and the others keep their places."""
        self.assertEqual(self.steps(ServerRule(shadow=True), ServerRule()), [Step(1, "", "")])

    def test_by_name(self) -> None:
        """The rule that fits allows it by names, or it is refused; so is what no rule fits."""
        naming, other = ServerRule(names=("*.example",)), ServerRule(names=("x",))
        for rules, wanted in (
            ((other, naming, ServerRule()), [(0, "names", False), (1, "", False)]),
            ((ServerRule(), naming), [(0, "", True)]),
            ((naming._replace(allow=False),), [(0, "", True)]),
            ((other,), [(0, "names", False), (None, "", True)]),
            ((naming._replace(shadow=True),), [(None, "", True)]),
        ):
            access = Access(servers=rules)
            found = [*access.steps_by_name(OUTSIDE, "", FILES)]
            self.assertEqual([(one.at, one.lacks, bool(one.says)) for one in found], wanted)
            self.assertEqual(found[-1].says, access.by_name(OUTSIDE, "", FILES))


class Routes(SynchronousTestCase):
    """``walk``."""

    def test_each_condition(self) -> None:
        """What does not hold, what is not known yet, and the one that is taken; none behind that."""
        facts = Facts("203.0.113.9", user="bob", destination=FILES, named=FILES)
        own = Route((Server("a.example"),))
        conditions: list[tuple[Route, dict[str, Any], str, str]] = [
            (Route(), {"clients": (ip_network("10.0.0.0/8"),)}, "clients", ""),
            (Route(), {"users": ("x",)}, "users", ""),
            (Route(), {"destinations": ("x",)}, "destinations", ""),
            (own, {}, "server", ""),
            (own, {"accounts": ("x",)}, "server", ""),
            (Route(), {"accounts": ("x",), "sni": ("x",)}, "", "accounts"),
        ]
        rules = tuple(RouteRule(route, **more) for route, more, *_ in conditions)
        found = [*walk((RouteRule(Route(), shadow=True), *rules, RouteRule(Route())), facts)]
        self.assertEqual(
            [(one.lacks, one.waits) for one in found],
            [(lacks, waits) for *_, lacks, waits in conditions],
        )
        self.assertEqual([one.rule for one in found], [*rules])
        final = [
            *walk((*rules[-1:], RouteRule(own), RouteRule(Route())), facts._replace(final=True))
        ]
        self.assertEqual([one.lacks for one in final], ["accounts", "server", ""])
