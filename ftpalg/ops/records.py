"""Facts to records: one record for each event that an operator should see.

Every text is made printable and bounded here, at the one way in, because peers choose names, replies,
host names and reasons.  Passwords never get here: commands come redacted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

from ftpalg.core import facts
from ftpalg.core.certificates import CertificateDue
from ftpalg.core.ends import Reason
from ftpalg.core.events import SIDE, Side
from ftpalg.core.facts import About, Fact
from ftpalg.core.news import News, Probed, Refused
from ftpalg.core.wire.commands import KIND
from ftpalg.core.wire.printing import printable
from ftpalg.ops.news import WITH_PROBES, told
from ftpalg.ops.privacy import Privacy
from ftpalg.ops.record_fields import FIELDS, Value
from ftpalg.ops.record_tables import NOBODYS, Level, Record, Whose
from ftpalg.ops.seldom import Seldom
from ftpalg.ops.settings import LogSettings
from ftpalg.ops.texts import bounded
from ftpalg.ops.trail import UNTOLD, Known, Trail, known_of
from ftpalg.ops.values import (
    TOLD,
    barred_of,
    certificate_of,
    octets_of,
    path_of,
    paths_of,
    ports_of,
    quota_of,
    resumed,
    tls_of,
    whose,
    within,
)

Output = Callable[[Record], None]
Transfers = Callable[[About, Trail, facts.TransferOver, str, float], None]

SILENT = frozenset((Reason.CLIENT_CLOSED, Reason.CLIENT_LOST))
"""How a look of a balancer or monitor ends, that has said nothing."""
MODES = "active", "passive"
LONGEST = {name: field.longest for name, field in FIELDS.items()}
LATE = frozenset((facts.Failed, facts.Intruded, facts.Noted))
"""Facts that may come behind a session's end: they begin no other."""

LATELY = 256
"""Sessions whose common fields are at hand: those that are busy have one record after another."""


