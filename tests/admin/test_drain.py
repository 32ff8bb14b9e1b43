"""``POST /drain``, ``POST /undrain`` and ``GET /drained``, by a gateway of the test's own."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.admin.asking import Asked, Caller, Refusal
from ftpalg.admin.drain import FOREVER, LONGEST, drain, drained, undrain
from ftpalg.core.drained import WHOLE, Kind, NoSuchPart, Part, Standing
from ftpalg.core.news import News
from ftpalg.core.steering import Steered as Recorded

ROUTE = Part(Kind.ROUTE, "routes[0]")


class Gateway:
    """Its drains, and itself as far as it is asked."""

    is_ready = False

    def __init__(self) -> None:
        self.drains = self
        self.asked: list[tuple[Any, ...]] = []
        self.told: list[News] = []
        self.standing = [Standing(ROUTE, 2, 3.5), Standing(WHOLE)]

    def part(self, kind: Kind, name: str = "") -> Part:
        if name == "pigeon":
            raise NoSuchPart("there is no such bird")
        return Part(kind, name)

    def drain(self, part: Part, within: float = 0.0, uid: int | None = None) -> Standing:
        self.asked.append(("drain", part, within, uid))
        return Standing(part, 3, within)

    def undrain(self, part: Part, uid: int | None = None) -> Standing:
        self.asked.append(("undrain", part, uid))
        return Standing(part, 1)

    def tell(self, news: News) -> None:
        self.told.append(news)


class Drains(SynchronousTestCase):
    """What the verbs do."""

    def setUp(self) -> None:
        self.gateway: Any = Gateway()

    def asked(self, uid: int = 1000, **words: Any) -> Asked:
        """By a process of that user."""
        return Asked(words, Caller(uid, 77))

    def test_drain(self) -> None:
        """The part, the bound, and who ordered it; recorded once more as what was asked for."""
        found = drain(self.gateway, self.asked(kind="route", name="routes[0]", within=60))
        self.assertEqual(found, {"kind": "route", "name": "routes[0]", "sessions": 3, "within": 60})
        self.assertEqual(self.gateway.asked, [("drain", ROUTE, 60, 1000)])
        (told,) = self.gateway.told
        self.assertEqual(
            told,
            Recorded(
                "drain",
                ("kind=route", "name=routes[0]", "within=60"),
                1000,
                77,
                "3 sessions are there",
            ),
        )

    def test_undrain(self) -> None:
        """The same the other way."""
        found = undrain(self.gateway, self.asked(0, kind="gateway"))
        self.assertEqual(found, {"kind": "gateway", "name": "", "sessions": 1, "within": 0.0})
        self.assertEqual(self.gateway.asked, [("undrain", WHOLE, 0)])

    def test_nobody(self) -> None:
        """A caller that the kernel could not tell is nobody, and not user -1."""
        drain(self.gateway, self.asked(-1, kind="gateway"))
        self.assertEqual(self.gateway.asked, [("drain", WHOLE, 0, None)])

    def test_drained(self) -> None:
        """What stands, and whether clients get sessions."""
        route = {"kind": "route", "name": "routes[0]", "sessions": 2, "within": 3.5}
        whole = {"kind": "gateway", "name": "", "sessions": 0, "within": 0.0}
        found = drained(self.gateway, self.asked())
        self.assertEqual(found, {"drained": [route, whole], "ready": False})
        self.assertEqual(self.gateway.told, [])

    def test_unknown(self) -> None:
        """404 with the sentence; that somebody has tried is recorded."""
        for verb in (drain, undrain):
            error = self.assertRaises(
                Refusal, verb, self.gateway, self.asked(kind="server", name="pigeon")
            )
            self.assertEqual((error.status, error.sentence), (404, "there is no such bird"))
        self.assertEqual([one.result for one in self.gateway.told], ["refused"] * 2)
        self.assertEqual(self.gateway.asked, [])

    def test_wrong(self) -> None:
        """400: a kind that is none, a name that is missing, too long or too much, a bound without end."""
        for words in (
            {"kind": "", "name": "a"},
            {"kind": "Server", "name": "a"},
            {"kind": "server"},
            {"kind": "server", "name": ""},
            {"kind": "gateway", "name": "a"},
            {"kind": "server", "name": "x" * (LONGEST + 1)},
            {"kind": "gateway", "within": FOREVER + 1},
        ):
            error = self.assertRaises(Refusal, drain, self.gateway, self.asked(**words))
            self.assertEqual(error.status, 400, words)
        self.assertEqual((self.gateway.asked, self.gateway.told), ([], []))
