"""Bounds in the settings: of all, of a listener, of a route; and values that are none."""

from __future__ import annotations

from ftpalg.config import SettingsError
from tests.config.cases import ConfigTest


class Bounds(ConfigTest):
    """What may stand where."""

    def test_listener_and_route(self) -> None:
        """A table of their own, or in braces."""
        found = self.settings(
            """
            [[listeners]]
            endpoint = "127.0.0.1:2121"
            limits = { sessions = 5, session-rate = 0.5 }
            [[routes]]
            server = "ftp://a"
            [routes.limits]
            sessions = 7
            transfers = 3
            """
        )
        (listener,) = found.all_listeners
        self.assertEqual((listener.limits.sessions, listener.limits.session_rate), (5, 0.5))
        route = found.route(found.routes[0])
        self.assertEqual((route.sessions, route.transfers), (7, 3))

    def test_elsewhere(self) -> None:
        """One that bounds the whole gateway is a fault there, which says where it belongs."""
        for text, remedy in (
            (
                "[[routes]]\nlimits = { memory = 5000000 }",
                "move it to .limits.; here may stand sessions, tr",
            ),
            ('[[listeners]]\nendpoint = ":1"\nlimits = { lookups = 5 }', "move it to .limits."),
            ("[[routes]]\nlimits = { colour = 5 }", "no such setting"),
            ("[[routes]]\nlimits = 5", "must be a table"),
        ):
            self.assertRaisesRegex(SettingsError, remedy, self.settings, text)

    def test_hostile(self) -> None:
        """What is no number a second, and counts below one."""
        for value in ("-1", "nan", "inf", "true", '"5"', "1e9", "1e-9", "[]"):
            for key in ("session-rate", "command-rate", "handshake-rate-per-peer"):
                text = f"limits = {{ {key} = {value} }}"
                self.assertRaisesRegex(SettingsError, "a number a second", self.settings, text)
        for text in ("transfers = 0", "sessions-per-account = -1", "passive-listeners = 1.5"):
            self.assertRaises(SettingsError, self.settings, f"limits = {{ {text} }}")
        self.assertEqual(self.settings("limits = { session-rate = 0 }").limits.session_rate, 0)
