"""``[[access.commands]]`` as the core asks for it, and what its shadows would do."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ftpalg.core.facts import Shadowed
from ftpalg.core.permits import Ruling, Wanted
from ftpalg.core.wire.command_groups import groups_of
from ftpalg.core.wire.commands import Command
from ftpalg.policy.command_rules import CommandRule, Step, code_for, walk
from ftpalg.policy.path_arguments import relative

KEY = "access.commands"


class CommandPermits:
    """These rules, one at least; ``place`` tells where a key stands, and ``now`` seconds since 1970.

    Where every rule is a shadow, all is allowed, as without rules.
    """

    def __init__(
        self,
        rules: tuple[CommandRule, ...],
        place: Callable[[str], str],
        now: Callable[[], float],
    ) -> None:
        self._rules = rules
        self._place = place
        self._now = now
        self.holds = any(not rule.shadow for rule in rules)
        self._tries = any(rule.shadow for rule in rules)
        self._awake = tuple(rule._replace(shadow=False) for rule in rules)
        self._with_paths = any(rule.paths for rule in rules)

    def minds(self, command: Command) -> bool:
        """Whether a rule is asked about it: what only keeps a session going no rule can refuse."""
        return bool(groups_of(command))

    def needs_place(self, command: Command) -> bool:
        """Whether some rule has paths, and the command names that begin at the current directory."""
        return self._with_paths and relative(command)

    def steps(self, wanted: Wanted, at: float) -> Iterator[Step]:
        """The walk that ``judge`` is the end of; nothing where every rule is a shadow."""
        return walk(self._rules, wanted, at) if self.holds else iter(())

    def awake_steps(self, wanted: Wanted, at: float) -> Iterator[Step]:
        """The same with every shadow awake."""
        return walk(self._awake, wanted, at)

    def judge(self, wanted: Wanted) -> Ruling:
        """What is said to a command, and what rules would have said that are only tried."""
        at = self._now()
        last = [Step(None, says=""), *self.steps(wanted, at)][-1]
        tried = self._tried(wanted, at, last) if self._tries else None
        if not last.says:
            return Ruling(tried=tried)
        return Ruling(code_for(wanted), last.says, self._where(last), tried)

    def _where(self, step: Step) -> str:
        """The rule that decides, with its place; behind the last one it is none."""
        if step.at is None:
            return f"behind {self._place(f'{KEY}[{len(self._rules) - 1}]')}"
        return self._place(f"{KEY}[{step.at}]")

    def _tried(self, wanted: Wanted, at: float, last: Step) -> Shadowed | None:
        """Told only where it differs: there are too many commands."""
        would = [*self.awake_steps(wanted, at)][-1]
        if bool(would.says) is bool(last.says):
            return None
        said = f"refuse it: {would.says}" if would.says else "allow it"
        return Shadowed(self._where(would), said, differs=True)
