"""Accounts as the settings describe them: strcred's kinds and ours."""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

from twisted.cred import strcred

from ftpalg.config import SettingsError
from ftpalg.net.accounts import checkers_of, is_account_of
from tests.net.accounts import SECRET, AccountsCase, Checker, Plugin


class Descriptions(AccountsCase):
    """Checkers by what ``--auth`` would be given."""

    def setUp(self) -> None:
        super().setUp()
        holder = tempfile.TemporaryDirectory(prefix="ftpalg-accounts-")
        self.addCleanup(holder.cleanup)
        self.folder = Path(holder.name)

    def faults(self, *descriptions: str) -> list[str]:
        """What is wrong with them."""
        return list(self.assertRaises(SettingsError, checkers_of, descriptions).faults)

    def plug_in(self, generate: Callable[[str], Any]) -> None:
        """A third party's plug-in is the only one."""
        self.patch(strcred, "findCheckerFactories", lambda: [Plugin(generate)])

    def test_file(self) -> None:
        """A file's accounts log in with their own passwords."""
        file = self.folder / "accounts"
        file.write_text(f"ann:other\njoe:{SECRET}\n")
        self.check(*checkers_of([f"file:{file}"]))
        self.assertEqual(self.accepted, ["joe"])
        self.check(*checkers_of([f"file:{file}"]), password=b"other")
        self.assertEqual((len(self.accepted), self.refused), (1, []))

    def test_known_names(self) -> None:
        """Where the wire cannot decide, accounts in files and in memory can; others cannot tell."""
        file = self.folder / "accounts"
        file.write_text("gus@corp.example:pw\n")
        known = is_account_of(checkers_of([f"file:{file}", "memory:max@corp.example:pw"]))
        assert known is not None
        for name, there in (
            (b"gus@corp.example", True),
            (b"max@corp.example", True),
            (b"gus", None),
            (b"eve@corp.example", None),
        ):
            self.assertIs(known(name), there, name)
        file.write_text("ann@corp.example:pw\n")
        self.assertIsNone(known(b"gus@corp.example"))
        self.assertIsNone(is_account_of([Checker(b"joe")]))

    def test_memory(self) -> None:
        """strcred's accounts in memory are text, a client's are bytes: they meet as UTF-8."""
        checkers = checkers_of([f"memory:jörg:{SECRET}ß"])
        self.check(*checkers, account="jörg".encode(), password=f"{SECRET}ß".encode())
        self.assertEqual(self.accepted, ["jörg"])

    def test_memory_colons(self) -> None:
        """A password in memory is cut nowhere, as one in a file: no piece of it lets anybody in."""
        checkers = checkers_of(["memory:joe:pw:with:colons"])
        for account, password, right in (
            (b"joe", b"pw:with:colons", True),
            (b"joe", b"pw", False),
            (b"with", b"colons", False),
        ):
            self.accepted.clear()
            self.check(*checkers, account=account, password=password).cancel()
            self.assertEqual(bool(self.accepted), right, (account, password))

    def test_in_order(self) -> None:
        """The checkers come in the order of their descriptions."""
        first, second = checkers_of(["memory:joe:one", "memory:joe:two"])
        self.check(first, password=b"one")
        self.check(second, password=b"two")
        self.assertEqual(self.accepted, ["joe", "joe"])

    def test_third_party(self) -> None:
        """A plug-in gets what stands behind the first colon."""
        given: list[str] = []
        checker = Checker(b"joe")

        def generate(argument: str) -> Checker:
            given.append(argument)
            return checker

        self.plug_in(generate)
        self.assertEqual((checkers_of(["third:a:b"]), given), ([checker], ["a:b"]))

    def test_unknown_kind(self) -> None:
        """The sentence names those that check passwords, and nothing behind the colon."""
        (fault,) = self.faults(f"joe:{SECRET}")
        self.assertRegex(
            fault,
            r"^accounts\.auth: joe: no such kind of accounts; use one of file,.* memory, unix",
        )
        self.assertNotIn("anonymous", fault)
        self.assertNotIn(SECRET, fault)

    def test_missing_file(self) -> None:
        """A file that is not there is told now, in the system's words, and only so."""
        errors = io.StringIO()
        self.patch(strcred.findCheckerFactory("file"), "errorOutput", errors)
        nowhere = self.folder / "none"
        self.assertEqual(
            self.faults(f"file:{nowhere}", f"file:{self.folder}", "file:", "file:a\0"),
            [
                f"accounts.auth: file:{nowhere}: cannot be read: No such file or directory",
                f"accounts.auth: file:{self.folder}: cannot be read: Is a directory",
                "accounts.auth: file: write file:PATH",
                "accounts.auth: file:a\0: cannot be read: embedded null byte",
            ],
        )
        self.assertEqual(errors.getvalue(), "")

    def test_bad_arguments(self) -> None:
        """A password in a description that cannot be used stays out of the sentence."""
        for words in (SECRET, f":{SECRET}", f"{SECRET}:", ""):
            self.assertEqual(
                self.faults(f"memory:{words}"),
                ["accounts.auth: memory: write memory:name:password"],
            )

    def test_quoting_plugin(self) -> None:
        """Nor does a plug-in's own exception get it in."""

        def generate(argument: str) -> Checker:
            raise ValueError(f"{argument!r} is wrong")

        self.plug_in(generate)
        (fault,) = self.faults(f"third:{SECRET}")
        self.assertEqual(
            fault,
            "accounts.auth: third: cannot use what follows the colon; give: account/password",
        )

    def test_own_plugin(self) -> None:
        """A plug-in that raises SettingsError has chosen its words."""

        def generate(argument: str) -> Checker:
            raise SettingsError(["third: has no door"])

        self.plug_in(generate)
        self.assertEqual(self.faults("third:"), ["accounts.auth: third: has no door"])

    def test_no_passwords(self) -> None:
        """A checker for something else than passwords is none for FTP."""
        (fault,) = self.faults("anonymous")
        self.assertRegex(fault, r"^accounts\.auth: anonymous: checks no passwords; use one of file")

    def test_unix(self) -> None:
        """Without the modules that went with Python 3.13 the remedy is told; with them it works."""
        for module in ("crypt", "spwd"):
            with mock.patch.dict(sys.modules, {"crypt": mock.Mock(), "spwd": mock.Mock()}):
                sys.modules["crypt"].__spec__ = sys.modules["spwd"].__spec__ = mock.Mock()
                self.assertEqual(len(checkers_of(["unix"])), 1)
                sys.modules[module] = None  # type: ignore[assignment]
                self.assertEqual(
                    self.faults("unix"),
                    [
                        "accounts.auth: unix: needs crypt and spwd, which left Python with 3.13;"
                        " use file or ldap instead"
                    ],
                )

    def test_all_at_once(self) -> None:
        """Every description's fault is told, whatever stands beside it."""
        self.assertEqual(len(self.faults("nothing", "memory:joe:x", "memory:joe", "anonymous")), 3)
