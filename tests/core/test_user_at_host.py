"""The ways a client names the server it wants."""

from __future__ import annotations

from typing import Any, ClassVar

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.routes import Server
from ftpalg.core.wire.errors import BadArgument
from ftpalg.core.wire.user_at_host import (
    Dialect,
    Lack,
    Named,
    Read,
    parent_user,
    parse_server,
    parse_user,
    parse_where,
    reading,
    split_password,
)


class Users(SynchronousTestCase):
    """``parse_user``."""

    def test_user(self) -> None:
        """The last @ splits, because an account may hold one (RFC 1919)."""
        for argument, login in (
            (None, Named(user=b"")),
            (b"bob", Named(user=b"bob")),
            (b"bob@host", Named(Dialect.USER_SERVER, b"bob", Server("host", 21))),
            (b"bob@host:2121", Named(Dialect.USER_SERVER, b"bob", Server("host", 2121))),
            (
                b"bob@corp.example@host",
                Named(Dialect.USER_SERVER, b"bob@corp.example", Server("host", 21)),
            ),
            (b"b\xe9b@host", Named(Dialect.USER_SERVER, b"b\xe9b", Server("host", 21))),
        ):
            self.assertEqual(parse_user(argument), login)

    def test_no_user(self) -> None:
        """A server without a user is refused with 501."""
        self.assertEqual(self.assertRaises(BadArgument, parse_user, b"@host").code, 501)

    def test_account_still_wanted(self) -> None:
        """Each dialect of an account, and what it names."""
        server, ported = Server("host"), Server("host", 2121)
        for dialect, argument, named in (
            (
                Dialect.USER_ACCOUNT_SERVER,
                b"u@f@host",
                Named(user=b"u", server=server, account=b"f"),
            ),
            (Dialect.USER_ACCOUNT_SERVER, b"u@c@f@host:2121", Named(None, b"u@c", ported, b"f")),
            (Dialect.ACCOUNT_USER_SERVER, b"f@u@host", Named(None, b"u", server, b"f")),
            (Dialect.ACCOUNT_USER_SERVER, b"f@u@c@host", Named(None, b"u@c", server, b"f")),
            (Dialect.ACCOUNT_COLON_USER, b"f:u@host", Named(None, b"u", server, b"f")),
            (Dialect.ACCOUNT_COLON_USER, b"f:u:c@d@host", Named(None, b"u:c@d", server, b"f")),
            (Dialect.USER_SERVER_ACCOUNT, b"u@host f", Named(None, b"u", server, b"f")),
            (
                Dialect.USER_SERVER_ACCOUNT,
                b"u@c@host:2121 f g",
                Named(None, b"u@c", ported, b"f g"),
            ),
            (Dialect.ACCOUNT_SERVER, b"f@host", Named(None, None, server, b"f")),
            (Dialect.ACCOUNT_SERVER, b"f@c@host:2121", Named(None, None, ported, b"f@c")),
            (Dialect.USER_SERVER, b"u@host", Named(None, b"u", server)),
            (Dialect.USER_SERVER_PORT, b"u@host 2121", Named(None, b"u", ported)),
        ):
            found = parse_user(argument, (dialect,), account=True)
            expected = named._replace(dialect=found.dialect)
            self.assertEqual(found, expected)
        self.assertEqual(parse_user(b"f", account=True), Named(account=b"f"))
        self.assertEqual(parse_user(None, account=True), Named(account=b""))

    def test_not_fitting(self) -> None:
        """A dialect that does not fit leaves the argument to the next; the last refuses."""
        only = (Dialect.USER_ACCOUNT_SERVER, Dialect.ACCOUNT_COLON_USER)
        for argument in (b"u@host", b"@u@host", b"u@@host", b":u@host", b"u:@host"):
            self.assertRaises(BadArgument, parse_user, argument, only, account=True)
            both = (*only, Dialect.ACCOUNT_SERVER)
            found = parse_user(argument, both, account=True)
            self.assertEqual(found.account, argument.rpartition(b"@")[0])
        self.assertRaises(BadArgument, parse_user, b"u@f@host", only)

    def test_tail(self) -> None:
        """Digits are a port where that is spoken; else, or with more words, the account."""
        both = (Dialect.USER_SERVER_PORT, Dialect.USER_SERVER_ACCOUNT)
        found = parse_user(b"u@host 2121", both, account=True)
        self.assertEqual((found.server, found.account), (Server("host", 2121), None))
        found = parse_user(b"u@host 2121", both[1:], account=True)
        self.assertEqual((found.server, found.account), (Server("host"), b"2121"))
        found = parse_user(b"u@host 2121 f", both, account=True)
        self.assertEqual((found.server, found.account), (Server("host"), b"2121 f"))
        for argument, account in (
            (b"u@host f", False),
            (b"u@host 21 f", False),
            (b"u@host  f", False),
        ):
            self.assertRaises(BadArgument, parse_user, argument, both, account=account)
        self.assertRaises(BadArgument, parse_user, b"u@host f", both[:1], account=True)

    def test_tail_is_no_part_of_another_dialect(self) -> None:
        """With an account behind the server a user may be a mail address."""
        found = parse_user(b"u@corp@host f", account=True)
        wanted = Named(Dialect.USER_SERVER_ACCOUNT, b"u@corp", Server("host"), b"f")
        self.assertEqual(found, wanted)

    def test_no_dialect_of_user(self) -> None:
        """Where USER names no server every sign in it is the name's."""
        for account in (False, True):
            found = parse_user(b"u@f@host:0", (Dialect.OPEN, Dialect.SITE), account=account)
            self.assertEqual(found.account if account else found.user, b"u@f@host:0")
            self.assertIsNone(found.server)

    @given(
        st.one_of(st.none(), st.binary(max_size=40), st.text("ab.@%:[] 1\xe9", max_size=30)),
        st.permutations(tuple(Dialect)),
        st.integers(0, 12),
        st.sampled_from((b"@", b"%", b"@%#", b"*")),
        st.booleans(),
    )
    def test_any_bytes(
        self,
        argument: bytes | str | None,
        dialects: list[Dialect],
        number: int,
        signs: bytes,
        account: bool,
    ) -> None:
        """Any bytes are read or refused; what is read is in the argument, word for word."""
        said = argument.encode() if isinstance(argument, str) else argument
        spoken = tuple(dialects[:number])
        try:
            named = parse_user(said, spoken, signs, account=account)
        except BadArgument:
            return
        self.assertIn(named.dialect, (None, Dialect.USER_SERVER, *spoken))
        self.assertTrue(account or named.account is None)
        for word in (named.user, named.account):
            self.assertIn(word or b"", said or b"")
        if named.server is not None:
            self.assertIn(named.server.host.encode(), said or b"")
            self.assertTrue(1 <= named.server.port <= 65535)
            self.assertTrue(named.user or named.account)

    WORD = st.binary(min_size=1, max_size=8).filter(lambda word: not set(word) & set(b"@: "))
    WHERE = st.sampled_from((Server("host"), Server("h.example", 2121), Server("::1", 65535)))
    SPELLINGS: ClassVar = {
        Dialect.USER_ACCOUNT_SERVER: b"%(user)b@%(account)b@%(server)b",
        Dialect.ACCOUNT_USER_SERVER: b"%(account)b@%(user)b@%(server)b",
        Dialect.ACCOUNT_COLON_USER: b"%(account)b:%(user)b@%(server)b",
        Dialect.USER_SERVER_ACCOUNT: b"%(user)b@%(server)b %(account)b",
        Dialect.ACCOUNT_SERVER: b"%(account)b@%(server)b",
        Dialect.USER_SERVER_PORT: b"%(user)b@%(host)b %(port)d",
        Dialect.USER_SERVER: b"%(user)b@%(server)b",
    }

    @given(st.sampled_from(sorted(SPELLINGS, key=lambda d: d.name)), WORD, WORD, WHERE)
    def test_round_trip(
        self, dialect: Dialect, user: bytes, account: bytes, server: Server
    ) -> None:
        """What a client of a dialect says is read as it was meant."""
        spelling = self.SPELLINGS[dialect]
        where = str(server).encode()
        host = where.rpartition(b":")[0]
        words = {b"user": user, b"account": account, b"server": where}
        argument = spelling % {**words, b"host": host, b"port": server.port}
        named = parse_user(argument, (dialect,), account=True)
        self.assertEqual(named.user, user if b"(user)" in spelling else None)
        self.assertEqual(named.account, account if b"(account)" in spelling else None)
        self.assertEqual(named.server, server)


