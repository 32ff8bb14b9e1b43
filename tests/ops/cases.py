"""What the tests of ops share: records that are kept, a clock that stands, one session."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core import facts
from ftpalg.core.bans import Ban, Banned, Offence, Unbanned, Who
from ftpalg.core.bans import Kind as BanKind
from ftpalg.core.certificates import CertificateDue, Shown
from ftpalg.core.drained import WHOLE, Drained, Kind, Part, Undrained
from ftpalg.core.ends import Moment, Reason, Refusal
from ftpalg.core.events import Link, Side
from ftpalg.core.facts import About, Fact, Outcome, Peer, TransferOver
from ftpalg.core.news import (
    Draining,
    GatewayTold,
    News,
    Probed,
    Ready,
    Refused,
    Reloaded,
    ReloadFailed,
    ServerDown,
    ServerUp,
    Stopped,
    WorkerLost,
    WorkerReady,
)
from ftpalg.core.quotas import Quota
from ftpalg.core.reached import ServerReached
from ftpalg.core.steering import Steered
from ftpalg.core.wire.commands import Command, parse_command
from ftpalg.core.wire.replies import reply
from ftpalg.ops.record_tables import Record
from ftpalg.ops.records import Records
from ftpalg.ops.settings import LogSettings

NOON = 1_790_000_000.25
CLIENT = Peer("192.0.2.1", 40000)
SERVER = Peer("198.51.100.7", 21)
ABOUT = About("1jd5k7q0z", CLIENT, SERVER, "files.example:21")
NOWHERE = About("1jd5k7q0z", CLIENT)
CLOSED = facts.SessionClosed(Reason.QUIT, Moment.IDLE, "Goodbye.")
LINK = Link("192.0.2.9", "192.0.2.254", 4711)


def answered(line: str, code: int = 250, text: str = "Done.") -> facts.CommandAnswered:
    """A command and the reply to it."""
    return facts.CommandAnswered(parse_command(line.encode()), reply(code, text))


def transfer(
    line: str = "RETR a b", outcome: Outcome = Outcome.COMPLETE, why: str = "Done."
) -> TransferOver:
    """A passive download under TLS on the server's side alone."""
    return TransferOver(
        parse_command(line.encode()),
        outcome,
        why,
        moved=3_000,
        seconds=1.5,
        letters="--" if outcome is Outcome.COMPLETE else "SD",
        rest="100",
        passive=frozenset((Side.SERVER,)),
        tls=frozenset((Side.SERVER,)),
        ports=((Side.CLIENT, 5001), (Side.SERVER, 50123)),
        resumed=frozenset((Side.SERVER,)),
        opened=((Side.CLIENT, 0.003), (Side.SERVER, 0.2)),
    )


