"""Settings refused: every fault of one value, every message."""

from __future__ import annotations

import re

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config import SettingsError, checks
from tests.config.cases import ConfigTest


class Faults(ConfigTest):
    """Bad values."""

    def test_unknown_keys(self) -> None:
        """A key that is none is told with the one that was meant, if there is one like it."""
        for text, expected in (
            ("[log]\nlevel = 1", "log.level: no such setting"),
            ("[log]\nlader = true", "log.lader: no such setting; did you mean ladder?"),
            (
                "server_mode = 'passive'",
                "server_mode: no such setting; did you mean server-mode?",
            ),
            ("idle = 3", "idle: no such setting; did you mean [timeouts] idle?"),
            ("[limits]\nidle = 3", "limits.idle: no such setting; did you mean [timeouts] idle?"),
            ("[timeouts]\n_of = 1", "timeouts._of: no such setting"),
            ("allowed = []", "allowed: no such setting"),
        ):
            self.assertEqual(self.faults(text), [expected])

    def test_unknown_section(self) -> None:
        """A section that is none is one fault, with the one that was meant."""
        for text, expected in (
            ("[policy]\nx = 1", "policy: no such section"),
            (
                "[timeout]\nidle = 1\nstaled = 2",
                "timeout: no such section; did you mean [timeouts]?",
            ),
            ("[waits]\nidle = 1", "waits: no such section; did you mean [timeouts]?"),
            ("[[route]]\nusers = []", "route: no such section; did you mean [[routes]]?"),
        ):
            self.assertEqual(self.faults(text), [expected])

    def test_not_a_table(self) -> None:
        """A section that is a value is told to be a table."""
        self.assertEqual(
            self.faults("data = 3"),
            ["data = 3: must be a table: write its name in brackets and its keys below"],
        )

    def test_wrong_values(self) -> None:
        """Each wrong value is told with file, key, value and remedy."""
        for text, *expected in (
            ("listen = 'tcp:1'", "listen", "'tcp:1'", "must be a list of endpoints"),
            ("listen = []", "listen", "", "names no endpoint"),
            ("listen = ['']", "listen", "['']", "must be a list of endpoints"),
            ("listen = [1]", "listen", "[1]", "must be a list of endpoints"),
            ("server = 1", "server", "1", "must be ftp://host"),
            ("server = 'h'", "server", "'h'", "must be ftp://host"),
            ("server = 'http://h'", "server", "'http://h'", "must be ftp://host"),
            ("server = 'ftp://'", "server", "'ftp://'", "must be ftp://host"),
            ("server = 'ftp://h:0'", "server", "'ftp://h:0'", "from 1 to 65535"),
            ("server = 'ftp://u@h'", "server", "'ftp://u@h'", "must be ftp://host"),
            ("server-mode = 'x'", "server-mode", "'x'", 'one of "passive", "active", "client"'),
            ("server-mode = []", "server-mode", "[]", 'one of "passive", "active", "client"'),
            ("data.client-ports = '1023-2000'", "data.client-ports", "'1023-2000'", "two ports"),
            ("data.client-ports = '3000-2000'", "data.client-ports", "'3000-2000'", "two ports"),
            ("data.client-ports = '2000-65536'", "data.client-ports", "'2000-65536'", "two ports"),
            ("data.client-ports = 2000", "data.client-ports", "2000", "two ports"),
            ("data.excluded-ports = 1", "data.excluded-ports", "1", "must be a list of ports"),
            ("data.excluded-ports = [0]", "data.excluded-ports", "[0]", "must be a list of ports"),
            ("data.excluded-ports = [true]", "data.excluded-ports", "[True]", "must be a list"),
            (
                "data.client-address = 'h h'",
                "data.client-address",
                "'h h'",
                "must be an IP address",
            ),
            ("data.splice = 1", "data.splice", "1", "must be true or false"),
            ("data.splice = 'yes'", "data.splice", "'yes'", "must be true or false"),
            ("timeouts.idle = 0", "timeouts.idle", "0", "above 0"),
            ("timeouts.idle = -1.5", "timeouts.idle", "-1.5", "above 0"),
            ("timeouts.idle = inf", "timeouts.idle", "inf", "above 0"),
            ("timeouts.idle = nan", "timeouts.idle", "nan", "above 0"),
            ("timeouts.idle = true", "timeouts.idle", "true", "above 0"),
            ("timeouts.idle = '5'", "timeouts.idle", "'5'", "above 0"),
            ("timeouts.keepalive = -1", "timeouts.keepalive", "-1", "from 0 to 32767"),
            ("timeouts.keepalive = 1.0", "timeouts.keepalive", "1.0", "a whole number"),
            ("limits.sessions = 0", "limits.sessions", "0", "1 or more"),
            ("limits.sessions = true", "limits.sessions", "true", "1 or more"),
            ("limits.command-line = 63", "limits.command-line", "63", "64 or more"),
            ("limits.reply-lines = 99", "limits.reply-lines", "99", "100 or more"),
            ("limits.uncoded-size = 511", "limits.uncoded-size", "511", "512 or more"),
            ("limits.uncoded-lines = 9", "limits.uncoded-lines", "9", "10 or more"),
            ("log.ladder = 'x'", "log.ladder", "'x'", "must be true or false"),
            ("client-tls.mode = 'on'", "client-tls.mode", "'on'", '"offer"'),
            ("client-tls.minimum = 1.2", "client-tls.minimum", "1.2", '"1.2"'),
            ("client-tls.minimum = '1.4'", "client-tls.minimum", "'1.4'", '"1.3"'),
            ("client-tls.ciphers = 1", "client-tls.ciphers", "1", "a text in quotes"),
            ("client-tls.certificate = 1", "client-tls.certificate", "1", "the name of a file"),
            ("client-tls.implicit-listen = 'x'", "client-tls.implicit-listen", "'x'", "a list"),
            ("server-tls.mode = 'x'", "server-tls.mode", "'x'", '"explicit"'),
            ("server-tls.crl = 'x'", "server-tls.crl", "'x'", "a list of file names"),
            ("server-tls.crl = ['']", "server-tls.crl", "['']", "a list of file names"),
            ("server-tls.rules = 3", "server-tls.rules", "3", "a list of tables"),
            ("server-tls.rules = 'x'", "server-tls.rules", "x", "table"),
        ):
            found = self.faults(text)
            self.assertEqual(len(found), 1, found)
            key, value, remedy = expected
            self.assertTrue(found[0].startswith(key), found)
            self.assertIn(value, found[0])
            self.assertIn(remedy, found[0])

    def test_address_is_no_number(self) -> None:
        """A number or a switch is no address, though Python's ip_address takes it for one."""
        for value in ("5", "true", "[]"):
            (fault,) = self.faults(f"data.client-address = {value}")
            self.assertIn(f"data.client-address = {value}: must be an IP address", fault)

    def test_in_lists(self) -> None:
        """A fault inside a list of tables names the table's place."""
        found = self.faults(
            """
            [[server-tls.rules]]
            server = "ok"
            mode = "off"
            [[server-tls.rules]]
            server = "not ok"
            mode = "x"
            [[server-tls.rules]]
            mode = "off"
            """
        )
        self.assertEqual(len(found), 3, found)
        for start in ("server-tls.rules[1].server = 'not ok': must be a server's name",
                      "server-tls.rules[1].mode = 'x': must be one of",
                      "server-tls.rules[2].server: is missing"):  # fmt: skip
            self.assertTrue([fault for fault in found if fault.startswith(start)], found)

    def test_all_at_once(self) -> None:
        """Every fault of a file is told, in whichever section and of whichever kind."""
        found = self.faults(
            """
            server = 1
            unknown = 2
            timeouts = 3
            [data]
            splice = 4
            client-ports = 5
            other = 6
            [limits]
            sessions = 0
            bad-logins = 0
            """
        )
        keys = sorted(re.match(r"[a-z.-]+", fault)[0] for fault in found)  # type: ignore[index]
        self.assertEqual(
            keys,
            ["data.client-ports", "data.other", "data.splice", "limits.bad-logins", "limits.sessions",
             "server", "timeouts", "unknown"],
        )  # fmt: skip

    def test_long_values_are_cut(self) -> None:
        """A value that fills the screen is not told whole."""
        (fault,) = self.faults(f"server-mode = '{'x' * 500}'")
        self.assertLess(len(fault), 200)
        self.assertIn("x...", fault)

    def test_str(self) -> None:
        """The exception's text is all its faults, one on a line."""
        error = self.assertRaises(SettingsError, self.settings, "server = 1\nserver-mode = 2")
        self.assertEqual(str(error), "\n".join(error.faults))
        self.assertEqual(len(error.faults), 2)


