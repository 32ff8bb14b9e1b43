"""``POST /kick``: sessions that an operator ends, at once or behind their transfer."""

from __future__ import annotations

from collections.abc import Generator, Sequence

from ftpalg.admin.asking import Asked, Json, Refusal, Worked
from ftpalg.admin.filters import Fits
from ftpalg.admin.marks import Marks
from ftpalg.admin.recording import record
from ftpalg.admin.steered import Steered
from ftpalg.admin.who import fitting, seen
from ftpalg.core.ends import Reason

BATCH = 20
"""Sessions ended in one turn of the reactor: half a millisecond each."""
SAY = "The operator ends this session."
LONGEST = 200
"""Signs of what is said."""


def kick(gateway: Steered, asked: Asked) -> Worked:
    """End those that fit; how many have ended, and how many will behind their transfer."""
    say = asked.get("say", SAY)
    if len(say) > LONGEST or not say.isprintable() or not say.strip():
        raise Refusal(400, f"'say' is one line of at most {LONGEST} signs")
    return Worked(_steps(gateway, asked, gateway.sessions, fitting(asked), say))


def _steps(
    gateway: Steered, asked: Asked, names: Sequence[str], fits: Fits, say: str
) -> Generator[None, None, Json]:
    kicked = marked = 0
    marks = Marks(gateway, say)
    try:
        for at in range(0, len(names), BATCH):
            for one in [one for one in seen(gateway, names[at : at + BATCH]) if fits(one)]:
                name = one.snapshot.about.session
                if asked.get("after_transfer") and one.snapshot.moving is not None:
                    marks.add(name)
                    marked += 1
                else:
                    gateway.end(name, say, Reason.KICKED)
                    kicked += 1
            yield
    finally:  # whoever asked may have gone meanwhile
        record(gateway, asked, "kick", result=f"{kicked} ended, {marked} end behind their transfer")
    return {"kicked": kicked, "marked": marked}