class Parents(SynchronousTestCase):
    """``parent_user``: what a parent FTP proxy is told."""

    def test_written(self) -> None:
        """The user, the server, and its port where it is not 21."""
        for user, server, argument in (
            (b"bob", Server("host"), b"bob@host"),
            (b"bob", Server("host", 2121), b"bob@host:2121"),
            (b"b\xe9b:x", Server("::1"), b"b\xe9b:x@[::1]"),
            (b"", Server("::1", 990), b"@[::1]:990"),
        ):
            self.assertEqual(parent_user(user, server), argument)

    def test_another_server(self) -> None:
        """What a parent could read as another server is refused, and the sentence names the remedy."""
        for user in (b"u@evil", b"u@evil 21", b"u evil", b" u", b"u ", b"u\tx", b"@", b"u@"):
            error = self.assertRaises(BadArgument, parent_user, user, Server("good"))
            self.assertEqual(error.code, 501)
            self.assertIn("separators-in-user", str(error))
        for user in (b"u%evil", b"u#evil", b"u@evil"):
            self.assertRaises(BadArgument, parent_user, user, Server("good"), b"%#")
        self.assertEqual(parent_user(b"u%x", Server("good"), b"@"), b"u%x@good")

    def test_allowed(self) -> None:
        """Where the parent is known to read from the right, every user passes."""
        for user in (b"u@corp.example", b"u x", b"u%x"):
            self.assertEqual(parent_user(user, Server("h"), b"%", allow=True), user + b"@h")