class Records:
    """Gives ``output`` each record, and ``transfers`` each transfer with the path of its file.

    ``clock`` is seconds since 1970, ``node`` the machine's name.
    """

    def __init__(
        self,
        settings: LogSettings,
        output: Output,
        clock: Callable[[], float],
        transfers: Transfers | None = None,
        node: str = "",
    ) -> None:
        self.probes = 0
        self._node = node
        self._output = output
        self._clock = clock
        self._seldom = Seldom()
        self._seldom_of_peers = Seldom()  # who are many: they push nothing else out
        self._trails: dict[str, Trail] = {}
        self._whose = lru_cache(LATELY)(self._made_whose)
        self.take(settings, transfers)

    def take(self, settings: LogSettings, transfers: Transfers | None) -> None:
        """Go on by these, in sessions that have begun too."""
        self._told = TOLD[settings.commands]
        self._privacy = Privacy(settings)
        self._whose.cache_clear()
        self._transfers = transfers

    def _new_trail(self, about: About, fact: Fact) -> Trail:
        """What is known of a session of which nothing was."""
        trail = Trail(self._clock(), said=type(fact) in LATE)
        if not trail.said:
            self._trails[about.session] = trail
        return trail

    def see(self, about: About, fact: Fact) -> None:
        """Something has happened in a session."""
        write = OF_SESSIONS.get(type(fact))
        if write is not None:
            trail = self._trails.get(about.session) or self._new_trail(about, fact)
            write(self, about, trail, fact)

    def tell(self, news: News) -> None:
        """Something has happened to the gateway."""
        if (count := COUNTED.get(type(news))) is not None:
            count(self, news)
            return
        event, fields = told(news)
        if event in WITH_PROBES:
            fields["probes"] = self.probes
        grave = isinstance(news, CertificateDue) and news.grave
        self._write(event, fields, Level.ERROR if grave else None)

    def known(self, session: str) -> Known | None:
        """What the facts of that session have told; None where it is over."""
        trail = self._trails.get(session)
        return None if trail is None else known_of(trail)

    def rung(self, about: About, arrow: str, text: str) -> None:
        """A line of a dialogue."""
        self._write("line", {"session": about.session, "arrow": arrow, "text": text})

    # -- writing ----------------------------------------------------------------------------------

    def _write(
        self,
        event: str,
        fields: Mapping[str, Value | None],
        louder: Level | None = None,
        whose: Whose = NOBODYS,
    ) -> None:
        kept = self._kept(fields)
        if self._node:
            kept["node"] = self._node
        self._output(Record(event, self._clock(), kept, louder, whose))

    def _kept(self, fields: Mapping[str, Value | None]) -> dict[str, Value]:
        """Those that are known and may be written."""
        keep, whole = self._privacy.keep, self._privacy.whole
        kept: dict[str, Value] = {}
        for name, value in fields.items():
            if not value and value != 0:
                continue
            if isinstance(value, str):
                if len(value) > LONGEST[name] or not value.isprintable():
                    value = bounded(value, LONGEST[name], lines=name == "trace")
            elif isinstance(value, tuple):
                value = within(value, LONGEST[name])
            if not whole:
                value = keep(name, value)
            if value or value == 0:
                kept[name] = value
        return kept

    def _say(
        self,
        event: str,
        about: About,
        trail: Trail,
        louder: Level | None = None,
        /,
        **fields: Value | None,
    ) -> None:
        """Write a record of a session; the first one is preceded by that of its beginning."""
        if not trail.said:
            self._opened(about, trail)
        self._write(event, fields, louder, self._whose(about, trail.account, trail.user))

    def _made_whose(self, about: About, account: str, user: str) -> Whose:
        return Whose(self._kept(whose(about, account, user)))

    # -- sessions ---------------------------------------------------------------------------------

    def _opened(self, about: About, trail: Trail) -> None:
        trail.said = True
        self._say(
            "session_opened",
            about,
            trail,
            proxy_header=trail.proxy,
            sni=trail.sni,
            **tls_of(trail, Side.CLIENT),
        )

    def _began(self, about: About, trail: Trail, fact: facts.SessionOpened) -> None:
        """The record waits for the client's first word."""
        trail.proxy = fact.proxy

    def _tls(self, about: About, trail: Trail, fact: facts.TlsStands) -> None:
        trail.tls = {**trail.tls, fact.side: (fact.version, fact.cipher)}
        if fact.side is Side.CLIENT:
            trail.sni = fact.name

    def _login(self, about: About, trail: Trail, fact: facts.LoggedIn) -> None:
        trail.logged_in(fact.user)
        self._say(
            "login",
            about,
            trail,
            where="server",
            code=fact.code or None,
            text=fact.text,
            **tls_of(trail, Side.SERVER),
        )

    def _account(self, about: About, trail: Trail, fact: facts.AccountLoggedIn) -> None:
        trail.account = fact.account
        tls = tls_of(trail, Side.CLIENT)
        self._say("login", about, trail, where="gateway", checker=fact.checker, **tls)

    def _login_refused(self, about: About, trail: Trail, fact: facts.LoginRefused) -> None:
        """Its account or user is the one that was not let in."""
        if not trail.said:
            self._opened(about, trail)
        here = fact.side is None
        account, user = (fact.user, trail.user) if here else (trail.account, fact.user)
        fields: dict[str, Value | None] = {
            "where": "gateway" if here else "server",
            "checker": fact.checker,
            "delay": fact.delay or None,
            "code": fact.code,
            "text": None if here else fact.reason,
            "why": fact.reason if here else None,
        }
        self._write("login_refused", fields, None, self._made_whose(about, account, user))

    def _answered(self, about: About, trail: Trail, fact: facts.CommandAnswered) -> None:
        command, place, renamed = fact.command, trail.place, trail.renamed
        trail.answered(fact)
        if not self._told(command):
            return
        path, target = paths_of(command, renamed)
        self._say(
            "command",
            about,
            trail,
            command=command.verb.decode("ascii"),
            path=None if path is None else printable(place.absolute(path)),
            target=target if target is None else printable(target),
            code=fact.reply.code,
        )

    def _barred(self, about: About, trail: Trail, fact: facts.CommandBarred) -> None:
        self._say("command_refused", about, trail, **barred_of(fact, trail))

    def _transfer(self, about: About, trail: Trail, fact: facts.TransferOver) -> None:
        up, path = fact.command.kind is KIND.UPLOAD, path_of(fact.command, trail)
        trail.transfers += 1
        if up:
            trail.uploaded += fact.moved
            trail.size = UNTOLD
        else:
            trail.downloaded += fact.moved
        self._say(
            "transfer",
            about,
            trail,
            Level.WARN if fact.outcome is facts.Outcome.BROKEN else None,
            command=fact.command.verb.decode("ascii"),
            path=path,
            direction="upload" if up else "download",
            outcome=fact.outcome.value,
            letters=fact.letters,
            bytes=fact.moved,
            seconds=round(fact.seconds, 6),
            rest=fact.rest,
            client_mode=MODES[SIDE.CLIENT in fact.passive],
            server_mode=MODES[SIDE.SERVER in fact.passive],
            data_ports=ports_of(fact.ports),
            client_tls=SIDE.CLIENT in fact.tls,
            server_tls=SIDE.SERVER in fact.tls,
            tls_resumed=resumed(fact.tls, fact.resumed),
            why=None if fact.outcome is facts.Outcome.COMPLETE else fact.reason,
        )
        if self._transfers is not None:
            self._transfers(about, trail, fact, path, self._clock())

    def _tls_failed(self, about: About, trail: Trail, fact: facts.TlsFailed) -> None:
        self._say(
            "tls_failed",
            about,
            trail,
            side=fact.side.value,
            reason=fact.why.word,
            why=fact.reason,
            alert=fact.alert,
            **certificate_of(fact.shown),
            remedy=fact.remedy,
        )

    def _unreachable(self, about: About, trail: Trail, fact: facts.ServerUnreachable) -> None:
        self._say(
            "server_unreachable",
            about,
            trail,
            reason=fact.why.word,
            why=fact.reason,
            tried=fact.tried,
        )

    def _protocol(self, about: About, trail: Trail, fact: facts.ProtocolError) -> None:
        self._say(
            "protocol_error",
            about,
            trail,
            side=fact.side.value,
            state=fact.moment.letter,
            offset=fact.offset,
            octets=octets_of(fact.line),
            why=fact.reason,
        )

    def _intruded(self, about: About, trail: Trail, fact: facts.Intruded) -> None:
        self._say(
            "stray_data", about, trail, side=fact.side.value, host=fact.host, count=fact.times
        )

    def _shadowed(self, about: About, trail: Trail, fact: facts.Shadowed) -> None:
        self._say("shadow", about, trail, rule=fact.rule, would=fact.would, differs=fact.differs)

    def _noted(self, about: About, trail: Trail, fact: facts.Noted) -> None:
        self._say("note", about, trail, text=fact.text)

    def _failed(self, about: About, trail: Trail, fact: facts.Failed) -> None:
        self._say("fault", about, trail, why=fact.reason, trace=fact.trace)

    def _closed(self, about: About, trail: Trail, fact: facts.SessionClosed) -> None:
        del self._trails[about.session]
        if not (trail.said or trail.commands) and fact.reason in SILENT:
            self._probed(Probed(about.client.host))
            return
        self._say(
            "session_closed",
            about,
            trail,
            letters=fact.letters,
            reason=fact.reason.word,
            why=fact.text,
            seconds=round(self._clock() - trail.since, 3),
            transfers=trail.transfers,
            bytes_in=trail.uploaded,
            bytes_out=trail.downloaded,
            commands=trail.commands,
            last_command=trail.last.decode("ascii"),
        )

    # -- the gateway ------------------------------------------------------------------------------

    def _probed(self, news: Probed) -> None:
        self.probes += 1
        count = self._seldom.count("probe", self._clock())
        if count:
            self._write("probed", {"client_ip": news.client, "count": count})

    def _refused(self, news: Refused) -> None:
        """Who is banned comes again and again: once a minute each, with how often."""
        event, fields = told(news)
        if news.ban is not None:
            count = self._seldom_of_peers.count(news.ban.who.name, self._clock())
            if not count:
                return
            fields["count"] = count
        self._write(event, fields)

    def _resource(self, news: facts.Resource) -> None:
        count = self._seldom.count(news.what.value, self._clock())
        if count:
            what, used, limit = news.what.value, news.used or None, news.limit or None
            self._write("resource", {"what": what, "used": used, "limit": limit, "count": count})


