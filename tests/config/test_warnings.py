"""What is legal and suspicious."""

from __future__ import annotations

import tomllib
from fnmatch import fnmatchcase
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as some
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config import Settings, read, structure
from ftpalg.config.faults import dotted
from ftpalg.config.warnings import FINDERS, _narrower, all_warnings, warnings

COMMANDS = "[[access.commands]]\n"
SERVED = "server = 'ftp://h'\n"
EACH: dict[str, tuple[tuple[str, str, str], ...]] = {
    "unverified": (("server-tls.verify = false", "server-tls.verify", "are not verified"),),
    "old-tls": (
        ("client-tls.minimum = '1.0'", "client-tls.minimum", "is broken"),
        ("server-tls.minimum = '1.1'", "server-tls.minimum", "is broken"),
    ),
    "redirected-data": (
        (
            "intercept = 'redirect'\nlisten = ['10.0.0.1:1025']\naccess.clients = ['10.0.0.0/8']",
            "listen[0]",
            "GNU ftp",
        ),
    ),
    "lenient": (
        ("client-tls.lenient = true", "client-tls.lenient", "look complete"),
        ("server-tls.lenient = true", "server-tls.lenient", "look complete"),
    ),
    "weak-ciphers": (
        ("client-tls.ciphers = 'DEFAULT:@SECLEVEL=0'", "client-tls.ciphers", "can be broken"),
        ("server-tls.ciphers = '@SECLEVEL=1:HIGH'", "server-tls.ciphers", "can be broken"),
        ("server-tls.ciphers = 'DEFAULT@seclevel=0'", "server-tls.ciphers", "can be broken"),
    ),
    "clear-data": (
        ("server-tls.clear-data = true", "server-tls.clear-data", "in clear"),
        ("client-tls.clear-data = true", "client-tls.clear-data", "in clear"),
    ),
    "old-renegotiation": (
        ("server-tls.old-renegotiation = true", "server-tls.old-renegotiation", "before ours"),
    ),
    "clear-accounts": (
        (
            "listen = [':21']\naccounts.auth = ['memory:a:b']",
            "listen[0]",
            "passwords of accounts may come in clear",
        ),
    ),
    "short-wait": (
        ("timeouts.quit = 0.09", "timeouts.quit", "= 0.09: is below 0.1"),
        ("health.every = 0.001", "health.every", "is below 0.1"),
    ),
    "short-idle": (("timeouts.idle = 119", "timeouts.idle", "ends before timeouts.login"),),
    "peer-limit": (("limits.sessions-per-peer = 5001", "limits.sessions-per-peer", "5000"),),
    "own-listener": (
        ("server = 'ftp://127.0.0.1:1025'", "server", "own listener '127.0.0.1:1025'"),
        ("server = 'ftp://localhost:1025'", "server", "own listener"),
        ("listen = [':21']\nserver = 'ftp://[::1]'", "server", "own listener ':21'"),
        (
            "listen = ['192.0.2.1:21']\n[[routes]]\nserver = ['ftp://h', 'ftp://192.0.2.1']\n"
            "[access]\nclients = ['10.0.0.0/8']",
            "routes[0].server",
            "own listener",
        ),
    ),
    "same-endpoint": (
        (SERVED + "listen = ['tcp:21', '0.0.0.0:21']", "listen[1]", "listen[0] listens there"),
        (
            SERVED + "listen = [':21']\n[[listeners]]\nendpoint = '127.0.0.1:21'",
            "listeners[0].endpoint",
            "listen[0] listens there already",
        ),
        (SERVED + "listen = ['systemd:a', 'systemd:a']", "listen[1]", "listens there already"),
        (
            SERVED + "listen = [':21']\n[admin]\nlisten = '127.0.0.1:21'",
            "admin.listen",
            "listen[0] listens there already",
        ),
        (
            SERVED + "[admin]\nlisten = ':8021'\nagent = '127.0.0.1:8021'",
            "admin.agent",
            "admin.listen listens there already",
        ),
    ),
    "listener-in-ports": (
        (SERVED + "listen = [':50000']", "listen[0]", "lies within data.client-ports"),
        (SERVED + "[admin]\nlisten = ':50000'", "admin.listen", "lies within data.client-ports"),
        (SERVED + "[admin]\nagent = ':50001'", "admin.agent", "lies within data.client-ports"),
    ),
    "fits-all": (
        ("[[access.servers]]\nallow = true", "access.servers[0]", "decides for everybody"),
    ),
    "denies-all": (
        (
            "[[access.commands]]\nallow = false\ncommands = ['DELE']\n",
            "access.commands[0]",
            "end with one that allows the rest",
        ),
    ),
    "shadowed": (
        *(
            (f"{first}{later}", "access.commands[1]", "fits access.commands[0] first")
            for first, later in (
                (COMMANDS + "commands = ['read']\n", COMMANDS + "commands = ['list']\n"),
                (COMMANDS + "commands = ['write']\n", COMMANDS + "commands = ['change']\n"),
                (COMMANDS + "paths = ['/a']\n", COMMANDS + "paths = ['/a/b', '/a']\n"),
                (
                    COMMANDS + "allow = false\npaths = ['/a']\n",
                    COMMANDS + "paths = ['/a/b']\n",
                ),
                (
                    COMMANDS + "times = ['Mon-Fri 08:00-18:00']\n",
                    COMMANDS + "times = ['Mon 09:00-10:00']\n",
                ),
                (COMMANDS + "times = ['22:00-06:00']\n", COMMANDS + "times = ['22:00-06:00']\n"),
            )
        ),
        (
            "[[access.servers]]\nallow = false\nclients = ['10.0.0.0/8']\n"
            "[[access.servers]]\nclients = ['10.1.0.0/16']\nports = [21]",
            "access.servers[1]",
            "whatever fits it fits access.servers[0] first",
        ),
        (
            "[[routes]]\ndestinations = ['*.example.net']\nserver = 'ftp://a'\n"
            "[[routes]]\nusers = ['x']\nserver = 'ftp://a'\n"
            "[[routes]]\ndestinations = ['a.example.net', '*.b.example.net']\nserver = 'ftp://a'\n",
            "routes[2]",
            "fits routes[0] first",
        ),
        (
            "[[server-tls.rules]]\nserver = '*'\nmode = 'off'\n"
            "[[server-tls.rules]]\nserver = '*.example.net'\nmode = 'explicit'",
            "server-tls.rules[1]",
            "server-tls.rules[0].server = '*' fits it first",
        ),
    ),
}
NONE = (
    *(
        f"{COMMANDS}{first}\n{COMMANDS}{later}\n"
        for first, later in (
            ("commands = ['list']", "commands = ['read']"),
            ("commands = ['read']", "allow = false\ncommands = ['list']"),
            ("paths = ['/a']", "allow = false\npaths = ['/a/b']"),
            ("paths = ['/a']", "paths = ['/ab']"),
            ("paths = ['/*']", "paths = ['/a/b']"),
            ("users = ['b']", "allow = false\nusers = ['b']"),
            ("times = ['Mon']", "times = ['Mon']\nzone = 'Europe/Berlin'"),
            ("times = ['Mon 08:00-10:00']", "times = ['Mon 09:00-11:00']"),
            ("times = ['Mon 22:00-06:00']", "times = ['Mon 23:00-24:00']"),
            ("times = ['Mon']", "times = ['Sat-Mon']"),
            ("commands = ['read', 'write']", "commands = ['other']"),
        )
    ),
    f"{COMMANDS}commands = ['read']",
    f"{COMMANDS}allow = false\nshadow = true",
    "intercept = 'redirect'\nlisten = ['10.0.0.1:1025']\naccess.clients = ['10.0.0.0/8']\n"
    "pinholes.table = 'inet f'",
    "",
    "timeouts.quit = 0.1",
    "timeouts.idle = 120",
    "limits.sessions = 1",
    "limits.sessions-per-peer = 5000",
    "server = 'ftp://127.0.0.1:1026'",
    "server = 'ftp://127.0.0.2:1025'",
    "listen = ['192.0.2.1:21']\nserver = 'ftp://192.0.2.2'",
    SERVED + "listen = ['tcp:0', 'tcp:0', '127.0.0.1:21', '127.0.0.2:21', '[::1]:21']",
    SERVED + "listen = [':50000']\ndata.excluded-ports = [50000]",
    SERVED + "listen = [':65535']",
    "[[routes]]\nserver = 'ftp://a'",
    "[[access.servers]]\nnetworks = ['10.0.0.0/8']\n[[access.servers]]\nallow = false",
    "[[access.servers]]\nports = [21]\n[[access.servers]]\nports = [21, 22]",
    "[[access.servers]]\naccounts = ['a']\n[[access.servers]]\naccounts = ['a']\nports = [22]\n"
    "[accounts]\nauth = ['memory:a:b']",
    "[[access.servers]]\nnames = ['*']\n[[access.servers]]\nnames = ['*']\nnetworks = ['10.0.0.0/8']",
    "[[access.servers]]\nports = ['20-22']\n[[access.servers]]\nports = ['21-23']",
    "[[access.servers]]\nclients = ['10.0.0.0/8']\nports = [21]\n"
    "[[access.servers]]\nclients = ['10.0.0.0/8']",
    "[[server-tls.rules]]\nserver = '?.a'\nmode = 'off'\n"
    "[[server-tls.rules]]\nserver = '*.a'\nmode = 'auto'",
)