class Passwords(SynchronousTestCase):
    """``split_password``: the server's first, then the gateway's."""

    def test_split(self) -> None:
        """E splits at the last sign, L at the first, N at the first colon: RFC 1919 for names."""
        for dialect, text, both in (
            (Dialect.USER_ACCOUNT_SERVER, b"p@q@fp", (b"p@q", b"fp")),
            (Dialect.ACCOUNT_USER_SERVER, b"fp@p@q", (b"p@q", b"fp")),
            (Dialect.ACCOUNT_COLON_USER, b"fp:p:q@r", (b"p:q@r", b"fp")),
        ):
            self.assertEqual(split_password(dialect, text, b"@"), both)
        self.assertEqual(
            split_password(Dialect.USER_ACCOUNT_SERVER, b"p@q#fp", b"#@"), (b"p@q", b"fp")
        )

    def test_not_joined(self) -> None:
        """One password alone is no guess at any."""
        for dialect in (
            Dialect.USER_ACCOUNT_SERVER,
            Dialect.ACCOUNT_USER_SERVER,
            Dialect.ACCOUNT_COLON_USER,
        ):
            for text in (b"", b"p", b"@p", b"p@", b":p", b"p:"):
                self.assertRaises(BadArgument, split_password, dialect, text, b"@")


class Wheres(SynchronousTestCase):
    """``parse_where``: the argument of SITE and OPEN."""

    def test_where(self) -> None:
        """A port behind a colon or a space; spaces around do not count."""
        for text, server in (
            (b"host", Server("host")),
            (b" host ", Server("host")),
            (b"host:2121", Server("host", 2121)),
            (b"host 2121", Server("host", 2121)),
            (b"host   2121 ", Server("host", 2121)),
            (b"[::1] 2121", Server("::1", 2121)),
        ):
            self.assertEqual(parse_where(text), server)

    def test_refused(self) -> None:
        """Nothing else."""
        for text in (None, b"", b" ", b"host x", b"host:21 21", b"host 21 21", b"CHMOD 644 x"):
            self.assertRaises(BadArgument, parse_where, text)


