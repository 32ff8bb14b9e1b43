"""The verdict of an explanation is what a gateway does."""

from __future__ import annotations

import os
import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config import Settings
from ftpalg.config.loading import settings_of_raw
from ftpalg.core.routes import Server
from ftpalg.explain import servers as of_servers
from ftpalg.explain.explaining import CannotAsk, explain
from ftpalg.explain.question import Question
from ftpalg.explain.servers import BEHIND, ITSELF, MACHINE, SPECIAL
from ftpalg.explain.steps import Explanation, Kind, Outcome
from ftpalg.explain.talk import Talk
from ftpalg.net import judging, own_addresses
from tests.explain.gateways import Came, Gateway, arriving

EXAMPLES = 5_000 if os.environ.get("FTPALG_LONG") else 1_000
"""Configurations and sessions; ``FTPALG_LONG`` asks for more of them."""
HERE = ("10.9.9.9", "127.0.0.1", "::1", "0.0.0.0", "::")
"""This machine's addresses."""

NETWORKS = st.sampled_from(
    ("10.0.0.0/8", "127.0.0.0/8", "127.0.0.1", "198.51.100.0/24", "0.0.0.0/0", "::/0", "10.9.9.9")
)
NAMES = st.sampled_from(("*", "*.example.net", "files.example.net", "x.example", "127.0.0.1"))
SOME = st.sampled_from(("*", "an*", "bert", "bob", "files.example.net", "*.example"))
HOSTS = ("files.example.net", "x.example", "localhost", "198.51.100.7", "127.0.0.1", "10.9.9.9")
SERVERS = st.sampled_from((*HOSTS, "files.example.net:2121", "x.example:22", "127.0.0.1:1025"))
URLS = st.sampled_from(
    ("ftp://fixed.example", "ftpes://x.example", "ftps://[2001:db8::9]", "ftp://127.0.0.1:1025")
)


def lists(of: Any, most: int = 2) -> Any:
    """Some of them."""
    return st.lists(of, max_size=most, unique=True)


def table(**keys: Any) -> Any:
    """A table that has each of these keys or not."""
    return st.fixed_dictionaries({}, optional=keys)


TLS = st.sampled_from(("off", "explicit", "implicit", "auto", "match"))
ACCESS = table(
    allow=st.booleans(),
    clients=lists(NETWORKS),
    accounts=lists(SOME),
    names=lists(NAMES),
    networks=lists(NETWORKS),
    ports=lists(st.sampled_from((21, 22, "1000-3000"))),
    shadow=st.booleans(),
)
ROUTE = table(
    clients=lists(NETWORKS),
    accounts=lists(SOME),
    sni=lists(SOME, 1),
    hosts=lists(SOME, 1),
    users=lists(SOME),
    destinations=lists(st.sampled_from(("*.net", "x.example", "127.0.0.1:1025", "*:2121"))),
    server=lists(st.sampled_from(("ftp://a.example", "ftp://b.example", "ftp://x.example"))),
    shadow=st.booleans(),
    parent=st.sampled_from(("office", "old")),
)
MORE = {
    "server-tls": TLS,
    "server-mode": st.sampled_from(("passive", "active", "client")),
    "source-address": st.sampled_from(("192.0.2.200", "2001:db8::5", "client")),
    "user": st.just("upload"),
}
LISTENER = {
    "client-tls": st.sampled_from(("off", "offer", "require", "implicit")),
    "accounts": st.booleans(),
    "intercept": st.sampled_from(("off", "redirect")),
}
DIALECTS = (
    *("SITE server", "OPEN server", "HOST server", "SNI server", "AUTH account"),
    *("user@account@server", "account@user@server", "account:user@server", "user@server account"),
    *("account@server", "user@server port", "user@server"),
)


@st.composite
def configurations(draw: Any) -> Settings:
    """Settings that hold together, whatever is not dropped."""
    routes = [
        draw(ROUTE)
        | {key: draw(some) for key, some in MORE.items() if draw(st.integers(0, 7)) == 7}
        for _ in range(draw(st.integers(0, 3)))
    ]
    raw: dict[str, Any] = {
        "listen": ["127.0.0.1:1025"],
        "listeners": [
            {"endpoint": f"127.0.0.1:{2000 + at}"}
            | {key: draw(some) for key, some in LISTENER.items() if draw(st.booleans())}
            for at in range(draw(st.integers(0, 1)))
        ],
        "client-tls": {"certificate": "c", "private-key": "k"},
        "access": {
            "clients": draw(lists(NETWORKS) | st.just(["0.0.0.0/0", "::/0"])),
            "servers": draw(st.lists(ACCESS, max_size=3)),
        },
        "routes": routes,
        "parents": [
            {"name": "office", "url": "socks5://proxy.example"},
            {"name": "old", "url": draw(st.sampled_from(("ftp://192.0.2.99", "ftp://p.example")))},
        ],
        "server-tls": {
            "rules": [
                {"server": draw(NAMES), "mode": draw(TLS)} for _ in range(draw(st.integers(0, 2)))
            ]
        },
    }
    for key, some in (
        ("server", URLS),
        ("parent", st.sampled_from(("office", "old"))),
        ("source-address", st.sampled_from(("192.0.2.200", "2001:db8::5"))),
        ("server-mode", st.sampled_from(("passive", "client"))),
        ("login", table(dialects=lists(st.sampled_from(DIALECTS), 12), separators=st.just("%@"))),
        (
            "accounts",
            st.fixed_dictionaries(
                {"auth": st.just(["memory:anna:x"])}, optional={"required": st.booleans()}
            ),
        ),
    ):
        if draw(st.integers(0, 2)) == 2:
            raw[key] = draw(some)
    found, _ = settings_of_raw(raw)  # what is at fault has its default
    return found


