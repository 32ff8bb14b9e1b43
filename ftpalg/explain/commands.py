"""The rules of ``[[access.commands]]``, each with what came of it for one command."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ftpalg.config import Settings
from ftpalg.core.permits import Wanted
from ftpalg.core.value import value
from ftpalg.core.wire.commands import Command
from ftpalg.explain.question import Question
from ftpalg.explain.steps import Kind, Outcome, Step, Verdict
from ftpalg.explain.talk import Talk
from ftpalg.life.wiring import permits_of

TABLE = "access.commands"
BEHIND = f"behind {TABLE}"


@value
class Found(NamedTuple):
    """What came of each rule; ``verdict`` where the command is refused."""

    steps: tuple[Step, ...] = ()
    verdict: Verdict | None = None
    notes: tuple[str, ...] = ()


def unasked(settings: Settings) -> Iterator[Step]:
    """No command was said."""
    for at, rule in enumerate(settings.access.commands):
        yield _step(settings, at, Outcome.NOT_REACHED, "", shadow=rule.shadow)


def asked(settings: Settings, question: Question, command: Command, talk: Talk) -> Found:
    """One command of a client that is logged in, as far as ``talk`` went."""
    permits = permits_of(settings, lambda: question.at)
    if permits is None:
        return Found()
    if not permits.minds(command):
        why = (
            f"no rule is asked about {command.verb.decode('ascii')}: it only keeps a session going"
        )
        return Found((*unasked(settings),), notes=(why,))
    wanted = _wanted(question, command, talk)
    holding = {step.at: step for step in permits.steps(wanted, question.at)}
    awake = {step.at: step for step in permits.awake_steps(wanted, question.at)}
    steps = []
    for at, rule in enumerate(settings.access.commands):
        step = (awake if rule.shadow else holding).get(at)
        if step is None:
            outcome, why = Outcome.NOT_REACHED, ""
        elif step.lacks:
            outcome, why = Outcome.PASSED, f"{step.lacks} does not fit"
        else:
            would = "it would " if rule.shadow else "it "
            verb = ("deny" if step.says else "allow") + ("" if rule.shadow else "s")
            outcome, why = Outcome.TAKEN, would + verb.replace("denys", "denies")
        steps.append(_step(settings, at, outcome, why, shadow=rule.shadow))
    behind = holding.get(None)
    if behind is not None:
        last = len(settings.access.commands) - 1
        place = settings.origin.place(f"{TABLE}[{last}]")
        steps.append(Step(TABLE, BEHIND, place, Outcome.TAKEN, "no rule allows it"))
    ruling = permits.judge(wanted)
    verdict = None
    if ruling.code:
        taken = next(one for one in steps if one.outcome is Outcome.TAKEN and not one.shadow)
        verdict = Verdict(Kind.REFUSED, taken.rule, taken.place, ruling.code, ruling.text)
    notes = (f"the current directory is taken for {question.place.decode('utf-8', 'replace')}",)
    return Found((*steps,), verdict, notes if permits.needs_place(command) else ())


def _wanted(question: Question, command: Command, talk: Talk) -> Wanted:
    desk, plan = talk.session.desk, talk.session.login.state
    user = (plan.user or b"").decode("utf-8", "surrogateescape")
    link = desk.server
    address = "" if link is None or plan.route.parent else talk.dialled[-1].reached.address
    return Wanted(
        question.client, desk.account, user, plan.server, address, command, question.place
    )


def _step(settings: Settings, at: int, outcome: Outcome, why: str, *, shadow: bool) -> Step:
    key = f"{TABLE}[{at}]"
    return Step(TABLE, key, settings.origin.place(key), outcome, why, shadow)
