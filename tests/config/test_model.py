"""Settings that say nothing: every default, and the shipped file that shows them."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from attrs import fields, has
from attrs.exceptions import FrozenInstanceError

from ftpalg.config import DEFAULT_LISTEN, BansMode, Intercept, Settings, structure
from ftpalg.config.model import Commands, LogFormat, Shown, settings_sections
from ftpalg.config.tables import is_key, key_of
from ftpalg.core.events import Timer
from ftpalg.core.routes import DataVerbs, Mode
from ftpalg.core.session_settings import ClientTls, Rules
from ftpalg.core.wire.user_at_host import DEFAULT_DIALECTS
from tests.config.cases import ConfigTest

EXAMPLE = Path(__file__).parents[2] / "etc" / "ftpalg.toml"
DEFAULTS: dict[str, dict[str, Any]] = {
    "": {
        "listen": (DEFAULT_LISTEN,),
        "listeners": (),
        "server": None,
        "server-mode": Mode.PASSIVE,
        "parent": "",
        "source-address": "",
        "state": None,
        "workers": 1,
        "intercept": Intercept.OFF,
        "resolver": "own",
        "lf-lines": False,
        "active": True,
        "routes": (),
        "parents": (),
    },
    "login": {"dialects": DEFAULT_DIALECTS, "separators": "@"},
    "accounts": {
        "auth": (),
        "required": True,
        "require-tls": False,
        "delay": 2.0,
        "waiting": 64,
        "waiting-per-peer": 8,
        "failures-per-peer": 20,
        "failures-per-account": 100,
        "failures": 20000,
        "forget": 600.0,
        "longest-delay": 30.0,
    },
    "bans": {
        "mode": BansMode.OFF,
        "safe": (),
        "threshold": 20,
        "account-threshold": 100,
        "observation": 1800.0,
        "time": 1800.0,
        "longest": 604800.0,
        "remember": 2592000.0,
        "most": 10000,
        "unknown-account": 2,
        "wrong-password": 1,
        "wrong-at-server": 1,
        "no-ftp": 2,
        "bad-tls": 1,
        "scan": 1,
        "limit": 1,
    },
    "access": {"clients": (), "servers": (), "commands": ()},
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
        "client-networks": (),
        "server-networks": (),
        "source-port": 0,
        "splice": True,
        "verbs": DataVerbs.AUTO,
        "other-mode": True,
        "remember": 3600.0,
    },
    "timeouts": {
        "resolve": 10.0,
        "connect": 10.0,
        "next-address": 0.3,
        "handshake": 60.0,
        "login": 120.0,
        "idle": 900.0,
        "data-open": 20.0,
        "stalled": 300.0,
        "final-reply": 180.0,
        "settle": 0.25,
        "unannounced": 1.0,
        "early-reply": 0.25,
        "last-word": 1.0,
        "other-end": 1.0,
        "second-reply": 0.25,
        "extended": 5.0,
        "goodbye": 0.25,
        "delivery": 60.0,
        "abort-pause": 0.25,
        "abort-reply": 30.0,
        "resync": 10.0,
        "abort": 2.0,
        "quit": 5.0,
        "drain": 5.0,
        "bare-line": 0.3,
        "stop": 60.0,
        "rest": 1.0,
        "worker": 10.0,
        "keepalive": 60,
    },
    "limits": {
        "sessions": 5000,
        "sessions-per-peer": 1000,
        "sessions-per-account": 1000,
        "sessions-per-server": 0,
        "sessions-per-route": 0,
        "session-rate": 0.0,
        "session-rate-per-peer": 0.0,
        "transfers": 4000,
        "transfers-per-peer": 1000,
        "transfers-per-account": 1000,
        "transfers-per-route": 0,
        "upload-bytes-per-transfer": 0,
        "upload-bytes-per-day": 0,
        "upload-files-per-day": 0,
        "download-bytes-per-transfer": 0,
        "download-bytes-per-day": 0,
        "download-files-per-day": 0,
        "passive-listeners": 8000,
        "passive-listeners-per-peer": 1000,
        "descriptors-per-peer": 0,
        "memory": 1073741824,
        "memory-per-peer": 268435456,
        "handshakes-per-peer": 250,
        "handshake-rate": 0.0,
        "handshake-rate-per-peer": 0.0,
        "returning": 250,
        "lookups": 64,
        "lookups-per-peer": 8,
        "ipv6-prefix": 64,
        "command-rate": 0.0,
        "command-delay": 10.0,
        "command-line": 4000,
        "reply-line": 65536,
        "reply-size": 4194304,
        "reply-lines": 20000,
        "uncoded-size": 65536,
        "uncoded-lines": 100,
        "queued-commands": 256,
        "queued-size": 16384,
        "bad-commands": 10,
        "bad-logins": 5,
        "surplus-replies": 20,
    },
    "bandwidth": {
        "total-download": (),
        "total-upload": (),
        "account-download": (),
        "account-upload": (),
        "session-download": (),
        "session-upload": (),
        "zone": "UTC",
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
        "clear-data": False,
        "opaque": False,
    },
    "server-tls": {
        "mode": None,
        "rules": (),
        "verify": True,
        "ca": None,
        "crl": (),
        "crl-chain": False,
        "certificate": None,
        "private-key": None,
        "minimum": "1.2",
        "maximum": "1.3",
        "ciphers": "",
        "clear-data": False,
        "lenient": False,
        "old-renegotiation": False,
    },
    "log": {
        "format": LogFormat.AUTO,
        "to": "stderr",
        "commands": Commands.CHANGES,
        "xferlog": None,
        "users": Shown.WHOLE,
        "addresses": Shown.WHOLE,
        "paths": Shown.WHOLE,
        "ladder": False,
    },
    "admin": {"socket": None, "listen": "", "names": (), "agent": ""},
}
"""Each default; a change of one is a change for users and must be made here too."""


def flat(settings: Settings) -> dict[str, dict[str, Any]]:
    """The settings by section and key."""
    found: dict[str, dict[str, Any]] = {"": {}}
    for a in fields(Settings):
        if not is_key(a):
            continue
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
        self.assertEqual(found.rules(found.all_listeners[0]), Rules(counted=True))

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