USERS = st.sampled_from(
    (
        *(b"bob", b"anna", b"", b"bob@x.example", b"anna@files.example.net", b"\xff@x.example"),
        *(b"bob@anna@x.example", b"anna@bob@x.example", b"anna:bob@x.example", b"@x.example"),
        *(b"bob@x.example anna", b"bob@x.example 2121", b"bob@x.example 22", b"bob@caf\xc3\xa9"),
        *(b"bob@localhost", b"bob@2130706433", b"bob@[::1]", b"bob@10.9.9.9", b"bob\x1b@x.example"),
        *(b"bob%x.example", b"b" * 5000, b"b\0b@x.example", b"b@127.0.0.1:1025"),
    )
)
ADDRESSES = st.sampled_from(
    (
        *("198.51.100.7", "127.0.0.1", "10.9.9.9", "169.254.169.254", "2001:db8:9::9", "::1"),
        *("::ffff:127.0.0.1", "203.0.113.80"),
    )
)
SESSIONS = st.builds(
    Question,
    client=st.sampled_from(("10.1.2.3", "127.0.0.1", "203.0.113.9", "2001:db8::7", "10.9.9.9")),
    listener=st.integers(0, 1),
    user=st.none() | USERS,
    account=st.none() | st.sampled_from((b"anna", b"bert", b"anna@corp.example")),
    to=st.none() | SERVERS.map(lambda text: Server(*split(text))),
    host=st.none() | st.sampled_from((b"files.example.net", b"x.example", b"h\xff", b"h:21")),
    sni=st.sampled_from(("", "", "files.example.net", "x.example", "no name")),
    tls=st.booleans(),
    addresses=st.lists(ADDRESSES, min_size=1, max_size=3, unique=True).map(tuple),
    look_up=st.none(),
)


def split(text: str) -> tuple[str, int]:
    """Host and port."""
    host, _, port = text.partition(":")
    return host, int(port or 21)


def is_local(address: str) -> bool:
    """As if this machine had those addresses."""
    return address in HERE or address.startswith("127.")


def taken(found: Explanation, table: str, *, shadow: bool = False) -> list[str]:
    """The rules of a table that were taken, or would have been."""
    return [
        one.rule
        for one in found.steps
        if one.table == table and one.outcome is Outcome.TAKEN and one.shadow is shadow
    ]


def decider(said: str) -> str:
    """The rule of access that says so; nothing where it is none of them."""
    denied = re.search(r"is denied by rule (\d+) of access", said)
    if denied:
        return f"access.servers[{int(denied[1]) - 1}]"
    found = (rule for words, rule in DECIDERS.items() if words in said)
    return next(found, "")


DECIDERS = {
    "is this gateway itself": ITSELF,
    "own machine, which only": MACHINE,
    "would be the parent": MACHINE,
    "may lead to the parent": "names of a machine itself",
    "is not among access": BEHIND,
    ", which only a rule in access.servers that names its network": SPECIAL,
}
"""Whose words those are."""


