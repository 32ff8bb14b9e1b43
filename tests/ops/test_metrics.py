"""Facts as numbers."""

from __future__ import annotations

from collections import Counter
from typing import get_args

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core import facts
from ftpalg.core.ends import Ender, Moment, Reason, Refusal
from ftpalg.core.events import Side
from ftpalg.core.facts import About, Fact, Outcome, Resource, What
from ftpalg.core.news import News, Refused, Reloaded, ReloadFailed, ServerDown, ServerUp
from ftpalg.core.quotas import Quota
from ftpalg.core.reached import ServerReached
from ftpalg.ops.metric_tables import FAMILIES, OTHER
from ftpalg.ops.metrics import OF_SESSIONS, OF_THE_GATEWAY, Histogram, Labels, Metrics
from ftpalg.ops.record_tables import Record
from ftpalg.ops.records import Records
from ftpalg.ops.settings import LogSettings
from tests.ops.cases import ABOUT, CLIENT, EVERY_FACT, EVERY_NEWS, LINK, NOON, SERVER, transfer

OURS = "files.example:21"
IN = About("1jd5k7q0z", CLIENT, SERVER, OURS, listener=":2121", route="routes[0]")


class MetricsCase(SynchronousTestCase):
    """Metrics with a clock; ``OURS`` is a server of the settings."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.advance(NOON)
        self.metrics = Metrics([OURS], self.clock.seconds)

    def see(self, *seen: Fact, about: About = IN) -> None:
        """These happen in a session."""
        for fact in seen:
            self.metrics.see(about, fact)

    def counted(self, name: str) -> dict[Labels, int]:
        """What a counter has above 0."""
        return {labels: count for labels, count in self.metrics.totals[name].items() if count}


class Counted(MetricsCase):
    """Each fact where it belongs."""

    def test_sessions(self) -> None:
        """Their ends, by letters and listener, and how long they were."""
        self.see(facts.SessionClosed(Reason.QUIT, Moment.IDLE, seconds=3.0))
        self.see(facts.SessionClosed(Reason.IDLE_TIMEOUT, Moment.LOGIN, seconds=90.0))
        self.assertEqual(self.counted("sessions_total"), {(":2121", "CI"): 1, (":2121", "GL"): 1})
        took = self.metrics.histograms["session_duration_seconds"][()]
        self.assertEqual((took.sum, took.counts), (93.0, [0, 0, 0, 1, 0, 1, 0, 0, 0]))

    def test_logins(self) -> None:
        """Here and there, accepted and refused."""
        self.see(
            facts.AccountLoggedIn("gus"),
            facts.LoginRefused("wrong"),
            facts.LoginRefused("wrong"),
            facts.LoggedIn("anna"),
            *[facts.LoginRefused("wrong", side=Side.SERVER)] * 3,
        )
        expected = {
            ("gateway", "accepted"): 1,
            ("gateway", "refused"): 2,
            ("server", "accepted"): 1,
            ("server", "refused"): 3,
        }
        self.assertEqual(self.counted("logins_total"), expected)

    def test_transfers(self) -> None:
        """How many, how many bytes, how long, and how long their connections took."""
        broken, refused = Outcome.BROKEN, Outcome.REFUSED
        late = transfer("LIST", refused)._replace(opened=((Side.SERVER, 1.0),))
        self.see(transfer(), transfer("STOR x", broken)._replace(opened=()), late)
        expected = {
            ("download", "complete", "--"): 1,
            ("download", "refused", "SD"): 1,
            ("upload", "broken", "SD"): 1,
        }
        self.assertEqual(self.counted("transfers_total"), expected)
        for side in ("client", "server"):
            moved = self.metrics.totals["transfer_bytes_total"]
            self.assertEqual((moved[side, "download"], moved[side, "upload"]), (6000, 3000))
        self.assertEqual(self.metrics.histograms["transfer_duration_seconds"][()].sum, 3.0)
        opened = self.metrics.histograms["data_open_seconds"]
        found = {labels: one.sum for labels, one in opened.items() if one.sum}
        self.assertEqual(found, {("client", "active"): 0.003, ("server", "passive"): 1.2})

    def test_quotas(self) -> None:
        """By quota, and whether the transfer had begun; all of them are there at 0 before."""
        (over,) = (one for one in EVERY_FACT if isinstance(one, facts.OverQuota))
        self.assertEqual(len(self.metrics.totals["over_quota_total"]), 2 * len(Quota))
        self.see(over, over, over._replace(quota=Quota.DOWNLOAD_FILES, broken=False))
        expected = {
            ("upload-bytes-per-day", "broken"): 2,
            ("download-files-per-day", "refused"): 1,
        }
        self.assertEqual(self.counted("over_quota_total"), expected)

    def test_handshakes(self) -> None:
        """Those that stand by their version, those that failed by their reason."""
        self.see(
            facts.TlsStands(Side.CLIENT, "sni.example", "TLSv1.3", "cipher"),
            facts.TlsFailed(Side.CLIENT, "said", Reason.CLIENT_DISTRUST, "alert"),
            facts.TlsFailed(Side.SERVER, "said", Reason.SERVER_EXPIRED),
        )
        expected = {
            ("client", "TLSv1.3", "ok"): 1,
            ("client", "", "client-distrust"): 1,
            ("server", "", "server-expired"): 1,
        }
        self.assertEqual(self.counted("tls_handshakes_total"), expected)

    def test_turned_away(self) -> None:
        """By the word of the refusal."""
        self.metrics.tell(Refused(LINK, "Too many.", Refusal.TOO_MANY))
        self.assertEqual(self.counted("refusals_total"), {("sessions",): 1})

    def test_used_up(self) -> None:
        """By the limit's word, in a session or before one."""
        self.metrics.tell(Resource(What.SESSIONS))
        self.metrics.see(ABOUT, Resource(What.TRANSFERS_PER_PEER, 3, 3))
        self.metrics.see(ABOUT, Resource(What.TRANSFERS_PER_PEER, 3, 3))
        counted = {("sessions",): 1, ("transfers-per-peer",): 2}
        self.assertEqual(self.counted("limits_reached_total"), counted)

    def test_the_same_bytes_as_the_records(self) -> None:
        """Each side's metrics have the bytes that the records of the same facts have."""
        made: list[Record] = []
        records = Records(LogSettings(), made.append, self.clock.seconds)
        for number, line in enumerate(("RETR a", "STOR b", "LIST", "APPE c", "MLSD", "RETR d")):
            for outcome in Outcome:
                fact = transfer(line, outcome)._replace(moved=7**number + len(outcome.value))
                self.see(fact)
                records.see(IN, fact)
        recorded: Counter[str] = Counter()
        for record in made:
            if record.event == "transfer":
                recorded[str(record.fields["direction"])] += int(str(record.fields["bytes"]))
        self.assertEqual(set(recorded), {"download", "upload"})
        for side in Side:
            moved = self.metrics.totals["transfer_bytes_total"]
            self.assertEqual({way: moved[side.value, way] for way in recorded}, recorded)