EVERY_FACT: tuple[Fact, ...] = (
    facts.SessionOpened("192.0.2.8"),
    facts.TlsStands(Side.CLIENT, "files.example", "TLSv1.3", "TLS_AES_256_GCM_SHA384"),
    ServerReached("files.example:21", 0.25),
    facts.AccountLoggedIn("gus", "file"),
    facts.LoginRefused("wrong", user="gus", checker="file,ldap", delay=2.0),
    facts.LoginRefused("Login incorrect.", 530, Side.SERVER, "anna"),
    facts.LoggedIn("anna", 230, "Welcome."),
    answered("DELE x"),
    facts.CommandBarred(
        Command(b"RMD", b"x"),
        550,
        "RMD is denied by rule 1 of access.commands.",
        "f.toml:9: access.commands[0]",
    ),
    facts.OverQuota(
        Command(b"STOR", b"x"),
        Quota.UPLOAD_BYTES,
        "f.toml:9: limits.upload-bytes-per-day = 100",
        40,
        100,
        552,
        "your 100 bytes of uploads for today are used up",
        broken=True,
    ),
    transfer(),
    transfer("STOR x", Outcome.BROKEN, "client: reset"),
    facts.Intruded(Side.SERVER, "203.0.113.66"),
    facts.Shadowed("f.toml:7: access.servers[0]", "refuse it: a is denied.", differs=True),
    facts.Resource(facts.What.PINHOLES),
    facts.ServerUnreachable(
        "refused", Reason.SERVER_UNREACHABLE, ("198.51.100.7:21 Connection refused (3 ms)",)
    ),
    facts.TlsFailed(Side.CLIENT, "no shared cipher", Reason.CLIENT_TLS, "handshake_failure"),
    facts.TlsFailed(
        Side.SERVER,
        "it has expired",
        Reason.SERVER_EXPIRED,
        "certificate_expired",
        Shown("CN=a", "CN=b", ("a.example",), "2026-01-01T00:00:00Z", "ab" * 32),
        "it needs a new one",
    ),
    facts.ProtocolError(Side.CLIENT, "GET is no FTP", Moment.NAMING, b"GET / HTTP/1.1", 0),
    facts.Failed("an exception", "Traceback\n  line"),
    facts.Noted("a note"),
    CLOSED,
)
BAN = Ban(Who(BanKind.PEER, "192.0.2.1"), 0.0, 1800.0, 2, Offence.SCAN)
EVERY_NEWS: tuple[News, ...] = (
    Ready("1.2", "f.toml", ("[::1]:21",), ("ftp://a",), "offer", "1-2", 10, ("x 2030",)),
    Ready("1.2", pids=(98, 99)),
    WorkerReady(1, 98, "49152-57342"),
    WorkerLost(1, 98, 3, None, "SIGKILL", "no sign of life for 10 s (timeouts.worker)"),
    WorkerLost(2, 99, 0, 1),
    Reloaded("f.toml", ("limits.sessions 5 -> 6",)),
    ReloadFailed("no TOML", "f.toml"),
    Steered("kick", ("filter=client=192.0.2.0/24",), 1000, 98, "2 ended"),
    Draining(3, 2),
    Drained(Part(Kind.SERVER, "ftp.example:21"), 3, 60.0, 1000),
    Drained(WHOLE),
    Undrained(Part(Kind.ROUTE, "routes[0]"), 1, 0),
    Undrained(Part(Kind.LISTENER, ":21"), reason="the settings do not know it any more"),
    Banned(BAN, uid=0),
    Banned(BAN._replace(who=Who(BanKind.ACCOUNT, "joe"), offence=None), shadow=True),
    Unbanned(BAN, "ended"),
    Stopped(1),
    Refused(LINK, "Not for a while.", Refusal.BANNED, code=421, ban=BAN),
    Refused(LINK, "Too many.", Refusal.TOO_MANY, "f.toml:3: limits.sessions", 421),
    Probed("192.0.2.8"),
    ServerDown("a:21", "refused"),
    ServerDown("a:21", "refused", Shown("CN=a", "CN=b", (), "", "ab" * 32), "renew it"),
    ServerUp("a:21"),
    facts.Resource(facts.What.DATA_PORTS, 10, 10),
    CertificateDue(
        "client-tls.certificate", "a.pem", "expires", "a.pem expires", "2026-01-01T00:00:00Z", 6
    ),
    CertificateDue("client-tls.private-key", "", "unreadable", "a.key", grave=True),
    GatewayTold("told"),
    GatewayTold("warned", warning=True),
)


class RecordsCase(SynchronousTestCase):
    """Records of facts; ``settings`` are the class's."""

    settings = LogSettings()

    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.advance(NOON)
        self.made: list[Record] = []
        self.records = Records(self.settings, self.made.append, self.clock.seconds)

    def see(self, *seen: Fact, about: About = ABOUT) -> None:
        """Let the records see what happened in a session."""
        for fact in seen:
            self.records.see(about, fact)

    def tell(self, *news: News) -> None:
        """And what happened to the gateway."""
        for one in news:
            self.records.tell(one)

    @property
    def events(self) -> list[str]:
        """The records' kinds."""
        return [record.event for record in self.made]

    def last(self, event: str) -> Record:
        """The last record, which is of that kind."""
        self.assertEqual(self.made[-1].event, event)
        return self.made[-1]


def everything(records: Records) -> None:
    """Each fact and each piece of news once."""
    for fact in EVERY_FACT:
        records.see(ABOUT, fact)
    records.rung(ABOUT, "C -> P", Command(b"NOOP").shown)
    for news in EVERY_NEWS:
        records.tell(news)
