"""Which commands a client may say: each condition, and what is done where something is not sure."""

from __future__ import annotations

import posixpath
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as some
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.permits import Wanted
from ftpalg.core.routes import Server
from ftpalg.core.week import span_of
from ftpalg.core.wire.command_groups import spread
from ftpalg.core.wire.commands import Command, parse_command
from ftpalg.policy.command_rules import Asked, CommandRule, Step, code_for, walk
from ftpalg.policy.globs import glob_of
from tests.policy.test_path_arguments import NAME, PLACE, WITH_PATHS

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC).timestamp()
"""A Friday."""
ALL = CommandRule()


def rule(allow: bool, *commands: str, paths: str = "") -> CommandRule:
    """One for these groups and verbs, and these paths, blanks between."""
    return CommandRule(allow, commands=spread(commands), paths=tuple(map(glob_of, paths.split())))


def wanted(line: bytes, place: bytes = b"/", **more: Any) -> Wanted:
    """What bob wants of ftp.example.net, at 198.51.100.7."""
    server = Server("ftp.example.net", 2121)
    made = Wanted("10.1.2.3", "", "bob", server, "198.51.100.7", parse_command(line), place)
    return made._replace(**more)


class RulesTest(SynchronousTestCase):
    """A table and commands."""

    def last(self, rules: tuple[CommandRule, ...], one: Wanted) -> Step:
        """The step that decides."""
        return [*walk(rules, one, NOON)][-1]

    def allows(self, rules: tuple[CommandRule, ...], one: Wanted) -> bool:
        """What it decides."""
        return self.last(rules, one).says == ""


class Conditions(RulesTest):
    """What a rule lacks."""

    def test_each(self) -> None:
        """Each condition by itself: one that holds, one that does not."""
        for holds, lacks, key in (
            (
                {"clients": (ip_network("10.0.0.0/8"),)},
                {"clients": (ip_network("::/0"),)},
                "clients",
            ),
            ({"accounts": ("x", "g*")}, {"accounts": ("G*",)}, "accounts"),
            ({"users": ("b?b",)}, {"users": ("B*",)}, "users"),
            (
                {"destinations": ("*.Example.net",)},
                {"destinations": ("example.net",)},
                "destinations",
            ),
            (
                {"destinations": ("ftp.example.net:2121",)},
                {"destinations": ("*:21",)},
                "destinations",
            ),
            (
                {"destinations": ("198.51.100.7",)},
                {"destinations": ("198.51.100.8",)},
                "destinations",
            ),
            ({"commands": spread(("read",))}, {"commands": spread(("write",))}, "commands"),
            ({"commands": spread(("RETR",))}, {"commands": spread(("SIZE",))}, "commands"),
            ({"paths": (glob_of("/a"),)}, {"paths": (glob_of("/A"),)}, "paths"),
            ({"times": (span_of("Fri"),)}, {"times": (span_of("Thu"),)}, "times"),
        ):
            asked = Asked(wanted(b"RETR /a/x", account="gus"), NOON)
            for made, expected in ((holds, ""), (lacks, key)):
                self.assertEqual(ALL._replace(**made).lacks(asked), expected, made)

    def test_unsure(self) -> None:
        """An account, a user, a server of whom nothing is known: denied and not allowed."""
        conditions: tuple[dict[str, Any], ...] = (
            {"accounts": ("gus",)},
            {"users": ("bob",)},
            {"destinations": ("ftp.example.net",)},
        )
        for made in conditions:
            one = wanted(b"RETR x", user="")._replace(server=None)
            asked = Asked(one, NOON)
            key = next(iter(made))
            self.assertEqual(ALL._replace(**made).lacks(asked), key)
            denies = ALL._replace(allow=False, **made).lacks(asked)
            self.assertEqual(denies, "")

    def test_users_of_windows(self) -> None:
        """A server that knows no case lets nobody pass a rule that denies."""
        for user in ("bob", "BOB", " Bob "):
            asked = Asked(wanted(b"RETR x", user=user), NOON)
            self.assertEqual(ALL._replace(allow=False, users=("bob",)).lacks(asked), "", user)
        asked = Asked(wanted(b"RETR x", user="rob"), NOON)
        self.assertEqual(ALL._replace(allow=False, users=("bob",)).lacks(asked), "users")

    def test_zone(self) -> None:
        """Times are by the clocks of the zone: summer time, too."""
        early = ALL._replace(times=(span_of("08:00-09:00"),), zone=ZoneInfo("Europe/Berlin"))
        for text, expected in (
            ("2026-01-15T07:30+00:00", ""),
            ("2026-07-15T06:30+00:00", ""),
            ("2026-07-15T07:30+00:00", "times"),
        ):
            at = datetime.fromisoformat(text).timestamp()
            self.assertEqual(early.lacks(Asked(wanted(b"LIST"), at)), expected, text)

    def test_shadow(self) -> None:
        """One that is only tried is not asked."""
        shadow = ALL._replace(allow=False, shadow=True)
        self.assertTrue(self.allows((shadow, ALL), wanted(b"RETR x")))
        self.assertEqual([*walk((shadow, ALL), wanted(b"RETR x"), NOON)], [Step(1, says="")])