class Servers(SynchronousTestCase):
    """``parse_server``."""

    def test_servers(self) -> None:
        """A name, an IPv4 address or a bracketed IPv6 address, with or without a port."""
        for text, server in (
            (b"host", Server("host")),
            (b"ftp.example.", Server("ftp.example.")),
            (b"a_b-c.example:990", Server("a_b-c.example", 990)),
            (b"192.0.2.1:1", Server("192.0.2.1", 1)),
            (b"[2001:db8::1]", Server("2001:db8::1")),
            (b"[::1]:65535", Server("::1", 65535)),
            (b"host:00021", Server("host", 21)),
            (b"host:" + b"0" * 5000 + b"21", Server("host", 21)),
        ):
            self.assertEqual(parse_server(text), server)

    def test_refused(self) -> None:
        """Anything else is refused with a sentence."""
        for text in (b"", b"a b", b"-host", b"host..x", b".host", b"::1", b"[::1", b"[host]", b"[]",
                     b"[::1]x", b"[::1]21", b"h\xe9te", b"a/b", b"a" * 64, b"a." * 127 + b"a",
                     b"h\r\nx", b"[::g]"):  # fmt: skip
            self.assertRaises(BadArgument, parse_server, text)
        for text in (b"host:", b"host:0", b"host:65536", b"host:x", b"host:+1", b"host:1234567",
                     b"host:0000000070000", b"host:" + b"1" * 4500,
                     b"[::1]:", b"host:21:21"):  # fmt: skip
            error = self.assertRaises(BadArgument, parse_server, text)
            self.assertEqual(str(error), "The server's port must be a number from 1 to 65535.")

    @given(st.binary(max_size=20))
    def test_any_bytes(self, text: bytes) -> None:
        """Any bytes are a server that can be written again, or a refusal."""
        try:
            server = parse_server(text)
        except BadArgument:
            return
        self.assertEqual(parse_server(str(server).encode()), server)


class Reading(SynchronousTestCase):
    """``reading``: each dialect that is asked, and why it does not read the words."""

    def read(self, argument: bytes, *dialects: Dialect, **how: Any) -> list[Read]:
        """The whole of it."""
        asked: dict[str, Any] = {"account": False, "told": False, "is_account": None} | how
        return [*reading(argument, dialects, b"@", **asked)]

    def test_one_name(self) -> None:
        """Where there is nothing to take apart the whole is one name."""
        for argument, told, dialect, lack in (
            (b"bob@host", True, Dialect.USER_SERVER, Lack.TOLD),
            (b"bob", False, Dialect.USER_SERVER, Lack.SEPARATOR),
            (b"bob@host", False, Dialect.SITE, Lack.DIALECTS),
        ):
            found = self.read(argument, dialect, told=told)
            self.assertEqual(found, [Read(None, lack, Named(user=argument))])

    def test_each(self) -> None:
        """A dialect has a command of its own, an account that nobody asks for, or another form."""
        user = Named(Dialect.USER_SERVER, b"bob", Server("host"))
        every = Dialect.SITE, Dialect.ACCOUNT_SERVER, Dialect.USER_SERVER
        self.assertEqual(
            self.read(b"bob@host", *every),
            [
                Read(Dialect.SITE, Lack.COMMAND),
                Read(Dialect.ACCOUNT_SERVER, Lack.ACCOUNT),
                Read(Dialect.USER_SERVER, None, user),
            ],
        )
        joined = Dialect.USER_ACCOUNT_SERVER, Dialect.USER_SERVER
        found = self.read(b"bob@host", *joined, account=True)
        self.assertEqual(found[0], Read(joined[0], Lack.FORM))

    def test_known(self) -> None:
        """An account that exists goes before all order."""
        found = self.read(
            b"gus@host",
            *(Dialect.USER_SERVER, Dialect.ACCOUNT_SERVER),
            account=True,
            is_account=(b"gus",).__contains__,
        )
        gus = Named(Dialect.ACCOUNT_SERVER, None, Server("host"), b"gus")
        self.assertEqual(found, [Read(Dialect.ACCOUNT_SERVER, None, gus, known=True)])
