"""``ftpalg explain``: words, statuses, what is printed, and odd questions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ftpalg.explain.steps import Outcome
from tests.cli.cases import CommandCase

TEXT = """\
listen = ["127.0.0.1:1025"]
access.clients = ["10.0.0.0/8", "2001:db8::/32", "fe80::/10"]
accounts.required = false
[[listeners]]
endpoint = "127.0.0.1:1026"
intercept = "redirect"
[[access.servers]]
names = ["*.example.net"]
allow = false
shadow = true
[[access.servers]]
networks = ["198.51.100.0/24"]
[[access.servers]]
clients = ["10.2.0.0/16"]
[[routes]]
users = ["x*"]
server = "ftpes://x.example.org"
[[routes]]
shadow = true
parent = "office"
[[parents]]
name = "office"
url = "socks5://proxy.example.net"
[[server-tls.rules]]
server = "*.example.net"
mode = "explicit"
"""


class Explain(CommandCase):
    """One settings file, several sessions."""

    def setUp(self) -> None:
        super().setUp()
        self.path = self.file(TEXT)

    def ask(self, *words: str) -> tuple[int, str, str]:
        """Status, stdout and stderr."""
        return self.run_it("explain", "--config", self.path, *words)

    def flat(self, *words: str) -> tuple[int, dict[str, Any]]:
        """Status and JSON."""
        status, out, err = self.ask("--json", *words)
        self.assertEqual(err, "")
        self.assertTrue(out.isascii())
        return status, json.loads(out)

    def test_limits(self) -> None:
        """Those that hold stand before the verdict, with their places where they have one."""
        self.path = self.file(TEXT + "[limits]\nsession-rate = 2.5\n")
        said = ("--from", "10.1.2.3", "--to", "files.example.net")
        _, out, _ = self.ask(*said)
        lines = out.splitlines()
        place = f"{self.path}:{TEXT.count(chr(10)) + 2}"
        self.assertIn(f"  {place}: limits.session-rate: 2.5, all together", lines)
        self.assertIn("  limits.memory-per-peer: 268435456, each client", lines)
        self.assertLess(lines.index("limits:"), len(lines) - 2)
        limits = self.flat(*said)[1]["limits"]
        found = {"rule": "limits.session-rate", "place": place, "value": 2.5}
        self.assertIn({**found, "whose": "all together", "scope": "general"}, limits)

    def test_goes(self) -> None:
        """Every rule, in the order of its table, with file and line; status 0."""
        status, out, err = self.ask(
            *("--from", "10.1.2.3", "--user", "bob@a.example.net", "--address", "198.51.100.7")
        )
        self.assertEqual((status, err), (0, ""))
        lines = out.splitlines()
        self.assertEqual(
            lines[0], f"client 10.1.2.3, listener 127.0.0.1:1025 ({self.path}:1: listen[0])"
        )
        for line in (
            f"  {self.path}:2: access.clients: taken: 10.0.0.0/8 holds 10.1.2.3",
            "  login.dialects: user@server port: taken: user bob, server a.example.net:21",
            f"  {self.path}:15: routes[0]: passed over: users has no pattern for user bob",
            f"  {self.path}:18: routes[1]: shadow: would have been taken:"
            " it would take it to whom the client names through office",
            "  the general settings: taken: the client names the server",
            "access.servers, 198.51.100.7:",
            f"  {self.path}:7: access.servers[0]: shadow: would have been taken: it would refuse it:"
            " a.example.net port 21 is denied by rule 1 of access.servers",
            f"  {self.path}:11: access.servers[1]: taken: it allows",
            f"  {self.path}:13: access.servers[2]: not reached",
            f"  {self.path}:24: server-tls.rules[0]: taken: *.example.net fits a.example.net: explicit",
            f"  {self.path}:21: parents[0]: passed over: parent does not name office",
        ):
            self.assertIn(line, lines)
        self.assertEqual(
            lines[-1],
            "goes to a.example.net:21 (198.51.100.7), as bob, under TLS (explicit), data mode passive,"
            " no parent, by the general settings",
        )
        self.assertNotIn("PASS x", out)

    def test_refused(self) -> None:
        """By which rule, with which code and sentence; status 1."""
        status, out, _ = self.ask(
            *("--from", "10.1.2.3", "--user", "bob@b.example", "--address", "203.0.113.1")
        )
        self.assertEqual(status, 1)
        self.assertEqual(
            out.splitlines()[-1],
            "refused by behind access.servers: 530 b.example port 21 is not among access.servers.",
        )
        status, out, _ = self.ask("--from", "9.9.9.9")
        self.assertEqual(status, 1)
        self.assertIn(f"{self.path}:15: routes[0]: not reached", out)
        last = f"refused by {self.path}:2: access.clients: 421 Your address is not admitted here."
        self.assertEqual(out.splitlines()[-1], last)

    def test_denied(self) -> None:
        """A rule of the file is named with its line."""
        path = self.file(TEXT.replace("shadow = true\n[[access", "[[access"), "g.toml")
        status, out, _ = self.run_it(
            *("explain", "--config", path, "--from", "10.1.2.3", "--to", "a.example.net"),
            *("--address", "198.51.100.7"),
        )
        self.assertEqual(status, 1)
        self.assertIn("note: no --user: the client says USER anonymous", out)
        self.assertEqual(
            out.splitlines()[-1],
            f"refused by {path}:7: access.servers[0]: 530 a.example.net port 21 is denied by rule 1 of"
            " access.servers.",
        )

    def test_without_an_address(self) -> None:
        """No name is looked up: rules by network cannot be judged, and it is said on what it depends."""
        status, found = self.flat("--from", "10.1.2.3", "--to", "a.example.org", "--user", "bob")
        self.assertEqual(status, 1)
        verdict = found["verdict"]
        self.assertEqual(verdict["kind"], "depends")
        self.assertEqual(verdict["unless"], "depends on what a.example.org resolves to")
        steps = {one["rule"]: one for one in found["steps"]}
        self.assertEqual(steps["access.servers[1]"]["outcome"], Outcome.DEPENDS.value)
        status, out, _ = self.ask("--from", "10.2.2.3", "--to", "a.example.org")
        self.assertEqual(status, 0)
        self.assertTrue(
            out.splitlines()[-1].endswith(
                "unless a.example.org leads to a special address or to the gateway's own machine"
            )
        )

    def test_resolved(self) -> None:
        """With --resolve names are looked up; an address needs none."""
        from ftpalg.cli import asked

        self.patch(asked, "addresses_of", lambda name: (["198.51.100.9"], ""))
        status, found = self.flat("--from", "10.1.2.3", "--to", "a.example.org", "--resolve")
        self.assertEqual((status, found["verdict"]["address"]), (0, "198.51.100.9"))
        status, found = self.flat("--from", "10.1.2.3", "--to", "198.51.100.8")
        self.assertEqual((status, found["verdict"]["address"]), (0, "198.51.100.8"))

    def test_fixed(self) -> None:
        """A route with a server of its own: no rule of access is asked."""
        status, found = self.flat("--from", "10.1.2.3", "--user", "xa")
        verdict = found["verdict"]
        self.assertEqual((status, verdict["route"]), (0, "routes[0]"))
        self.assertEqual(
            (verdict["name"], verdict["place"]), ("x.example.org:21", f"{self.path}:15")
        )
        self.assertIn("C -> P  USER xa", found["said"])
        asked = [one for one in found["steps"] if one["table"] == "access.servers"]
        self.assertEqual({one["outcome"] for one in asked}, {"not reached"})

    def test_nowhere(self) -> None:
        """Words that name no server."""
        status, out, _ = self.ask("--from", "10.1.2.3", "--user", "bob")
        self.assertEqual(status, 1)
        self.assertTrue(out.splitlines()[-1].startswith("goes nowhere: no server is named (230 "))

    def test_intercepted(self) -> None:
        """The listener by its endpoint or key; its packets were for an address."""
        for listener in ("127.0.0.1:1026", "listeners[0]"):
            words = "--from", "10.1.2.3", "--listener", listener
            status, found = self.flat(*words, "--to", "198.51.100.7")
            self.assertEqual((status, found["listener"]), (0, "127.0.0.1:1026"))
            for more in ((), ("--to", "a.example.net")):
                status, out, err = self.ask(*words, *more)
                self.assertEqual((status, out), (2, ""))
                self.assertIn("--to must be the address", err)
        status, out, _ = self.ask(
            "--from", "10.1.2.3", "--listener", listener, "--to", "127.0.0.1:1025"
        )
        self.assertEqual(status, 1)
        self.assertIn("without a word: it was not redirected here", out)
        stranger = "--from", "9.9.9.9", "--listener", listener, "--to", "127.0.0.1:1025"
        status, out, _ = self.ask(*stranger)  # which is asked before anybody is admitted
        self.assertIn("without a word: it was not redirected here", out)
        self.assertIn(f"{self.path}:2: access.clients: not reached", out)


class Odd(CommandCase):
    """Questions that nobody should ask."""

    def setUp(self) -> None:
        super().setUp()
        self.path = self.file(TEXT)

    def ask(self, *words: str) -> tuple[int, str, str]:
        """Status, stdout and stderr."""
        return self.run_it("explain", "--config", self.path, *words)

    def test_wrong_words(self) -> None:
        """One sentence on standard error, status 2."""
        for words, sentence in (
            (("--from", "10.1.2"), "--from '10.1.2': is no address"),
            (("--from", ""), "--from '': is no address"),
            (("--from", "10.1.2.3\x1b[2J"), r"--from '10.1.2.3\x1b[2J': is no address"),
            (("--from", "10.1.2.3", "--address", "x"), "--address 'x': is no address"),
            (("--from", "10.1.2.3", "--to", "fe80::1%eth0"), "The server's name cannot be read"),
            (("--from", "10.1.2.3", "--to", "a b"), "The server's name cannot be read"),
            (("--from", "10.1.2.3", "--to", "h:99999"), "The server's port must be"),
            (("--from", "10.1.2.3", "--user", "a\r\nQUIT"), "--user: a line ends in it"),
            (
                ("--from", "10.1.2.3", "--listener", "127.0.0.1:1027"),
                "--listener '127.0.0.1:1027': no such listener; did you mean 127.0.0.1:10",
            ),
            (
                ("--from", "10.1.2.3", "--listener", "\x1b" * 9999),
                "no such listener; there are 127.0.0.1:1025, 127.0.0.1:1026",
            ),
            ((), "--from"),
        ):
            status, out, err = self.ask(*words)
            self.assertEqual((status, out), (2, ""), words)
            self.assertIn(sentence, err)
            self.assertEqual(len(err.splitlines()), 1, err)
            self.assertNotIn("\x1b", err)

    def test_zone(self) -> None:
        """A link-local client's zone does not count."""
        status, out, _ = self.ask("--from", "fe80::1%eth0", "--to", "198.51.100.7")
        self.assertEqual(status, 0)
        self.assertIn("access.clients: taken: fe80::/10 holds fe80::1", out)

    def test_bytes(self) -> None:
        """A user of bytes that are no text, and of what a terminal would obey."""
        for user, shown in (
            ("b\udcffb", "b\\xffb"),
            ("b\x1b[2Jb", "b\\x1b[2Jb"),
            ("b\u202eb", "b\\u202eb"),
        ):
            status, out, _ = self.ask("--from", "10.1.2.3", "--user", f"{user}@198.51.100.7")
            self.assertEqual(status, 0)
            self.assertIn(f"as {shown},", out.splitlines()[-1])
            self.assertTrue(all(sign.isprintable() or sign == "\n" for sign in out))

    def test_name_of_the_file(self) -> None:
        """Nor does a file's name reach the terminal as it is."""
        path = self.file(TEXT, "a\x1b[2Jb.toml")
        _, out, _ = self.run_it("explain", "--config", path, "--from", "10.1.2.3", "--user", "xa")
        self.assertIn("a\\x1b[2Jb.toml:2: access.clients: taken", out)
        self.assertNotIn("\x1b", out)

    def test_huge(self) -> None:
        """Words longer than a line may be are refused as the gateway refuses them; NUL, too."""
        status, out, _ = self.ask("--from", "10.1.2.3", "--user", "x" * 1_000_000)
        self.assertEqual(status, 1)
        self.assertIn("500 Command line longer than 4000 bytes.", out.splitlines()[-1])
        self.assertLess(len(out), 20_000)
        _, out, _ = self.ask("--from", "10.1.2.3", "--user", "x" * 3000)
        self.assertLessEqual(max(map(len, out.splitlines())), 400)
        status, out, _ = self.ask("--from", "10.1.2.3", "--user", "a\rb@h.example")
        self.assertEqual(status, 1)
        self.assertIn("bare CR, LF or NUL", out.splitlines()[-1])

    def test_faults(self) -> None:
        """Settings with faults are told as check tells them, and nothing is explained."""
        path = self.file("server-mode = 'x'\n[data]\nsplce = true\n", "bad.toml")
        status, out, err = self.run_it("explain", "--config", path, "--from", "10.1.2.3")
        self.assertEqual((status, out), (2, ""))
        self.assertIn(f"{path}:1:", err)
        self.assertIn("did you mean splice", err)
        status, out, err = self.run_it("explain", "--config", f"{path}.none", "--from", "10.1.2.3")
        self.assertEqual((status, out), (2, ""))

    def test_accounts(self) -> None:
        """Accounts that cannot be read are a note; those that can tell whom the words name."""
        base = 'listen = ["127.0.0.1:1025"]\naccounts.auth = ["file:%s"]\n'
        path = self.file(base % (self.folder / "none"), "a.toml")
        words = "--from", "127.0.0.1", "--user", "anna@corp@198.51.100.7"
        status, out, _ = self.run_it("explain", "--config", path, *words)
        self.assertIn("note: the accounts cannot be read here", out)
        self.assertIn("note: every password at the gateway is taken for right", out)
        self.assertEqual(status, 0)
        accounts = Path(self.file("anna@corp:secret\n", "accounts"))
        accounts.chmod(0o600)
        path = self.file(base % accounts, "b.toml")
        status, out, _ = self.run_it("explain", "--config", path, *words)
        self.assertIn(
            "account@server: taken: account anna@corp, server 198.51.100.7:21; the acc", out
        )
        self.assertNotIn("secret", out)


