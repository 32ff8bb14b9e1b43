"""The walk of the real session, as far as CI goes; ``make walk`` goes further."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.routes import Mode
from tests.core.ladder import LadderTest
from tests.walk.scenes import (
    ACTIVE,
    DOWNLOAD,
    EVERY,
    HOSTILE,
    HOSTILES,
    LOGINS,
    OTHERS,
    PASSIVE,
    TLS,
    TWO,
    Move,
    Scene,
)
from tests.walk.walk import near, told
from tests.walk.world import World


class Walk(SynchronousTestCase):
    """Every rule holds wherever a scene leads."""

    def goes(self, *scenes: Scene) -> None:
        """Each is walked to its last state, or its bound, and no rule is broken in it."""
        for scene in scenes:
            walked = near(scene)
            self.assertEqual(walked.fault, "", "\n".join((scene.name, *walked.ladder)))
            self.assertTrue(scene.bound or not walked.left, scene.name)

    def test_two_transfers(self) -> None:
        """Two transfers, and commands that wait behind them."""
        self.goes(*TWO)

    def test_hostile(self) -> None:
        """A server that says anything at any time."""
        self.goes(*HOSTILES)

    def test_passive(self) -> None:
        """A server that we dial, for each way in which the client may ask."""
        self.goes(*PASSIVE)

    def test_active(self) -> None:
        """A server that dials us, and one that is asked as the client asks."""
        self.goes(*ACTIVE)

    def test_tls(self) -> None:
        """TLS on either side and on both."""
        self.goes(*TLS)

    def test_login(self) -> None:
        """The way to a server, and from one to another."""
        self.goes(*LOGINS)

    def test_others(self) -> None:
        """STAT, REST, QUIT, and one reply for two commands."""
        self.goes(*OTHERS)


class Worlds(LadderTest):
    """The world that is walked sees what it should see."""

    def test_goes_back(self) -> None:
        """Setting the state undoes all that has happened since, in the session too."""
        world = World(DOWNLOAD)
        world.begin()
        state, moves = world.state, list(world.moves())
        for move in moves:
            world.make(move)
            self.assertNotEqual(world.state, state, move)
            world.state = state
            self.assertEqual((world.state, list(world.moves())), (state, moves), move)

    def test_whole_transfers(self) -> None:
        """A download can be carried out from its PASV to its 226, and the walk comes there."""
        for mode, asks in ((Mode.PASSIVE, "PASV"), (Mode.ACTIVE, "PORT")):
            world = World(EVERY[mode, asks, "RETR"])
            world.begin()
            wanted = {
                ("leg", "client", "listens"), ("leg", "server", "listens"), ("answer", "229"),
                ("answer", "200"), ("answer", "150"), ("answer", "226"), ("answer", "213"),
                ("leg", "client", "reached"), ("leg", "server", "reached"),
                ("leg", "server", "ended"), ("leg", "client", "ended"),
            }  # fmt: skip
            for _ in range(40):
                usual = [
                    m for m in world.moves() if m in wanted or (m[0] == "say" and m[1] != "ABOR")
                ]
                if not usual:
                    break
                world.make(usual[0])
            self.assertEqual((world.waiting, world.said), ((), 3), mode)

    def test_ladders_can_be_played(self) -> None:
        """What the walk tells of a path is a script that the session passes."""
        world = World(HOSTILE)
        world.begin()
        path: list[Move] = []
        for _ in range(12):
            move = next(iter(world.moves()))
            path.append(move)
            world.make(move)
            if world.session.over:
                break
        self.ladder(HOSTILE.rules).play("\n".join(told(HOSTILE, path)))