class Servers(MetricsCase):
    """Those of the settings by their name, and others together."""

    def test_reached(self) -> None:
        """How long it took, by server."""
        self.see(ServerReached(OURS, 0.25), ServerReached("named.example:21", 2.0))
        found = self.metrics.histograms["server_connect_seconds"]
        self.assertEqual(
            {name: one.sum for name, one in found.items()}, {(OURS,): 0.25, (OTHER,): 2.0}
        )

    def test_failures(self) -> None:
        """By reason; the end of the same session does not count it again."""
        unreachable = facts.ServerUnreachable("said", Reason.SERVER_NO_GREETING)
        self.see(unreachable, facts.SessionClosed(unreachable.why, Moment.REACHING))
        self.see(facts.SessionClosed(Reason.SERVER_NOT_FTP, Moment.DATA))
        self.see(facts.SessionClosed(Reason.SERVER_REFUSES, Moment.REACHING))
        self.see(facts.TlsFailed(Side.SERVER, "said", Reason.SERVER_REVOKED))
        self.see(facts.SessionClosed(Reason.QUIT, Moment.IDLE))
        self.see(facts.TlsFailed(Side.CLIENT, "said", Reason.CLIENT_TLS))
        self.metrics.tell(ServerDown(OURS, "refused"))
        self.see(unreachable, about=IN._replace(name="evil.example:21"))
        reasons = ("server-no-greeting", "server-not-ftp", "server-refuses", "server-revoked")
        expected = {(OURS, reason): 1 for reason in (*reasons, "unhealthy")}
        expected[OTHER, "server-no-greeting"] = 1
        self.assertEqual(self.counted("server_failures_total"), expected)

    def test_forbidden(self) -> None:
        """A rule of the gateway is no failure of the server, nor is what an operator wants."""
        ours = [one for one in Reason if one.ender is not Ender.SERVER]
        self.see(*(facts.ServerUnreachable("said", one) for one in ours))
        self.assertEqual(self.counted("server_failures_total"), {})
        self.assertEqual(self.metrics.up, {})

    def test_up(self) -> None:
        """A server is up that has let somebody in, or refused him; down that could not be used."""
        for fact, up in (
            (facts.LoggedIn("anna"), True),
            (facts.ServerUnreachable("said"), False),
            (facts.LoginRefused("no", side=Side.SERVER), True),
            (facts.TlsFailed(Side.SERVER, "said", Reason.SERVER_TLS), False),
        ):
            self.see(fact)
            self.assertEqual(self.metrics.up, {OURS: up})
        self.see(facts.TlsFailed(Side.CLIENT, "said", Reason.CLIENT_TLS), facts.LoginRefused("no"))
        self.assertEqual(self.metrics.up, {OURS: False})
        self.metrics.tell(ServerUp(OURS))
        self.see(facts.LoggedIn("anna"), about=IN._replace(name="named.example:21"))
        self.assertEqual(self.metrics.up, {OURS: True})
        self.metrics.tell(ServerDown(OURS, "refused"))
        self.assertEqual(self.metrics.up, {OURS: False})

    def test_other_settings(self) -> None:
        """Servers that have gone from the settings are said nothing of any more."""
        self.see(ServerReached(OURS, 1.0), facts.LoggedIn("a"), facts.ServerUnreachable("b"))
        self.see(ServerReached("x:21", 1.0), facts.ServerUnreachable("b"), about=ABOUT)
        self.metrics.take(["new.example:21"])
        connects = self.metrics.histograms["server_connect_seconds"]
        self.assertEqual(set(connects), {(OTHER,), ("new.example:21",)})
        self.assertEqual((self.counted("server_failures_total"), self.metrics.up), ({}, {}))
        self.see(ServerReached("new.example:21", 1.0))
        self.assertEqual(connects["new.example:21",].sum, 1.0)