Write = Callable[..., None]

OF_SESSIONS: dict[type, Write] = {
    facts.SessionOpened: Records._began,
    facts.TlsStands: Records._tls,
    facts.LoggedIn: Records._login,
    facts.AccountLoggedIn: Records._account,
    facts.LoginRefused: Records._login_refused,
    facts.CommandAnswered: Records._answered,
    facts.CommandBarred: Records._barred,
    facts.OverQuota: lambda r, a, t, fact: r._say("over_quota", a, t, **quota_of(fact, t)),
    facts.TransferOver: Records._transfer,
    facts.Intruded: Records._intruded,
    facts.Resource: lambda records, about, trail, fact: records.tell(fact),
    facts.ServerUnreachable: Records._unreachable,
    facts.TlsFailed: Records._tls_failed,
    facts.ProtocolError: Records._protocol,
    facts.Failed: Records._failed,
    facts.SessionClosed: Records._closed,
    facts.Shadowed: Records._shadowed,
    facts.Noted: Records._noted,
}
"""Which fact makes which record; the lines of the dialogues are the ladder's."""

COUNTED: dict[type, Write] = {
    Probed: Records._probed,
    facts.Resource: Records._resource,
    Refused: Records._refused,
}
"""What may happen to the gateway a thousand times a second."""
