"""Which commands hold a password."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.wire.commands import Command, parse_command
from ftpalg.core.wire.secret_words import SECRET


class Hidden(SynchronousTestCase):
    """Passwords are hidden wherever a command is shown."""

    def test_changed_passwords(self) -> None:
        """Commands by which servers let users change passwords are hidden like PASS."""
        for line in (
            b"SITE PSWD old new",
            b"site pswd old new",
            b"SITE  PASSWD old",
            b"SITE\x20\tCPWD new",
            b"SITE CHPWD new",
            b"SITE PASS new",
            b"SITE PASSWORD new",
            b"SITE CHPASS bob new",
            b"SITE GPASS new",
            b"SITE ADDUSER bob new",
            b"SITE GADDUSER group bob new",
            b"SITE SET PASSWORD new",
            b"SITE SETPW new",
            b"SITE PW new",
            b"SITE RESPONSE new",
            b"SITE RESPONSE:new",
            b'SITE "PSWD" new',
            b"SITE USERADD bob new",
            b"SITE NEWUSER bob new",
            b"SITE LOGIN bob new",
            b"SITE TOKEN new",
            b"SITE SECRET new",
            b"QUOTE PASS new",
            b"literal site pswd old new",
            b"CPWD new",
            b"cpwd new",
            b"CHPWD new",
            b"PSWD old new",
            b"PASSWD new",
            b"XPSWD old new",
        ):
            command = parse_command(line)
            self.assertTrue(command.secret, line)
            self.assertEqual(command.shown, f"{line.split()[0].decode().upper()} ****")

    def test_no_secret(self) -> None:
        """Everything else is shown, names that sound like it too."""
        for line in ("SITE CHMOD 644 passwd", "SITE UTIME x", "SITE HELP", "SITE", "PWD", "XPWD", "PASV",
                     "PWD /x", "RETR passwd", "CWD pwd", "USER pass", "STOR PSWD"):  # fmt: skip
            command = parse_command(line.encode())
            self.assertFalse(command.secret, line)
            self.assertEqual(command.shown, line)
        self.assertEqual(parse_command(b"SITE PSWD").shown, "SITE ****")

    def test_no_password(self) -> None:
        """Rule 6: no password is ever shown."""
        for verb in SECRET | {b"MIC", b"CONF", b"ENC"}:
            self.assertEqual(Command(verb, b"secret").shown, f"{verb.decode()} ****")
        self.assertEqual(Command(b"PASS").shown, "PASS")


class Words(SynchronousTestCase):
    """Which words of a command somebody might quote."""

    def test_words(self) -> None:
        """PASS holds one, spaces among it; the others as many as there are words behind the verb."""
        for line, secrets in (
            (b"PASS a b", (b"a b",)),
            (b"PASS  a ", (b"a",)),
            (b"PASS -a", (b"a",)),
            (b"PASS --", (b"--",)),
            (b"PASS", (b"",)),
            (b"USER a", ()),
            (b"SITE PSWD old new", (b"old", b"new")),
            (b"site pswd \"old\" 'new'", (b"old", b"new")),
            (b"SITE SET PASSWORD new", (b"new",)),
            (b"SITE RESPONSE:new", (b"new",)),
            (b"CPWD old new", (b"old", b"new")),
        ):
            self.assertEqual(parse_command(line).secrets, secrets, line)