class Reloads(MetricsCase):
    """Whether what was read last is in use."""

    def test_settings(self) -> None:
        """A fault holds until settings are taken."""
        self.assertTrue(self.metrics.holds)
        self.clock.advance(5)
        self.metrics.tell(ReloadFailed("no TOML", "f"))
        self.assertEqual((self.metrics.holds, self.metrics.reloaded), (False, NOON))
        self.metrics.tell(Reloaded(changes=("certificates",)))
        self.assertFalse(self.metrics.holds)
        self.metrics.tell(Reloaded("f", ("certificates", "log.level")))
        self.assertEqual((self.metrics.holds, self.metrics.reloaded), (True, NOON + 5))
        self.assertEqual(self.metrics.reloads, 2)

    def test_certificates(self) -> None:
        """They are read by themselves, and anew with settings."""
        for mended in (Reloaded(changes=("certificates",)), Reloaded("f", ())):
            self.metrics.tell(ReloadFailed("no key", what="certificates"))
            self.assertFalse(self.metrics.holds)
            self.metrics.tell(mended)
            self.assertTrue(self.metrics.holds)


class Bounds(MetricsCase):
    """As many series as the settings say, whoever comes."""

    def series(self) -> int:
        """How many samples there are."""
        buckets = [
            (len(one.counts) + 2) * len(known)
            for name, known in self.metrics.histograms.items()
            for one in [Histogram(FAMILIES[name].buckets)]
        ]
        return sum(map(len, self.metrics.totals.values())) + sum(buckets)

    def test_named_servers(self) -> None:
        """10,000 sessions to 1,000 servers that clients name, and all that can happen in each."""
        every = EVERY_FACT
        for number in range(10_000):
            name = f"s{number % 1000}.example:21"
            about = About(f"{number}", CLIENT, SERVER, name, listener=":2121")
            fact = every[number % len(every)]
            if isinstance(fact, ServerReached):
                fact = fact._replace(server=name)
            self.metrics.see(about, fact)
            self.metrics.see(about, facts.SessionClosed(list(Reason)[number % 40], Moment.REACHING))
        for news in EVERY_NEWS:
            self.metrics.tell(news)
        self.assertLess(self.series(), 300)
        servers = {labels[0] for labels in self.metrics.totals["server_failures_total"]}
        self.assertEqual(servers, {OTHER})

    def test_no_words_of_peers(self) -> None:
        """Nothing that a peer said or is becomes a label."""
        for fact in EVERY_FACT:
            self.see(fact, about=IN._replace(name="named.example"))
        labels = [one for family in self.metrics.totals.values() for one in family]
        labels += [one for family in self.metrics.histograms.values() for one in family]
        words = {word for one in labels for word in one}
        for word in ("anna", "gus", CLIENT.host, SERVER.host, "a b", "named.example", "x"):
            self.assertNotIn(word, words)


