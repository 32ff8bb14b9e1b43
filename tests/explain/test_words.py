"""What a client says, in each dialect that a listener speaks."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.routes import Server
from ftpalg.core.wire.user_at_host import Dialect
from ftpalg.explain.question import Question
from ftpalg.explain.words import WITH_ACCOUNT, WITHOUT_ACCOUNT, login

QUESTION = Question("10.1.2.3", user=b"bob", account=b"gus", to=Server("::1", 2121))


class Login(SynchronousTestCase):
    """``login``."""

    def said(
        self, *dialects: Dialect, accounts: bool = False, intercepted: bool = False, **more: Any
    ) -> list[str]:
        """The commands."""
        question = QUESTION._replace(**more)
        found = login(question, dialects, b"%@", accounts=accounts, intercepted=intercepted)
        return [line.decode() for line in found]

    def test_without_account(self) -> None:
        """A server is named by what is spoken; USER before all else."""
        for dialect, said in (
            (Dialect.USER_SERVER, ["USER bob%[::1]:2121"]),
            (Dialect.USER_SERVER_PORT, ["USER bob%[::1]:2121"]),
            (Dialect.SITE, ["SITE [::1]:2121", "USER bob"]),
            (Dialect.OPEN, ["OPEN [::1]:2121", "USER bob"]),
            (Dialect.HOST, ["HOST [::1]:2121", "USER bob"]),
            (Dialect.SNI, ["USER bob"]),
        ):
            self.assertEqual(self.said(dialect), said)
        self.assertEqual(self.said(*WITHOUT_ACCOUNT, to=Server("h")), ["USER bob%h"])

    def test_account_first(self) -> None:
        """The account is said first where that leaves a way to name the server; HOST comes before it."""
        said = self.said(Dialect.SITE, Dialect.ACCOUNT_SERVER, accounts=True)
        self.assertEqual(said, ["USER gus", "SITE [::1]:2121", "USER bob"])
        said = self.said(Dialect.HOST, accounts=True)
        self.assertEqual(said, ["HOST [::1]:2121", "USER gus", "USER bob"])

    def test_account_joined(self) -> None:
        """Else with the server, in one breath."""
        for dialect, said in (
            (Dialect.USER_ACCOUNT_SERVER, ["USER bob%gus%h"]),
            (Dialect.ACCOUNT_USER_SERVER, ["USER gus%bob%h"]),
            (Dialect.ACCOUNT_COLON_USER, ["USER gus:bob%h"]),
            (Dialect.USER_SERVER_ACCOUNT, ["USER bob%h gus"]),
            (Dialect.ACCOUNT_SERVER, ["USER gus%h", "USER bob"]),
        ):
            self.assertEqual(self.said(dialect, accounts=True, to=Server("h")), said)
            self.assertEqual(self.said(dialect, to=Server("h")), ["USER bob"])
        self.assertEqual(len(WITH_ACCOUNT), 5)

    def test_no_server(self) -> None:
        """Nobody names a server that the packets were for, or where none is asked for."""
        self.assertEqual(self.said(Dialect.USER_SERVER, intercepted=True), ["USER bob"])
        self.assertEqual(self.said(Dialect.USER_SERVER, to=None), ["USER bob"])
        self.assertEqual(
            self.said(to=None, user=None, accounts=True), ["USER gus", "USER anonymous"]
        )
