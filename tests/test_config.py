"""TOML to settings: every default, every fault, every message."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from attrs import fields, has
from attrs.exceptions import FrozenInstanceError
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config import (
    DEFAULT_LISTEN,
    Intercept,
    Listener,
    Settings,
    SettingsError,
    load,
    structure,
)
from ftpalg.config.loading import key_of, settings_sections
from ftpalg.core.events import Timer
from ftpalg.core.logins import DEFAULT_DIALECTS
from ftpalg.core.routes import Mode, Server, ServerTls
from ftpalg.core.rules import ClientTls, Rules

EXAMPLE = Path(__file__).parent.parent / "etc" / "ftpalg.toml"

DEFAULTS: dict[str, dict[str, Any]] = {
    "": {
        "listen": (DEFAULT_LISTEN,),
        "listeners": (),
        "server": None,
        "server-mode": Mode.PASSIVE,
        "parent": "",
        "source-address": "",
        "intercept": Intercept.OFF,
        "routes": (),
        "parents": (),
    },
    "login": {"dialects": DEFAULT_DIALECTS, "separators": "@"},
    "accounts": {"auth": (), "required": True, "delay": 2.0},
    "access": {"clients": (), "servers": ()},
    "proxy-protocol": {"balancers": ()},
    "pinholes": {"table": "", "ipv4-set": "data4", "ipv6-set": "data6"},
    "health": {"every": 30.0},
    "data": {
        "client-ports": (49152, 65534),
        "server-ports": (49152, 65534),
        "excluded-ports": frozenset((1720, 2000, 5060, 5061)),
        "client-address": "",
        "client-addresses": (),
        "server-address": "",
        "resolve-every": 60.0,
        "replace-private": False,
        "source-port": 0,
        "splice": True,
    },
    "timeouts": {
        "connect": 10.0,
        "handshake": 20.0,
        "login": 120.0,
        "idle": 900.0,
        "data-open": 20.0,
        "stalled": 300.0,
        "final-reply": 30.0,
        "settle": 0.25,
        "abort": 2.0,
        "quit": 5.0,
        "drain": 5.0,
        "keepalive": 60,
    },
    "limits": {
        "sessions": 5000,
        "sessions-per-peer": 1000,
        "command-line": 4000,
        "reply-line": 65536,
        "reply-size": 4194304,
        "queued-commands": 256,
        "bad-commands": 10,
        "bad-logins": 5,
    },
    "client-tls": {
        "mode": ClientTls.OFF,
        "certificate": None,
        "private-key": None,
        "more-certificates": (),
        "implicit-listen": (),
        "minimum": "1.2",
        "maximum": "1.3",
        "ciphers": "",
        "require-reuse": False,
        "ccc": False,
        "lenient": False,
        "opaque": False,
    },
    "server-tls": {
        "mode": None,
        "rules": (),
        "verify": True,
        "ca": None,
        "crl": (),
        "certificate": None,
        "private-key": None,
        "minimum": "1.2",
        "maximum": "1.3",
        "ciphers": "",
        "clear-data": False,
        "lenient": False,
    },
    "log": {"ladder": False},
}
"""Each default; a change of one is a change for users and must be made here too."""


def flat(settings: Settings) -> dict[str, dict[str, Any]]:
    """The settings by section and key."""
    found: dict[str, dict[str, Any]] = {"": {}}
    for a in fields(Settings):
        value = getattr(settings, a.name)
        if has(type(a.default)) and a.name != "server":
            found[key_of(a.name)] = {
                key_of(inner.name): getattr(value, inner.name)
                for inner in fields(type(value))
                if inner.init
            }
        else:
            found[""][key_of(a.name)] = value
    return found


class ConfigTest(SynchronousTestCase):
    """A test case with TOML texts."""

    def settings(self, text: str) -> Settings:
        """The settings of a text."""
        return structure(tomllib.loads(text), "x.toml")

    def faults(self, text: str) -> list[str]:
        """What is wrong with a text; each fault names the file and is one line."""
        found = self.assertRaises(SettingsError, self.settings, text).faults
        for fault in found:
            self.assertTrue(fault.startswith("x.toml: "), fault)
            self.assertNotIn("\n", fault)
        return [fault.removeprefix("x.toml: ") for fault in found]

    def file(self, content: bytes) -> Path:
        """A file of its own."""
        path = Path(self.mktemp())
        path.write_bytes(content)
        return path


class Defaults(ConfigTest):
    """An empty file."""

    def test_each(self) -> None:
        """Every setting has the default that is written here, and there is no other setting."""
        self.assertEqual(flat(self.settings("")), DEFAULTS)

    def test_types(self) -> None:
        """A wait is a float and a bound an int, whichever way it was written."""
        self.assertIs(type(self.settings("[timeouts]\nidle = 5").timeouts.idle), float)
        self.assertIs(type(self.settings("").timeouts.keepalive), int)

    def test_frozen(self) -> None:
        """Settings cannot be changed once they are read."""
        with self.assertRaises(FrozenInstanceError):
            self.settings("").server = None  # type: ignore[misc]

    def test_timers(self) -> None:
        """Every timer of the core is one of the settings, under its own name."""
        self.assertEqual(
            {timer.value: self.settings("").timeouts.of(timer) for timer in Timer},
            {timer.value: DEFAULTS["timeouts"][timer.value] for timer in Timer},
        )
        self.assertEqual(self.settings("[timeouts]\nsettle = 1").timeouts.of(Timer.SETTLE), 1.0)

    def test_rules(self) -> None:
        """The core's defaults and the file's are the same."""
        found = self.settings("")
        self.assertEqual(found.rules(found.all_listeners[0]), Rules())

    def test_sections(self) -> None:
        """The list of sections, for whoever documents them, is whole."""
        self.assertEqual(set(settings_sections()), set(DEFAULTS))

    def test_example(self) -> None:
        """The file in etc names every setting with its default."""
        raw = tomllib.loads(EXAMPLE.read_text("utf-8"))
        self.assertEqual(flat(structure(raw, "etc")), DEFAULTS)
        text = EXAMPLE.read_text("utf-8")
        missing = [
            f"{section}.{key}"
            for section, keys in DEFAULTS.items()
            for key in keys
            if not re.search(
                rf"^#? ?{re.escape(key)} = |^#? ?\[\[{re.escape(f'{section}.{key}'.lstrip('.'))}\]\]",
                text,
                re.M,
            )
        ]
        self.assertEqual(missing, [])


class Values(ConfigTest):
    """Good values."""

    def test_all_reach_the_core(self) -> None:
        """What the core obeys is what the file says."""
        found = self.settings(
            """
            server = "ftpes://ftp.example:2121/"
            server-mode = "client"
            data = {client-address = "203.0.113.5", server-address = "2001:DB8::1", replace-private = true}
            limits = {queued-commands = 3, bad-commands = 4, bad-logins = 2}
            [client-tls]
            ccc = true
            [server-tls]
            clear-data = true
            rules = [{server = "*.Example", mode = "auto"}, {server = "b", mode = "implicit"}]
            """
        )
        self.assertEqual(
            found.rules(Listener("tcp:990", ClientTls.IMPLICIT)),
            Rules(
                server=Server("ftp.example", 2121),
                mode=Mode.CLIENT,
                replace_private=True,
                queued_commands=3,
                bad_commands=4,
                bad_logins=2,
                client_tls=ClientTls.IMPLICIT,
                ccc=True,
                server_tls=ServerTls.EXPLICIT,
                server_tls_rules=(("*.example", ServerTls.AUTO), ("b", ServerTls.IMPLICIT)),
                clear_data=True,
            ),
        )

    def test_servers(self) -> None:
        """The scheme gives the port and the TLS, where they are not given themselves."""
        for url, server, tls in (
            ("ftp://h", Server("h", 21), ServerTls.OFF),
            ("ftp://h/", Server("h", 21), ServerTls.OFF),
            ("ftp://h:2121", Server("h", 2121), ServerTls.OFF),
            ("ftpes://h", Server("h", 21), ServerTls.EXPLICIT),
            ("ftps://h", Server("h", 990), ServerTls.IMPLICIT),
            ("ftps://h:21", Server("h", 21), ServerTls.IMPLICIT),
            ("ftps://[::1]", Server("::1", 990), ServerTls.IMPLICIT),
            ("ftps://[::1]:21/", Server("::1", 21), ServerTls.IMPLICIT),
        ):
            found = self.settings(f'server = "{url}"')
            assert found.server is not None
            self.assertEqual((found.server.server, found.default_server_tls), (server, tls))
        self.assertIs(self.settings('server = ""').server, None)
        shown = self.settings('server = "ftps://[::1]"').server
        self.assertEqual(str(shown), "ftps://[::1]:990")

    def test_ends_of_ranges(self) -> None:
        """The least and the greatest values are taken."""
        found = self.settings(
            """
            [data]
            client-ports = "1024-65535"
            server-ports = "50000-50000"
            excluded-ports = [1, 65535]
            [timeouts]
            keepalive = 0
            idle = 0.001
            [limits]
            command-line = 64
            reply-line = 512
            reply-size = 4096
            sessions = 1
            """
        )
        self.assertEqual(found.data.client_ports, (1024, 65535))
        self.assertEqual(found.data.server_ports, (50000, 50000))
        self.assertEqual(found.data.excluded_ports, frozenset((1, 65535)))
        self.assertEqual(
            self.settings("[data]\nexcluded-ports = []").data.excluded_ports, frozenset()
        )

    def test_mapped_address(self) -> None:
        """Quirk 20: an IPv4 address in IPv6 clothing is told as what it is, in 227 and in PORT."""
        found = self.settings('[data]\nclient-address = "::ffff:203.0.113.5"')
        self.assertEqual(found.data.client_address, "203.0.113.5")


class Faults(ConfigTest):
    """Bad values."""

    def test_unknown_keys(self) -> None:
        """A key that is none is told with those that are, in its section and at the top."""
        self.assertEqual(
            self.faults("[log]\nlevel = 1"), ["log.level: no such setting; known here are ladder"]
        )
        (fault,) = self.faults("server_mode = 'passive'")
        self.assertTrue(
            fault.startswith("server_mode: no such setting; known here are listen, listeners")
        )
        self.assertNotIn("_of", self.faults("[timeouts]\nx = 1")[0])

    def test_unknown_section(self) -> None:
        """So is a section."""
        self.assertIn("policy: no such setting", self.faults("[policy]\nx = 1")[0])

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


class Contradictions(ConfigTest):
    """Values that are good one by one and cannot hold together."""

    def test_each(self) -> None:
        """Each contradiction names its key and a remedy."""
        pair = "certificate = 'c'\nprivate-key = 'k'"
        for text, key in (
            ("client-tls.certificate = 'c'", "client-tls.private-key"),
            ("client-tls.private-key = 'k'", "client-tls.certificate"),
            ("server-tls.certificate = 'c'", "server-tls.private-key"),
            ("server-tls.private-key = 'k'", "server-tls.certificate"),
            ("client-tls.mode = 'offer'", "client-tls.certificate"),
            ("client-tls.implicit-listen = ['tcp:990']", "client-tls.certificate"),
            (f"[client-tls]\n{pair}\nmode = 'offer'\nopaque = true", "client-tls.opaque"),
            ("server = 'ftpes://h'\nclient-tls.opaque = true", "client-tls.opaque"),
            ("server-tls.ca = 'x'\nserver-tls.verify = false", "server-tls.ca"),
            ("server = 'ftpes://h'\nserver-tls.mode = 'off'", "server-tls.mode"),
            ("[data]\nclient-ports = '5060-5061'", "data.client-ports"),
            ("[data]\nserver-ports = '2000-2000'", "data.server-ports"),
        ):
            self.assertIn(key, [fault.partition(":")[0] for fault in self.faults(text)], text)

    def test_none(self) -> None:
        """What goes together is not complained of."""
        pair = "certificate = 'c'\nprivate-key = 'k'"
        for text in (
            f"[client-tls]\nmode = 'require'\n{pair}\nimplicit-listen = ['tcp:990']\n"
            "[access]\nclients = ['10.0.0.0/8']",
            f"[server-tls]\n{pair}\nca = 'x'",
            "server = 'ftpes://h'\nserver-tls.mode = 'explicit'",
            "server = 'ftp://h'\nserver-tls.mode = 'auto'",
            "client-tls.opaque = true",
            "[data]\nclient-ports = '5060-5062'",
        ):
            self.settings(text)

    def test_all_at_once(self) -> None:
        """They are told together."""
        found = self.faults("client-tls.mode = 'offer'\ndata.client-ports = '5060-5061'")
        self.assertEqual(len(found), 2)

    def test_pairs(self) -> None:
        """Certificates come with their keys, the first one first."""
        found = self.settings(
            """
            [client-tls]
            certificate = "a.pem"
            private-key = "a.key"
            more-certificates = [{certificate = "b.pem", private-key = "b.key"}]
            [server-tls]
            certificate = "s.pem"
            private-key = "s.key"
            """
        )
        self.assertEqual([str(p.certificate) for p in found.client_tls.pairs], ["a.pem", "b.pem"])
        assert found.server_tls.pair is not None
        self.assertEqual(found.server_tls.pair.private_key, Path("s.key"))
        self.assertEqual(self.settings("").client_tls.pairs, ())
        self.assertIs(self.settings("").server_tls.pair, None)


class Loading(ConfigTest):
    """``load``."""

    def fault(self, path: Path, overrides: dict[str, Any] | None = None) -> str:
        """The one fault of a file."""
        (found,) = self.assertRaises(SettingsError, load, path, overrides or {}).faults
        self.assertTrue(found.startswith(f"{path}: "), found)
        return str(found.removeprefix(f"{path}: "))

    def test_file(self) -> None:
        """A file is read as UTF-8 TOML."""
        found = load(self.file("# é\nserver-mode = 'active'".encode()), {})
        self.assertIs(found.server_mode, Mode.ACTIVE)

    def test_no_file(self) -> None:
        """Without a file the words of the command line are all."""
        found = load(None, {"server": "ftp://h", "listen": ["tcp:1"], "data.splice": False})
        self.assertEqual((found.listen, found.data.splice), (("tcp:1",), False))
        error = self.assertRaises(SettingsError, load, None, {"server": "h"})
        self.assertTrue(error.faults[0].startswith("command line: server = 'h': must be"))

    def test_overrides(self) -> None:
        """The words of the command line win over the file; the rest of the file stays."""
        path = self.file(b"server-mode = 'active'\n[data]\nsplice = true\nreplace-private = true")
        found = load(path, {"server-mode": "client", "data.splice": False})
        self.assertEqual(
            (found.server_mode, found.data.splice, found.data.replace_private),
            (Mode.CLIENT, False, True),
        )

    def test_override_of_no_table(self) -> None:
        """A word for a section that the file gives a value to is a fault, no traceback."""
        self.assertIn(
            "data: must be a table", self.fault(self.file(b"data = 3"), {"data.splice": True})
        )

    def test_missing(self) -> None:
        """A file that is not there is told by its name."""
        path = Path(self.mktemp())
        self.assertEqual(self.fault(path), "cannot be read: No such file or directory")

    def test_unreadable(self) -> None:
        """So is one that cannot be read."""
        path = Path(self.mktemp())
        path.mkdir()
        self.assertEqual(self.fault(path), "cannot be read: Is a directory")

    def test_not_toml(self) -> None:
        """What is no TOML, or not UTF-8, is told with the place."""
        self.assertIn("is not TOML: ", self.fault(self.file(b"server = ")))
        self.assertIn("is not TOML: ", self.fault(self.file(b"server = '\xff'")))
        self.assertIn("at line 1", self.fault(self.file(b"a = 1 b")))