WORDS = {"accounts.auth": ["file:a", "memory:gus:s3cret"]}


def suspicious(text: str) -> list[tuple[str, str, str]]:
    """Name, key and sentence of each warning of a text."""
    found: Settings = structure(tomllib.loads(text), "x")
    return [(one.id, dotted(one.path), one.sentence) for one in warnings(found)]


class Each(SynchronousTestCase):
    """Every kind."""

    def test_each(self) -> None:
        """Each is found, alone, at its key."""
        self.assertEqual({*EACH, "password-in-words"}, set(FINDERS))
        for name, cases in EACH.items():
            for text, key, words in cases:
                found = suspicious(text)
                self.assertEqual([(one, at) for one, at, _ in found], [(name, key)], (text, found))
                self.assertIn(words, found[0][2])
                self.assertTrue(found[0][2].startswith(key.split("[")[0]), found)

    def test_password_in_words(self) -> None:
        """One on the command line, which is not told; none of the file's or of the environment's."""
        for words, environment, expected in (
            (WORDS, {}, ["accounts.auth"]),
            ({"accounts.auth": ["file:memory:x", "unix"]}, {}, []),
            ({}, {"FTPALG_ACCOUNTS_AUTH": '["memory:gus:s3cret"]'}, []),
        ):
            found = warnings(read(None, words, environment).settings)
            told = [one for one in found if one.id == "password-in-words"]
            self.assertEqual([dotted(one.path) for one in told], expected)
            self.assertNotIn("s3cret", str(told))

    def test_none(self) -> None:
        """What only looks like it is none."""
        for text in NONE:
            self.assertEqual(suspicious(text), [], text)

    def test_own_listener_once(self) -> None:
        """A server that two listeners cover is told once."""
        listen = "listen = ['127.0.0.1:21', ':21']\nserver = 'ftp://127.0.0.1'\n"
        found = [name for name, _, _ in suspicious(f"{listen}access.clients = ['10.0.0.0/8']")]
        self.assertEqual(found.count("own-listener"), 1)

    def test_first_of_several(self) -> None:
        """A first rule without a condition, and each behind it, which is never asked."""
        found = suspicious("[[routes]]\nserver = 'ftp://a'\n" * 3)
        self.assertEqual(
            [(name, key) for name, key, _ in found],
            [("fits-all", "routes[0]"), ("shadowed", "routes[1]"), ("shadowed", "routes[2]")],
        )

    def test_shadows(self) -> None:
        """A shadow rule takes nothing from anybody; others, and shadows, may from it."""
        shadow = "[[routes]]\nserver = 'ftp://a'\nshadow = true\n"
        route = "[[routes]]\nserver = 'ftp://a'\n"
        for text, wanted in (
            (shadow + route, []),
            (shadow + route + route, [("fits-all", "routes[1]"), ("shadowed", "routes[2]")]),
            (route + shadow, [("shadowed", "routes[1]")]),
            (shadow + shadow, [("shadowed", "routes[1]")]),
            ("[[access.servers]]\nshadow = true", []),
        ):
            found = [(name, key) for name, key, _ in suspicious(text)]
            self.assertEqual(found, wanted, text)


