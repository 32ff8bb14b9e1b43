"""Walks everything that can happen to a real ``Session``, breadth first; ``make walk`` goes far.

The state is the session's own value together with the books of the world around it, so nothing is
listed by hand, and going back is an assignment.  A state that was seen is known by its hash, which
keeps the walk of millions in memory.  A counterexample is the shortest of its scene, told as a
ladder that can be pasted into a test.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable
from functools import partial
from time import monotonic
from typing import NamedTuple

from tests.walk.books import Fault
from tests.walk.invariants import hold
from tests.walk.scenes import FAR, Move, Scene
from tests.walk.world import World


class Walked(NamedTuple):
    """What a walk has seen; ``left`` states were seen and not gone on from, ``ladder`` is what led
    to the ``fault``, both empty where every rule held."""

    states: int
    transitions: int
    depth: int
    left: int
    fault: str = ""
    ladder: tuple[str, ...] = ()


def forever(states: int) -> bool:
    """No bound but the scene's last state."""
    return True


def near(scene: Scene) -> Walked:
    """Go as far as CI does."""
    return walk(scene, lambda states: states < scene.bound) if scene.bound else walk(scene)


def walk(scene: Scene, go_on: Callable[[int], bool] = forever) -> Walked:
    """Go everywhere from the scene's beginning, for as long as ``go_on(states)`` says."""
    world = World(scene)
    try:
        world.begin()
        hold(world)
    except Exception as error:
        return Walked(1, 0, 0, 0, _name(error), told(scene, []))
    first = world.state
    came: dict[int, tuple[int, Move] | None] = {hash(first): None}
    todo = deque([(first, hash(first), 0)])
    transitions = depth = 0
    while todo and go_on(len(came)):
        state, at, depth = todo.popleft()
        world.state = state
        for move in tuple(world.moves()):
            transitions += 1
            try:
                world.make(move)
                hold(world)
            except Exception as error:
                ladder = told(scene, [*_path(came, at), move])
                return Walked(len(came), transitions, depth + 1, len(todo), _name(error), ladder)
            if not world.session.over:  # nothing follows
                after = world.state
                key = hash(after)
                if key not in came:
                    came[key] = (at, move)
                    todo.append((after, key, depth + 1))
            world.state = state
    return Walked(len(came), transitions, depth, len(todo))


def _name(error: Exception) -> str:
    return str(error) if isinstance(error, Fault) else f"{type(error).__name__}: {error}"


def _path(came: dict[int, tuple[int, Move] | None], key: int) -> list[Move]:
    path: list[Move] = []
    while (step := came[key]) is not None:
        key, move = step
        path.append(move)
    return path[::-1]


def told(scene: Scene, path: list[Move]) -> tuple[str, ...]:
    """The same once more, as lines of a ladder, up to where a rule does not hold."""
    world = World(scene)
    world.recording = True
    try:
        world.begin()
        for move in path:
            world.make(move)
            hold(world)
    except Exception as error:
        world.lines.append(f"# {_name(error)}")
    return tuple(world.lines)


def _before(until: float, states: int) -> bool:
    return monotonic() < until


def main(seconds: float, names: list[str]) -> int:
    """Walk the scenes, each for its share of the time, and print what was seen."""
    scenes = [scene for scene in FAR if not names or scene.name in names]
    share = seconds / len(scenes)
    for scene in scenes:
        until = monotonic() + share
        walked = walk(scene, partial(_before, until))
        whole = "whole" if not walked.left else f"{walked.left} left"
        print(
            f"{scene.name:32} {walked.states:9} states {walked.transitions:9} transitions "
            f"depth {walked.depth:3} {whole}",
            flush=True,
        )
        if walked.fault:
            print("\n".join(("", walked.fault, "", *walked.ladder)))
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 600.0, sys.argv[2:]))
