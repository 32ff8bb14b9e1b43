"""Each limit is tried by 500 at once, or it is said why not."""

from __future__ import annotations

import importlib
import inspect

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.facts import What

TRIED = {
    What.SESSIONS: "tests.wire.test_limits_at_once.Sessions.test_all",
    What.SESSIONS_PER_PEER: "tests.wire.test_limits_at_once.Sessions.test_networks",
    What.SESSIONS_OF_LISTENER: "tests.wire.test_limits.Listeners.test_listener",
    What.SESSIONS_PER_ACCOUNT: "tests.wire.test_limits.Accounts.test_account",
    What.SESSIONS_PER_SERVER: "tests.wire.test_limits.Sessions.test_server",
    What.SESSIONS_PER_ROUTE: "tests.wire.test_limits.Sessions.test_route",
    What.SESSION_RATE: "tests.wire.test_limits_at_once.RateOfAll.test_sessions",
    What.SESSION_RATE_PER_PEER: "tests.wire.test_limits.Rates.test_sessions",
    What.SESSION_RATE_OF_LISTENER: "tests.wire.test_limits_at_once.Rates.test_sessions",
    What.COMMAND_RATE: "tests.wire.test_limits_at_once.Rates.test_commands",
    What.TRANSFERS: "tests.wire.test_limits_at_once.Transfers.test_transfers",
    What.TRANSFERS_PER_ACCOUNT: "tests.wire.test_limits_at_once.Transfers.test_transfers",
    What.TRANSFERS_PER_PEER: "tests.wire.test_limits.Transfers.test_peer_and_ports",
    What.TRANSFERS_PER_ROUTE: "tests.wire.test_limits.Transfers.test_route",
    What.PASSIVE_LISTENERS: "tests.wire.test_limits_at_once.Transfers.test_ports",
    What.PASSIVE_LISTENERS_PER_PEER: "tests.wire.test_limits.Transfers.test_peer_and_ports",
    What.HANDSHAKES_PER_PEER: "tests.wire.test_limits_at_once.Transfers.test_handshakes",
    What.HANDSHAKE_RATE: "tests.wire.test_limits_at_once.Rates.test_handshakes",
    What.HANDSHAKE_RATE_PER_PEER: "tests.wire.test_shares_at_once.HandshakesOfPeers.test_handshakes",
    What.RETURNING: "tests.wire.test_limits_at_once.Returning.test_returning",
    What.DESCRIPTORS_PER_PEER: "tests.wire.test_shares_at_once.Descriptors.test_descriptors",
    What.MEMORY: "tests.wire.test_shares_at_once.Memory.test_memory",
    What.MEMORY_PER_PEER: "tests.wire.test_shares_at_once.Memory.test_memory",
    What.LOOKUPS: "tests.net.test_client_lookups.AtOnce.test_crowd",
    What.LOOKUPS_PER_PEER: "tests.net.test_client_lookups.AtOnce.test_crowd",
}
UNTRIED = {
    What.DATA_PORTS: "a range of ports has so many, and the kernel gives none twice",
    What.DESCRIPTORS: "the kernel's own bound: tests.wire.test_crowds has a gateway with 1,024",
    What.PINHOLES: "nftables has them: tests.netns opens them, one for each port that waits",
}


class Covered(SynchronousTestCase):
    """Of everything that can be used up."""

    def test_each(self) -> None:
        """Nothing is left out, and nothing is there twice."""
        self.assertEqual(set(TRIED) | set(UNTRIED), set(What))
        self.assertFalse(set(TRIED) & set(UNTRIED))

    def test_there(self) -> None:
        """Each is a test, which has a crowd."""
        for what, name in TRIED.items():
            module, case, method = name.rsplit(".", 2)
            found = inspect.getsource(
                getattr(getattr(importlib.import_module(module), case), method)
            )
            crowded = any(word in found for word in ("crowd(", "Crowd(", "range(500)"))
            self.assertTrue(crowded, what)
