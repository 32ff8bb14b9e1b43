"""The rules for commands as the core asks them, and what shadows would do."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.facts import Shadowed
from ftpalg.core.permits import Ruling
from ftpalg.core.week import span_of
from ftpalg.core.wire.commands import parse_command
from ftpalg.policy.command_rules import CommandRule, Step
from ftpalg.policy.permits import CommandPermits
from tests.policy.test_command_rules import ALL, NOON, rule, wanted

DENIES = rule(False, "DELE")
SHADOW = ALL._replace(allow=False, shadow=True)


def permits(*rules: CommandRule) -> CommandPermits:
    """These, which stand in f.toml, at noon."""
    return CommandPermits(rules, lambda key: f"f.toml:9: {key}", lambda: NOON)


class Permits(SynchronousTestCase):
    """Questions and answers."""

    def test_judge(self) -> None:
        """A refusal has its code, its sentence, and its rule with the place."""
        asked = permits(DENIES, rule(True, "change"))
        self.assertEqual(asked.judge(wanted(b"RMD x")), Ruling())
        text = "DELE is denied by rule 1 of access.commands."
        found = asked.judge(wanted(b"DELE x"))
        self.assertEqual(found, Ruling(550, text, "f.toml:9: access.commands[0]"))
        found = asked.judge(wanted(b"STOR x"))
        text = "STOR is not among access.commands."
        self.assertEqual(found, Ruling(553, text, "behind f.toml:9: access.commands[1]"))

    def test_now(self) -> None:
        """The moment of the question counts."""
        night = ALL._replace(times=(span_of("22:00-06:00"),))
        now = [NOON]
        asked = CommandPermits((night,), str, lambda: now[0])
        self.assertEqual(asked.judge(wanted(b"LIST")).code, 550)
        now[0] += 11 * 3600
        self.assertEqual(asked.judge(wanted(b"LIST")).code, 0)

    def test_shadows(self) -> None:
        """What they would do is told where it is something else."""
        asked = permits(SHADOW, rule(True, "list"))
        would = "refuse it: LIST is denied by rule 1 of access.commands."
        told = Shadowed("f.toml:9: access.commands[0]", would, differs=True)
        self.assertEqual(asked.judge(wanted(b"LIST")), Ruling(tried=told))
        self.assertIs(asked.judge(wanted(b"RETR x")).tried, None)
        allowing = permits(ALL._replace(shadow=True), DENIES)
        told = Shadowed("f.toml:9: access.commands[0]", "allow it", differs=True)
        self.assertEqual(allowing.judge(wanted(b"DELE x")).tried, told)

    def test_shadows_alone(self) -> None:
        """All is as without rules; what is behind the last one would be a refusal."""
        asked = permits(rule(True, "list")._replace(shadow=True))
        self.assertFalse(asked.holds)
        found = asked.judge(wanted(b"DELE x"))
        self.assertEqual(found.code, 0)
        assert found.tried is not None
        self.assertEqual(found.tried.rule, "behind f.toml:9: access.commands[0]")
        self.assertEqual([*asked.steps(wanted(b"DELE x"), NOON)], [])
        self.assertEqual([*asked.awake_steps(wanted(b"LIST"), NOON)], [Step(0, says="")])

    def test_minds(self) -> None:
        """Not what keeps a session going; and a place counts where a rule has paths."""
        plain, with_paths = permits(DENIES), permits(rule(True, paths="/a"))
        self.assertTrue(plain.holds)
        for line, minds, needs in (
            (b"NOOP", False, False),
            (b"QUIT", False, False),
            (b"RETR x", True, True),
            (b"RETR /x", True, False),
            (b"RNFR /x", True, True),
        ):
            command = parse_command(line)
            self.assertIs(plain.minds(command), minds, line)
            self.assertFalse(plain.needs_place(command))
            if minds:
                self.assertIs(with_paths.needs_place(command), needs, line)
                both = permits(DENIES, rule(True, paths="/a"))
                self.assertIs(both.needs_place(command), needs, line)