PATTERNS = some.text(some.sampled_from("ab.*?["), min_size=1, max_size=4)
NAMES = some.text(some.sampled_from("ab."), max_size=5)


class Narrower(SynchronousTestCase):
    """One pattern within another."""

    @settings(max_examples=2000, deadline=None, derandomize=True)
    @given(PATTERNS, PATTERNS, NAMES)
    def check(self, one: str, wide: str, name: str) -> None:
        """No name fits only the narrower one."""
        if _narrower(one, wide) and fnmatchcase(name, one):
            self.assertTrue(fnmatchcase(name, wide))

    def test_any(self) -> None:
        """Any two patterns and any name."""
        self.check()


class Allowed(SynchronousTestCase):
    """``# ftpalg: allow NAME``."""

    def remaining(self, text: str) -> list[str]:
        """The names of the warnings that are left of a file's."""
        path = Path(self.mktemp())
        path.write_text(text, "utf-8")
        found = read(path, {}).settings
        self.assertTrue(all_warnings(found))
        return [one.id for one in warnings(found)]

    def test_allowed(self) -> None:
        """On the line, or in the comments right above it, alone or with others."""
        for text in (
            "[timeouts]\nquit = 0.05 # ftpalg: allow short-wait",
            "[timeouts]\n# ftpalg: allow short-wait\nquit = 0.05",
            "[timeouts]\n# ftpalg: allow short-wait\n# in the laboratory\nquit = 0.05",
            "[timeouts]\nquit = 0.05 # quick; ftpalg: allow old-tls, short-wait",
            "# ftpalg: allow fits-all\n[[access.servers]]\nallow = true",
            "listen = [\n  ':1',\n  ':1', # ftpalg: allow same-endpoint\n]\n" + SERVED,
        ):
            self.assertEqual(self.remaining(text), [], text)

    def test_not_allowed(self) -> None:
        """Elsewhere, another name, or in a text that is no comment."""
        for text in (
            "[timeouts]\nquit = 0.05 # ftpalg: allow short-waits",
            "[timeouts]\nquit = 0.05 # ftpalg: allow old-tls",
            "[timeouts]\n# ftpalg: allow short-wait\n\nquit = 0.05",
            "[timeouts]\n# ftpalg: allow short-wait\nidle = 900\nquit = 0.05",
            "[timeouts]\nidle = 900 # ftpalg: allow short-wait\nquit = 0.05",
            "[timeouts]\nquit = 0.05\n# ftpalg: allow short-wait",
            "[timeouts]\nquit = 0.05\n[log]\nxferlog = '# ftpalg: allow short-wait'",
            "log.xferlog = '# ftpalg: allow short-wait'\ntimeouts.quit = 0.05",
        ):
            self.assertEqual(self.remaining(text), ["short-wait"], text)