class Decisions(RulesTest):
    """Whole tables."""

    def test_first(self) -> None:
        """The first that fits counts; none is a refusal."""
        rules = (rule(False, "DELE"), rule(True, "change"), rule(False, "RMD"))
        for line, expected in (
            (b"DELE x", "DELE is denied by rule 1 of access.commands."),
            (b"RMD x", ""),
            (b"RETR x", "RETR is not among access.commands."),
        ):
            self.assertEqual(self.last(rules, wanted(line)).says, expected)
        steps = [*walk(rules, wanted(b"RETR x"), NOON)]
        self.assertEqual([one.lacks for one in steps], ["commands"] * 3 + [""])

    def test_unknown_name(self) -> None:
        """The sentence says what would help."""
        rules = (rule(False, paths="/s"), ALL)
        found = self.last(rules, wanted(b"RETR x", b"")).says
        more = "; a name from / on can be judged better."
        self.assertEqual(found, f"RETR is denied by rule 1 of access.commands{more}")

    def test_read_only(self) -> None:
        """A mirror: nothing that changes anything, and nothing of which nobody knows."""
        rules = (rule(True, "read"),)
        for line in (b"RETR x", b"LIST", b"MLSD", b"CWD x", b"SIZE x", b"MDTM x", b"XCRC x"):
            self.assertTrue(self.allows(rules, wanted(line)), line)
        for line in (
            *(b"STOR x", b"STOU", b"APPE x", b"DELE x", b"MKD x", b"RMD x", b"RNFR x", b"RNTO x"),
            *(b"MFMT 1 x", b"MDTM 20200101000000 x", b"SITE CHMOD 7 x", b"SITE UTIME x", b"COMB x"),
            *(b"SITE EXEC x", b"XFOO x", b"PRET STOR x", b"SITE CPTO x"),
        ):
            self.assertFalse(self.allows(rules, wanted(line)), line)

    def test_drop_box(self) -> None:
        """Only in: no list, no file, no size, no checksum, no name."""
        rules = (rule(True, "upload", "enter", paths="/in"),)
        for line in (b"STOR x", b"STOU", b"APPE x", b"CWD .", b"CWD sub", b"PRET STOR x"):
            self.assertTrue(self.allows(rules, wanted(line, b"/in")), line)
        for line in (
            *(b"LIST", b"NLST", b"MLSD", b"MLST x", b"STAT x", b"SIZE x", b"MDTM x", b"RETR x"),
            *(b"XCRC x", b"HASH x", b"DELE x", b"RNFR x", b"CDUP", b"STOR ../x", b"CWD /"),
        ):
            self.assertFalse(self.allows(rules, wanted(line, b"/in")), line)

    def test_other(self) -> None:
        """A verb that is not known passes only where a rule names the group; or denies all."""
        for rules, expected in (
            ((ALL,), False),
            ((rule(True, "read", "write"),), False),
            ((rule(True, "other"),), True),
            ((rule(True, "SITE"),), True),
            ((rule(False),), False),
            ((rule(False, "other"), rule(True, "SITE")), False),
        ):
            self.assertIs(self.allows(rules, wanted(b"SITE EXEC x")), expected, rules)

    def test_renamed_trees(self) -> None:
        """A directory is not moved away with what no rule lets out of it, nor listed through."""
        rules = (rule(False, paths="/pub/secret"), ALL)
        for line in (
            *(b"RNFR /pub", b"RNFR /", b"RNTO /pub/secret/x", b"LIST -R /pub", b"LIST -alR"),
            *(b"NLST /pub/*", b"LIST /p*/secret", b"STAT /*/*", b"RMD /pub", b"SITE CPFR /pub"),
            *(b"NLST -la x /pub/secret", b"RETR /pub/SECRET", b"RETR /pub/secret./x"),
            *(b"RETR /pub/secret::$INDEX_ALLOCATION/x", b"RETR /PUB\\secret\\x"),
            *(b"RETR /pub/SECRET~1/x", b"RETR /pub/s?cret/x", b"RETR /pub/se\xe2\x80\x8ccret/x"),
            *(b"LIST --recursive /pub", b"SITE CHMOD -R 7 /pub", b"RETR C:/ftp/pub/secret/x"),
        ):
            self.assertFalse(self.allows(rules, wanted(line)), line)
        for line in (b"RNFR /pub/x", b"LIST /pub", b"LIST -R /etc", b"NLST /etc/*", b"RETR /pub/x"):
            self.assertTrue(self.allows(rules, wanted(line)), line)

    def test_copies(self) -> None:
        """What may not be read is not copied to where it may be, nor linked to from there."""
        rules = (rule(False, "read", paths="/secret"), ALL)
        for line in (
            b"SITE CPFR /secret/x",
            b"SITE COPY /secret/x /pub/x",
            b"SITE SYMLINK /secret /x",
        ):
            self.assertFalse(self.allows(rules, wanted(line)), line)
            self.assertFalse(self.allows((rule(True, "write"),), wanted(line)), line)
            self.assertTrue(self.allows((rule(True, "read", "write"),), wanted(line)), line)
        self.assertTrue(self.allows(rules, wanted(b"SITE CPTO /secret/x")))

    def test_encodings(self) -> None:
        """A name is denied in whatever encoding its server has; allowed in UTF-8 alone."""
        denies = (CommandRule(False, paths=(glob_of("/a\u8868"),)), ALL)
        for coding in ("utf-8", "cp932", "gb18030", "big5"):  # of which one ends with a backslash
            line = b"RETR " + "/A\u8868/x".encode(coding)
            self.assertFalse(self.allows(denies, wanted(line)), coding)
        latin = (
            CommandRule(False, paths=(glob_of("/L\u00f6hne"), glob_of("/[\u00e4\u00f6]b"))),
            ALL,
        )
        for line in (b"RETR /L\xf6hne/x", b"RETR /l\xd6HNE/x", b"RETR /L\x94hne", b"RETR /\xf6b"):
            self.assertFalse(self.allows(latin, wanted(line)), line)
        self.assertTrue(self.allows(latin, wanted(b"RETR /L\xf6we")))
        allows = (CommandRule(paths=(glob_of("/L\u00f6hne"),)),)
        self.assertFalse(self.allows(allows, wanted(b"RETR /L\xf6hne/x")))
        self.assertTrue(self.allows(allows, wanted("RETR /L\u00f6hne/x".encode())))

    def test_codes(self) -> None:
        """553 for a name that is to be, 550 for all else."""
        for line, code in ((b"STOR x", 553), (b"RNTO x", 553), (b"RETR x", 550), (b"CWD x", 550)):
            self.assertEqual(code_for(wanted(line)), code)

    @given(some.sampled_from(WITH_PATHS), NAME, PLACE)
    def test_refused_trees(self, form: str, name: bytes, place: bytes) -> None:
        """No spelling of a path leads into a tree that is denied, or out of the one that is allowed.

        The oracle is ``posixpath.normpath``.
        """
        if " -" in form and name.startswith(b"-"):
            return  # another option
        line = form.encode().replace(b"%", name)
        verb, _, argument = line.partition(b" ")
        normal = posixpath.normpath(posixpath.join(place, name))
        one = wanted(b"NOOP", place)._replace(command=Command(verb, argument))
        first = next(iter(part for part in normal.split(b"/") if part), b"")
        rest = rule(True, "read", "write", "other")
        if first == b"secret":
            self.assertFalse(self.allows((rule(False, paths="/secret"), rest), one), line)
        else:
            self.assertFalse(self.allows((rule(True, paths="/secret"),), one), line)
