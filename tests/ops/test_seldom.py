"""What is told once a minute, and what a hundred times."""

from __future__ import annotations

from collections import Counter

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.ops.record_fields import Value
from ftpalg.ops.record_tables import NOBODYS, Record, Whose
from ftpalg.ops.seldom import BOUNDED, CLIENTS, IN_FULL, MINUTE, MOST, Few, Seldom

ONE, TWO = "192.0.2.1", "192.0.2.2"


class Counting(SynchronousTestCase):
    """Counts and their minute."""

    def test_minute(self) -> None:
        """The first is told at once, those of the next minute together with the first behind it."""
        seldom = Seldom()
        told = [seldom.count("x", at) for at in (0.0, 1.0, 59.9, 60.0, 61.0, 130.0)]
        self.assertEqual(told, [1, 0, 0, 3, 0, 2])

    def test_each(self) -> None:
        """Every name has its own minute."""
        seldom = Seldom()
        self.assertEqual([seldom.count(name, 0.0) for name in "aab"], [1, 0, 1])

    def test_bound(self) -> None:
        """However many names come, so many are kept."""
        seldom = Seldom()
        for at in range(3 * MOST):
            seldom.count(str(at), float(at))
        self.assertEqual(len(seldom._told), MOST)


class FewCase(SynchronousTestCase):
    """Records that are handed on, by a clock of the test's own."""

    def setUp(self) -> None:
        self.now = 1_790_000_000.0
        self.made: list[Record] = []
        self.few = Few(self.made.append)

    def say(self, event: str, session: str = "", client: str = ONE, **own: Value) -> None:
        """One record of a session, or of none."""
        ip: dict[str, Value] = {"client_ip": client}
        whose = Whose({"session": session, **ip}) if session else NOBODYS
        own = own if session else ip | own
        self.few.write(Record(event, self.now, {**own, "node": "n"}, None, whose))

    def stranger(self, session: str, client: str = ONE, *events: str) -> None:
        """A session that never logs in."""
        for event in ("session_opened", *(events or ("protocol_error",)), "session_closed"):
            self.say(event, session, client)

    @property
    def counts(self) -> Counter[str]:
        """How many of each kind were handed on since this was last asked."""
        found = Counter(record.event for record in self.made)
        self.made.clear()
        return found

    @property
    def untold(self) -> list[tuple[Value, ...]]:
        """What was counted."""
        fields = [one.fields for one in self.made if one.event == "untold"]
        return [tuple(one.values()) for one in fields]


class Bounded(FewCase):
    """Records of one kind and client."""

    def test_command_refused(self) -> None:
        """A session that is refused command after command fills no disk, and nothing is lost: the first
        hundred are written, and a minute later it is told how many more there were."""
        for kind in sorted(BOUNDED):
            for _ in range(10_000):
                self.say(kind, "s" if kind != "refused" else "")
            self.say("command", "s")
            self.assertEqual(self.counts, {kind: IN_FULL, "command": 1})
            self.now += MINUTE
            self.say("command", "s")
            self.assertEqual(self.untold, [(ONE, kind, 10_000 - IN_FULL, "n")])
            self.assertEqual(self.made[0].time, self.now)
            self.say(kind, "s" if kind != "refused" else "")
            self.assertEqual(self.counts, {kind: 1, "command": 1, "untold": 1})
            self.now += MINUTE

    def test_each(self) -> None:
        """Each client has its own, over all its sessions, and an IPv6 network is one client."""
        for at in range(IN_FULL):
            self.say("command_refused", f"s{at}", f"2001:db8::{at:x}")
        for client in ("2001:db8::ffff", "2001:db8:0:1::1", ONE, "2001:db8::/48"):
            self.say("command_refused", "s", client)
        self.assertEqual(self.counts["command_refused"], IN_FULL + 3)
        self.say("login_refused", "s", "2001:db8::1")
        self.assertEqual(self.counts["login_refused"], 1)

    def test_never(self) -> None:
        """What the log is for is written however often it comes, and what counts itself."""
        for kind in ("command", "transfer", "login", "warning"):
            for _ in range(3 * IN_FULL):
                self.say(kind, "s")
            self.assertEqual(self.counts, {kind: 3 * IN_FULL})
        for _ in range(3 * IN_FULL):
            self.say("refused", count=7)
        self.assertEqual(self.counts, {"refused": 3 * IN_FULL})

    def test_stopped(self) -> None:
        """What is counted is told at the end at the latest, before it."""
        for _ in range(IN_FULL + 5):
            self.say("refused")
        self.say("stopped")
        self.assertEqual([one.event for one in self.made[-2:]], ["untold", "stopped"])
        self.assertEqual(self.untold, [(ONE, "refused", 5, "n")])

    def test_minute(self) -> None:
        """A minute later everything is written again; a clock that is set back silences nobody."""
        for back in (MINUTE, -86_400.0):
            for _ in range(IN_FULL + 3):
                self.say("refused")
            self.counts.clear()
            self.now += back
            self.say("refused")
            self.assertEqual(self.untold, [(ONE, "refused", 3, "n")])
            self.assertEqual(self.counts["refused"], 1)
            self.now += MINUTE
            self.say("ready")
            self.counts.clear()

    def test_clients(self) -> None:
        """However many clients come so many are kept, and of those that are forgotten it is told."""
        for _ in range(IN_FULL + 1):
            self.say("refused")
        for at in range(CLIENTS):
            self.say("refused", client=f"10.{at >> 8}.{at & 255}.1")
        self.assertEqual(self.untold, [(ONE, "refused", 1, "n")])
        self.assertEqual(len(self.few._minutes), CLIENTS)


class Strangers(FewCase):
    """Sessions that never log in."""

    def test_whole_or_not(self) -> None:
        """So many are written with all that was said of them; of the others nothing, and how many."""
        for at in range(5 * IN_FULL):
            self.stranger(f"s{at}")
        whole = {"session_opened": IN_FULL, "protocol_error": IN_FULL, "session_closed": IN_FULL}
        self.assertEqual(self.counts, whole)
        self.assertEqual(self.few._muted, {})
        self.stranger("other", TWO)
        self.assertEqual(sum(self.counts.values()), 3)
        self.now += MINUTE
        self.stranger("later")
        self.assertEqual(self.untold, [(ONE, "session_closed", 4 * IN_FULL, "n")])
        self.assertEqual(self.counts["session_closed"], 1)

    def test_silent_ends(self) -> None:
        """One whose end is its only record counts like the others."""
        for at in range(IN_FULL + 1):
            self.say("session_opened", f"s{at}")
            self.say("session_closed", f"s{at}")
        self.assertEqual(self.counts["session_closed"], IN_FULL)
        self.assertEqual(self.few._muted, {})

    def test_logs_in(self) -> None:
        """Who logs in is written, among a crowd and behind a refusal that was not; so is a fault."""
        for at in range(IN_FULL):
            self.stranger(f"s{at}")
        self.counts.clear()
        self.say("session_opened", "good")
        self.say("login", "good")
        self.assertEqual(self.counts, {"session_opened": 1, "login": 1})
        for telling in ("login", "fault"):
            self.say("session_opened", telling)
            self.say("login_refused", telling)
            self.assertEqual(self.counts, {})
            self.say(telling, telling)
            self.assertEqual([one.event for one in self.made], ["session_opened", telling])
            self.say("session_closed", telling)
            self.assertEqual(self.made[-1].event, "session_closed")
            self.counts.clear()
