"""All settings as one file."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config import read, structure
from ftpalg.config.effective import effective

RICH = r"""
server = "ftpes://files.corp.test:2121"
listen = ["tcp:21:interface=10.1.2.3", '[2a00:1:5::1]:21', ':2121', 'tcp6:22:interface=fd00\:\:7']
source-address = "10.1.2.4"
parent = "office"
log.to = "file:/var/log/corp.log"
[login]
dialects = ["SITE server", "user@server"]
[accounts]
auth = ["memory:gus:Gate-w0rd", "file:/etc/corp/accounts"]
[access]
clients = ["10.1.0.0/16", "fd00:5::/48", "0.0.0.0/0"]
[[access.servers]]
names = ["*.corp.test"]
ports = [21, "2100-2199"]
networks = ["192.168.7.0/24"]
[[routes]]
accounts = ["sca\"nn\\er\u007f"]
users = ["gus-*"]
server = ["ftpes://files.corp.test", "ftpes://[2a00:1:5::9]"]
user = "corp-upload"
password-file = "/etc/corp/secret"
data-verbs = "classic"
upload-bandwidth = "100Mbit/s"
[[parents]]
name = "office"
url = "socks5://proxy.corp.test"
[timeouts]
quit = 0.75
idle = 1e17
[bandwidth]
total-download = ["2MiB/s Mon-Fri 08:00-18:00", "unlimited Sun 22:00-06:00", "20MiB/s"]
session-upload = 4096
zone = "Europe/Berlin"
[data]
client-address = "nat.corp.test"
[[data.client-addresses]]
clients = ["10.9.0.0/16"]
address = "10.9.0.1"
[client-tls]
mode = "offer"
certificate = "/etc/corp/c.pem"
private-key = "/etc/corp/c.key"
[[client-tls.more-certificates]]
certificate = "/etc/corp/d.pem"
private-key = "/etc/corp/d.key"
[[server-tls.rules]]
server = "*.corp.test"
mode = "explicit"
"""


class Effective(SynchronousTestCase):
    """The file that all settings make."""

    def made(self, text: str, *, anonymous: bool = False, **how: Any) -> tuple[str, Any]:
        """The file of a text, and the settings."""
        path = Path(self.mktemp())
        path.write_text(text, "utf-8")
        loaded = read(path, how.get("overrides", {}), how.get("environment", {}))
        shown = effective(loaded, anonymous=anonymous).replace(str(path), "f.toml")
        return shown, loaded.settings

    def test_same_again(self) -> None:
        """Loaded again it gives the same settings, and the same file."""
        for text in ("", RICH, "[[listeners]]\nendpoint = '127.0.0.1:1'\naccounts = false\n"):
            shown, settings = self.made(text)
            again = structure(tomllib.loads(shown), "x")
            self.assertEqual(again, settings)

    def test_origins(self) -> None:
        """Each value says where it comes from; what a table leaves out is a default."""
        shown, _ = self.made(
            "server-mode = 'active'\n[[routes]]\nusers = ['u']\n[timeouts]\nidle = 5\nquit = 7\n",
            overrides={"timeouts.quit": 8.0, "server": "ftp://h"},
            environment={
                "FTPALG_TIMEOUTS_LOGIN": "9",
                "FTPALG_PARENTS": '[{name = "p", url = "ftp://h"}]',
            },
        )
        for line in (
            'server-mode = "active"  # f.toml:1',
            'users = ["u"]  # f.toml:3',
            'balance = "first"  # default',
            "idle = 5  # f.toml:5",
            "quit = 8  # command line",
            "login = 9  # FTPALG_TIMEOUTS_LOGIN",
            "stop = 60  # default",
            'name = "p"  # FTPALG_PARENTS',
            "separators-in-user = false  # default",
            'server = "ftp://h:21"  # command line',
        ):
            self.assertIn(line, shown.splitlines())
        shown, _ = self.made("routes = [{ users = ['u'] }]\n")
        self.assertIn('users = ["u"]  # f.toml:1', shown)
        self.assertIn('balance = "first"  # default', shown)

    def test_anonymous(self) -> None:
        """Nothing of a name, an address, a path or a password is left; it is still a sound file."""
        shown, _ = self.made(RICH, anonymous=True)
        structure(tomllib.loads(shown), "x")
        for word in ("corp", "gus", "Gate", "10.1.", "10.9", "2a00:1:5:", "fd00", "192.168", "sca\\",
                     "office", "secret", "nat."):  # fmt: skip
            self.assertNotIn(word, shown)
        for word in ("0.0.0.0/0", "[timeouts]", "2100-2199", "SITE server", ":2121"):
            self.assertIn(word, shown)