class Pins(SynchronousTestCase):
    """Digests of certificates."""

    def test_good(self) -> None:
        """As openssl prints them, and as others do; one, several or none."""
        digits = "0a" * 32
        colons = ":".join(["0A"] * 32)
        for value in (f"sha256:{digits}", f"sha256:{colons}", [f"sha256:{digits}"]):
            self.assertEqual(checks.pins(value), (digits,))
        self.assertEqual(checks.pins([f"sha256:{digits}", "sha256:" + "1" * 64])[1], "1" * 64)
        self.assertEqual((checks.pins(""), checks.pins([])), ((), ()))

    def test_bad(self) -> None:
        """Nothing shorter, of another kind, or odd counts as a digest."""
        digits = "0a" * 32
        odd = (
            digits,
            "sha1:" + "0" * 40,
            f"sha256:{digits}0",
            f"sha256:{digits[1:]}",
            [""],
            7,
            None,
        )
        for value in (*odd, f"sha256:{digits}\n", {"a": 1}, [f"sha256:{digits}", 1], "sha256:"):
            self.assertRaises(ValueError, checks.pins, value)


class HostNames(ConfigTest):
    """Names of hosts, none of them a URL or an address with a port."""

    def test_good(self) -> None:
        """In small letters, as they are compared."""
        found = self.settings('[admin]\nnames = ["GW.example.net", "gw", "a_b.example"]').admin
        self.assertEqual(found.names, ("gw.example.net", "gw", "a_b.example"))

    def test_bad(self) -> None:
        """Each is told."""
        for said in ('"gw"', '["http://gw"]', '["gw:8021"]', '[""]', "[1]", '["a b"]', '["a\\n"]'):
            (fault,) = self.faults(f"[admin]\nnames = {said}")
            self.assertTrue(fault.startswith("admin.names = "), fault)
            self.assertIn("must be a list of hosts' names", fault)