class Tables(SynchronousTestCase):
    """What is counted of what there is."""

    def test_facts(self) -> None:
        """Only facts and news that there are."""
        self.assertLessEqual(set(OF_SESSIONS), set(get_args(facts.Fact)))
        self.assertLessEqual(set(OF_THE_GATEWAY), set(get_args(News)))

    def test_histogram(self) -> None:
        """A bound belongs to its bucket, and a clock that was set back is no time at all."""
        histogram = Histogram((1.0, 2.0))
        for seconds in (0.5, 1.0, 1.5, 9.0):
            histogram.see(seconds)
        self.assertEqual((histogram.counts, histogram.sum), ([2, 1, 1], 12.0))
        metrics = Metrics([], lambda: 0.0)
        metrics.took("session_duration_seconds", (), -5.0)
        self.assertEqual(metrics.histograms["session_duration_seconds"][()].sum, 0.0)


class FromTheStart(MetricsCase):
    """Series that a rate has to see coming."""

    def test_zero(self) -> None:
        """Each of a closed list is there before its first event."""
        self.assertEqual(len(self.metrics.totals["refusals_total"]), len(Refusal))
        self.assertEqual(len(self.metrics.totals["limits_reached_total"]), len(What))
        self.assertEqual(len(self.metrics.totals["logins_total"]), 4)
        self.assertEqual(len(self.metrics.totals["transfer_bytes_total"]), 4)
        self.assertIn(("upload", "broken", "GD"), self.metrics.totals["transfers_total"])
        self.assertEqual(len(self.metrics.histograms["data_open_seconds"]), 4)
        connects = self.metrics.histograms["server_connect_seconds"]
        self.assertEqual(set(connects), {(OURS,), (OTHER,)})
        counts = [count for found in self.metrics.totals.values() for count in found.values()]
        counts += [
            sum(one.counts) for found in self.metrics.histograms.values() for one in found.values()
        ]
        self.assertEqual(set(counts), {0})