class Equal(SynchronousTestCase):
    """Random configurations and sessions."""

    def setUp(self) -> None:
        arriving(self)
        for module in (judging, own_addresses, of_servers):
            self.patch(module, "is_local", is_local)
        self.said: list[bytes] = []
        say = Talk.say

        def noted(talk: Talk, line: bytes) -> None:
            self.said.append(line)
            say(talk, line)

        self.patch(Talk, "say", noted)
        self.seen: dict[str, int] = {}

    def asked(self, found: Settings, question: Question) -> tuple[Explanation, Came]:
        """What is explained, and what a gateway does with the same words."""
        self.said.clear()
        explained = explain(found, question)
        listener = found.all_listeners[question.listener]
        intercepts = listener.intercept is not None and listener.intercept.value != "off"
        destination = question.to if intercepts else None
        came = Gateway(found, question.addresses).came(
            question.listener, question.client, destination, question.sni, [*self.said]
        )
        return explained, came

    def test_verdicts(self) -> None:
        """What becomes of each session is what was explained."""
        self.compare()
        for kind in ("goes", "refused", "nowhere", "parent", "account", "shadow", "several"):
            self.assertGreater(self.seen.get(kind, 0), EXAMPLES // 200, self.seen)

    def test_cases(self) -> None:
        """What chance seldom brings about."""
        office = {"parent": "office", "parents": [{"name": "office", "url": "socks5://p.example"}]}
        old = {"parent": "old", "parents": [{"name": "old", "url": "ftp://p.example"}]}
        auth = {"accounts": {"auth": ["memory:anna:x"]}}
        deny = {"access": {"servers": [{"allow": False}]}}
        opens = {"networks": ["10.9.9.9"], "shadow": True}
        opening = {"access": {"servers": [opens]}}
        twice = ("127.0.0.1", "203.0.113.80", "::ffff:127.0.0.1")
        x, user = b"bob@x.example", ("198.51.100.7",)
        for raw, said, addresses, kind in (
            (office | deny, x, twice, Kind.REFUSED),
            (old, x, ("2001:db8::9", *user), Kind.GOES),
            (old, x, user, Kind.GOES),
            (old, b"b ob@x.example", user, Kind.REFUSED),
            (auth, b"", user, Kind.REFUSED),
            (auth, b"bob@anna@x.example", user, Kind.GOES),
            (auth, b"bob@x.example anna", user, Kind.GOES),
            ({}, x, ("10.9.9.9",), Kind.REFUSED),
            ({}, x, (), Kind.GOES),
            (opening, x, (*user, "10.9.9.9"), Kind.GOES),
            (opening, x, ("10.9.9.9", *user), Kind.GOES),
        ):
            found, faults = settings_of_raw({"listen": ["127.0.0.1:1025"], **raw})
            self.assertEqual(faults, [])
            question = Question("127.0.0.1" if raw else "10.1.2.3", user=said, addresses=addresses)
            explained, came = self.asked(found, question)
            self.assertIs(explained.verdict.kind, kind, explained.verdict)
            if addresses:
                self.equal(explained, came)

    @settings(max_examples=EXAMPLES, derandomize=True, database=None)
    @given(configurations(), SESSIONS)
    def compare(self, found: Settings, question: Question) -> None:
        """One of them."""
        at = min(question.listener, len(found.all_listeners) - 1)
        try:
            explained, came = self.asked(found, question._replace(listener=at))
        except CannotAsk:
            return
        self.count(explained, came)
        self.equal(explained, came)

    def equal(self, explained: Explanation, came: Came) -> None:
        """Both say the same."""
        verdict = explained.verdict
        sent = tuple(said for arrow, said in explained.said if arrow == "P -> S")
        self.assertEqual(sent, came.sent)
        codes = tuple(int(said[:3]) for arrow, said in explained.said if arrow == "C <- P")
        if came.codes:
            self.assertEqual(codes, came.codes)
        self.assertEqual(verdict.kind is Kind.GOES, came.server is not None, (verdict, came))
        if verdict.kind is Kind.GOES:
            self.goes(explained, came)
        else:
            heard = verdict.sentence if verdict.code else ""  # before any word of TLS's or ours
            self.assertEqual((verdict.code, heard), (came.code, came.text))
            if decider(came.text):
                self.assertEqual(verdict.rule, decider(came.text))
        told = {rule.partition(": ")[2] or rule for rule in came.shadows}
        self.shadows(explained, told)

    def goes(self, explained: Explanation, came: Came) -> None:
        """Whither, and how."""
        verdict = explained.verdict
        assert came.server is not None
        self.assertEqual(verdict.route, came.route)
        self.assertEqual(taken(explained, "routes"), [came.route or "the general settings"])
        self.assertEqual(verdict.mode, came.mode)
        self.assertEqual(verdict.account, came.account)
        self.assertEqual(verdict.parent.partition(" ")[0], came.parent)
        if verdict.address:
            self.assertEqual(verdict.address, came.address.removeprefix("::ffff:"))
        word = {"off": "in clear", "auto": "(auto)", "implicit": "(implicit)"}
        kind, _, secured = came.tls.partition(" ")
        wanted = word.get(kind, "(explicit)" if secured else "(match)")
        self.assertIn(wanted, verdict.tls)

    def shadows(self, explained: Explanation, told: set[str]) -> None:
        """The shadows of which the gateway tells are those that would have been taken."""
        if explained.verdict.kind is not Kind.GOES:
            return  # it may have told of several decisions
        for table in ("access.servers", "routes"):
            mine = {rule for rule in told if rule.startswith(table)}
            self.assertEqual(set(taken(explained, table, shadow=True)), mine)

    def count(self, explained: Explanation, came: Came) -> None:
        """What kinds of cases there were."""
        verdict = explained.verdict
        for name, is_one in (
            (verdict.kind.value, True),
            ("parent", came.parent),
            ("account", came.account),
            ("shadow", came.shadows),
            ("several", len(explained.steps) > 25),
        ):
            self.seen[name] = self.seen.get(name, 0) + bool(is_one)
