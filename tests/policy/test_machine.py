"""Who reaches the gateway's own machine from within."""

from __future__ import annotations

from ipaddress import ip_network

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.routes import Server
from ftpalg.policy.access import ServerRule
from ftpalg.policy.machine import Machine

GW = Server("gw.example")
OURS = "192.0.2.254"


class Within(SynchronousTestCase):
    """This machine by its own addresses."""

    def refusal(
        self,
        *rules: ServerRule,
        address: str = OURS,
        ours: bool = True,
        local: bool = False,
        parent: bool = False,
    ) -> str:
        """What stands against that address by these rules."""
        return Machine(rules).refusal(GW, address, ours=ours, local=local, parent=parent)

    def test_from_elsewhere(self) -> None:
        """A client from elsewhere does not get in from within, through a parent neither."""
        for parent in (False, True):
            self.assertEqual(
                self.refusal(parent=parent),
                "gw.example is this gateway's own machine,"
                " which only a rule in access.servers with its very address opens.",
            )

    def test_local(self) -> None:
        """A client on this machine needs no gateway to get there."""
        self.assertEqual(self.refusal(local=True), "")

    def test_others(self) -> None:
        """Other machines are no matter of this rule."""
        self.assertEqual(self.refusal(address="192.0.2.1", ours=False), "")

    def test_rules(self) -> None:
        """A rule that allows the very address opens it; a network around it does not, nor a denial."""
        for rule, opened in (
            (ServerRule(networks=(ip_network(OURS),)), True),
            (ServerRule(networks=(ip_network("192.0.2.0/24"),)), False),
            (ServerRule(networks=(ip_network("192.0.2.253"),)), False),
            (ServerRule(allow=False, networks=(ip_network(OURS),)), False),
            (ServerRule(), False),
        ):
            self.assertEqual(self.refusal(rule) == "", opened, rule)
        rule = ServerRule(networks=(ip_network("2001:db8::254"),))
        self.assertEqual(self.refusal(rule, address="2001:DB8::254"), "")

    def test_spelling(self) -> None:
        """A mapped address is the one that it stands for."""
        self.assertEqual(
            self.refusal(ServerRule(networks=(ip_network(OURS),)), address=f"::ffff:{OURS}"), ""
        )

    def test_loopback(self) -> None:
        """Loopback is judged by its network elsewhere; behind a parent it would be the parent."""
        for address in ("127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"):
            self.assertEqual(self.refusal(address=address), "")
            self.assertEqual(
                self.refusal(address=address, parent=True, local=True),
                "gw.example would be the parent proxy itself.",
            )
