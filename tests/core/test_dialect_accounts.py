"""USER with an account of the gateway in it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.routes import Server
from ftpalg.core.wire.errors import BadArgument
from ftpalg.core.wire.user_at_host import DEFAULT_DIALECTS, Dialect, Named, parse_user


class Accounts(SynchronousTestCase):
    """``parse_user`` where it is known which accounts there are."""

    NAMES = frozenset({b"gus@corp.example", b"gus", b"sue smith@corp.example", b"joe%corp@x"})

    def is_account(self, name: bytes) -> bool:
        """True for ours."""
        return name in self.NAMES

    def read(
        self,
        argument: bytes,
        dialects: tuple[Dialect, ...] = DEFAULT_DIALECTS,
        separators: bytes = b"@",
    ) -> Named:
        """What is read while an account is wanted."""
        return parse_user(argument, dialects, separators, account=True, is_account=self.is_account)

    def test_mail_addresses(self) -> None:
        """An account that exists is recognised in every dialect, whatever separators it holds."""
        mail, server, ported = b"gus@corp.example", Server("host"), Server("host", 2121)
        for argument, named in (
            (mail, Named(account=mail)),
            (mail + b"@host", Named(Dialect.ACCOUNT_SERVER, None, server, mail)),
            (mail + b"@host:2121", Named(Dialect.ACCOUNT_SERVER, None, ported, mail)),
            (mail + b"@host 2121", Named(Dialect.ACCOUNT_SERVER, None, ported, mail)),
            (b"bob@" + mail + b"@host", Named(Dialect.USER_ACCOUNT_SERVER, b"bob", server, mail)),
            (b"b@c@" + mail + b"@host", Named(Dialect.USER_ACCOUNT_SERVER, b"b@c", server, mail)),
            (b"bob@host " + mail, Named(Dialect.USER_SERVER_ACCOUNT, b"bob", server, mail)),
            (b"b@c@host:2121 " + mail, Named(Dialect.USER_SERVER_ACCOUNT, b"b@c", ported, mail)),
            (
                b"bob@host sue smith@corp.example",
                Named(Dialect.USER_SERVER_ACCOUNT, b"bob", server, b"sue smith@corp.example"),
            ),
            (mail + b":bob@host", Named(Dialect.ACCOUNT_COLON_USER, b"bob", server, mail)),
        ):
            self.assertEqual(self.read(argument), named, argument)
        found = self.read(mail + b"@bob@c@host", (Dialect.ACCOUNT_USER_SERVER,))
        self.assertEqual(found, Named(Dialect.ACCOUNT_USER_SERVER, b"bob@c", server, mail))
        found = self.read(b"joe%corp@x%host", separators=b"%@")
        self.assertEqual(found, Named(Dialect.ACCOUNT_SERVER, None, server, b"joe%corp@x"))

    def test_as_without_it(self) -> None:
        """Where no reading names an account that exists, or nobody knows, the wire decides."""
        for argument in (
            b"joe@host", b"joe@corp.example@host", b"u@joe@host", b"u@host joe", b"joe:u@host", b"joe",
            b"u@host 2121", b"", b"u@joe@host:2121", b"@gus@host", b"gus:@host", b"gus@corp.example@@host",
        ):  # fmt: skip
            expected = parse_user(argument, account=True)
            self.assertEqual(self.read(argument), expected)
            for known in ({}, {argument: False}):
                found = parse_user(argument, account=True, is_account=known.get)
                self.assertEqual(found, expected)
        for argument in (b"joe@-x", b"@host", b"u@host:0"):
            self.assertRaises(BadArgument, self.read, argument)

    def test_order(self) -> None:
        """Of several that exist the first dialect's counts, and the whole before its parts."""
        found = self.read(b"gus@gus@host")
        self.assertEqual(found, Named(Dialect.USER_ACCOUNT_SERVER, b"gus", Server("host"), b"gus"))
        self.assertEqual(self.read(b"gus@corp.example").account, b"gus@corp.example")
        self.assertEqual(self.read(b"gus@other.example").account, b"gus")

    def test_only_what_is_spoken(self) -> None:
        """A dialect that is not accepted is no reading, whoever exists."""
        self.assertRaises(
            BadArgument, self.read, b"bob@gus@corp.example@host", (Dialect.USER_SERVER_ACCOUNT,)
        )
        found = self.read(b"bob@host gus@corp.example", (Dialect.USER_ACCOUNT_SERVER,))
        self.assertEqual(found.dialect, Dialect.USER_ACCOUNT_SERVER)

    def test_not_asked(self) -> None:
        """Where no account is wanted nobody is asked about one."""

        def ask(name: bytes) -> bool:
            raise AssertionError(name)

        found = parse_user(b"gus@corp.example", is_account=ask)
        self.assertEqual(found, Named(Dialect.USER_SERVER, b"gus", Server("corp.example")))

    def test_bounded(self) -> None:
        """A name of a thousand separators is looked up a few times, not a thousand."""
        asked = list[bytes]()
        for sign in (b"@", b":", b" "):
            name = b"a" + (sign + b"a") * 1000 + b"@host"
            parse_user(name, tuple(Dialect), account=True, is_account=asked.append)
        parse_user(b"u@host" + b" a" * 1000, account=True, is_account=asked.append)
        self.assertLess(len(asked), 100)

    def test_told(self) -> None:
        """Where the server is told whoever the user is, every sign in USER is the user's."""
        for argument in (b"bob@corp.example", b"@", b"bob@-x 21", b"bob"):
            self.assertEqual(parse_user(argument, told=True), Named(user=argument))
            found = parse_user(argument, told=True, account=True, is_account=self.is_account)
            self.assertEqual(found, Named(account=argument))

    @given(
        st.text("ab.@%: 1", max_size=30).map(str.encode),
        st.permutations(tuple(Dialect)),
        st.integers(0, 12),
        st.sets(st.text("ab.@%: ", max_size=6).map(str.encode), max_size=4),
    )
    def test_any_accounts(
        self, said: bytes, dialects: list[Dialect], number: int, names: set[bytes]
    ) -> None:
        """Whatever accounts there are, what is read is in the argument and spoken here."""
        spoken = tuple(dialects[:number])
        try:
            named = parse_user(said, spoken, b"@%", account=True, is_account=names.__contains__)
        except BadArgument:
            return
        self.assertIn(named.dialect, (None, Dialect.USER_SERVER, *spoken))
        for word in (named.user, named.account):
            self.assertIn(word or b"", said)
        if said in names:
            self.assertEqual(named, Named(account=said))
