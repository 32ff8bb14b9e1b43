"""Did you mean."""

from __future__ import annotations

from attrs import fields
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config.model import settings_sections
from ftpalg.config.suggestions import for_key, for_section, like, meant, near
from ftpalg.config.tables import is_key, key_of


class Suggestions(SynchronousTestCase):
    """The nearest name, over all sections."""

    def test_every_slip(self) -> None:
        """Each key is found again with a letter too few, and under another section."""
        for section, kind in settings_sections().items():
            for a in filter(is_key, fields(kind)):
                key = key_of(a.name)
                if key in settings_sections() or len(key) < 5:
                    continue
                slip = key[:2] + key[3:]
                found = for_key(section, slip)
                self.assertEqual(found[-1], key, (section, slip))
                self.assertEqual(found[:-1], (section,) if section else (), (section, slip))

    def test_other_section(self) -> None:
        """A key that stands in the wrong section is told with the right one."""
        for section, key, expected in (
            ("", "idle", ("timeouts", "idle")),
            ("timeouts", "sessions", ("limits", "sessions")),
            ("log", "server", ("server",)),
            ("data", "client_port", ("data", "client-ports")),
            ("data", "ClientPorts", ("data", "client-ports")),
            ("", "colour", ()),
        ):
            self.assertEqual(for_key(section, key), expected, key)

    def test_pieces(self) -> None:
        """In its own section a name that shares a word, or a word's beginning, is meant."""
        for section, key, expected in (
            ("timeouts", "ideal", "idle"),
            ("timeouts", "idle-timeout", "idle"),
            ("timeouts", "stall", "stalled"),
            ("client-tls", "cert", "certificate"),
            ("client-tls", "keyfile", "private-key"),
            ("client-tls", "min_version", "minimum"),
            ("data", "passive-ports", "client-ports"),
            ("limits", "max-sessions", "sessions"),
            ("accounts", "require-login", "required"),
        ):
            self.assertEqual(for_key(section, key), (section, expected), key)
        for section, key in (("log", "file"), ("log", "level"), ("", "port"), ("timeouts", "xy")):
            self.assertEqual(for_key(section, key), (), key)
        self.assertEqual(like("x", []), "")

    def test_sections(self) -> None:
        """By its name, or by the keys that stand in it."""
        self.assertEqual(for_section("timeout"), ("timeouts",))
        self.assertEqual(for_section("clienttls"), ("client-tls",))
        self.assertEqual(for_section("bounds", ["sessions", "bad-logins"]), ("limits",))
        self.assertEqual(for_section("bounds", ["sessions", "nonsense"]), ())
        self.assertEqual(for_section("paint"), ())
        self.assertEqual(for_section("logging", ["format"]), ("log",))
        self.assertEqual(for_section("tls", ["verify"]), ("server-tls",))
        self.assertEqual(for_section("route"), ("routes",))

    def test_words(self) -> None:
        """As people look for it; nothing where nothing is like it."""
        self.assertEqual(meant(("timeouts", "idle"), "timeouts"), "; did you mean idle?")
        self.assertEqual(meant(("timeouts", "idle"), "limits"), "; did you mean [timeouts] idle?")
        self.assertEqual(meant(("timeouts",)), "; did you mean [timeouts]?")
        self.assertEqual(meant(("server",)), "; did you mean server?")
        self.assertEqual(meant(("routes",)), "; did you mean [[routes]]?")
        self.assertEqual(meant(("routes", 0, "server"), "routes[0]"), "; did you mean server?")
        self.assertEqual(meant(()), "")
        self.assertEqual(near("x", []), "")