COMMANDS = """\
server = "ftp://127.0.0.1:2121"
[[access.commands]]
allow = false
paths = ["/secret"]
[[access.commands]]
commands = ["read"]
times = ["Mon-Fri 08:00-18:00"]
[[access.commands]]
shadow = true
users = ["bob"]
"""


class Commands(CommandCase):
    """What a client says once it is in."""

    def ask(self, *words: str, text: str = COMMANDS) -> tuple[int, dict[str, Any]]:
        """Status and JSON; a Friday at noon where no other time is given."""
        self.path = self.file(text)
        at = () if "--at" in words else ("--at", "2026-11-27T12:00:00+00:00")
        always = ("explain", "--json", "--from", "127.0.0.1", "--config", self.path, *at)
        status, out, err = self.run_it(*always, "--user", "bob", *words)
        self.assertEqual(err, "")
        return status, json.loads(out)

    def came(self, *words: str, text: str = COMMANDS) -> tuple[int, list[tuple[str, str, str]]]:
        """Status, and each rule with what came of it."""
        status, found = self.ask(*words, text=text)
        steps = [one for one in found["steps"] if one["table"] == "access.commands"]
        self.verdict, self.notes = found["verdict"], found["notes"]
        return status, [(one["rule"], one["outcome"], one["why"]) for one in steps]

    def test_allowed(self) -> None:
        """The rule that fits is taken."""
        status, steps = self.came("--command", "RETR x", "--cwd", "/pub")
        self.assertEqual(status, 0)
        self.assertEqual(
            steps,
            [
                ("access.commands[0]", "passed over", "paths does not fit"),
                ("access.commands[1]", "taken", "it allows"),
                ("access.commands[2]", "not reached", ""),
            ],
        )
        self.assertIn("the current directory is taken for /pub", self.notes)

    def test_denied(self) -> None:
        """With the code and the sentence that the client hears, and the rule's line."""
        status, steps = self.came("--command", "RETR ../secret/x", "--cwd", "/pub")
        self.assertEqual(status, 1)
        self.assertEqual(steps[0], ("access.commands[0]", "taken", "it denies"))
        self.assertEqual(self.verdict["rule"], "access.commands[0]")
        self.assertEqual(self.verdict["place"], f"{self.path}:2")
        self.assertEqual(self.verdict["code"], 550)
        self.assertIn("is denied by rule 1 of access.commands", self.verdict["sentence"])

    def test_behind(self) -> None:
        """What no rule allows; a shadow says what it would do."""
        for words in (("STOR /x",), ("RETR /x", "--at", "2026-11-28T12:00:00+00:00")):
            status, steps = self.came("--command", *words)
            self.assertEqual(status, 1)
            self.assertEqual(steps[2], ("access.commands[2]", "taken", "it would allow"))
            self.assertEqual(
                steps[3], ("behind access.commands", "taken", "no rule allows it"), words
            )
            self.assertEqual(self.verdict["rule"], "behind access.commands")

    def test_not_asked(self) -> None:
        """About what keeps a session going no rule is asked, nor without a command or rules."""
        for words in (("--command", "NOOP"), ()):
            status, steps = self.came(*words)
            self.assertEqual(status, 0)
            self.assertEqual({outcome for _, outcome, _ in steps}, {"not reached"})
        status, steps = self.came("--command", "DELE /x", text=COMMANDS.partition("[[")[0])
        self.assertEqual((status, steps), (0, []))
        shadows = (
            COMMANDS.partition("[[")[0] + "[[access.commands]]\nallow = false\nshadow = true\n"
        )
        status, steps = self.came("--command", "DELE /x", text=shadows)
        self.assertEqual((status, steps), (0, [("access.commands[0]", "taken", "it would deny")]))

    def test_wrong(self) -> None:
        """Words that are no command, or no time."""
        path = self.file(COMMANDS)
        for words, said in (
            (("--command", "!"), "--command '!': Not an FTP command."),
            (("--command", "RETR x\nDELE y"), "a line ends in it"),
            (("--command", "RETR x", "--at", "noon"), "--at 'noon': is no time"),
        ):
            status, _, err = self.run_it("explain", "--config", path, "--from", "::1", *words)
            self.assertEqual(status, 2)
            self.assertIn(said, err)
