"""Accounts whose passwords are hashed, on the wire: who gets in, and what a guesser holds up."""

from __future__ import annotations

import json
import re
from pathlib import Path
from statistics import median
from time import monotonic
from typing import Any

from ftpalg.net.password_hashes import Cost, made
from tests.net.hashes import line
from tests.wire.accounts import DELAY, FOLDER, OURS, THEIRS, AccountsTestCase
from tests.wire.peers import Client, echo_site

GUESSERS, OTHER, THIRD = "127.0.0.1", "127.0.0.2", "127.0.0.3"
COST = Cost()
EACH = 12
"""Guesses of one address that may wait."""


class HashedTestCase(AccountsTestCase):
    """A file of hashes, which cost what ``ftpalg account add`` makes them cost."""

    cost = COST
    bounds = ""

    @classmethod
    def file(cls) -> Path:
        """Where the accounts are."""
        return FOLDER / cls.__name__

    @classmethod
    def environment(cls) -> dict[str, str]:
        return {"FTPALG_LOG_FORMAT": "json"}

    @classmethod
    def settings(cls) -> str:
        cls.file().write_text(line("gus", OURS.decode(), cls.cost) + "ann:other\n")
        cls.file().chmod(0o600)
        return (
            super()
            .settings()
            .replace(
                f'"file:{FOLDER}/accounts", "memory:max:Gate-w0rd"]\n',
                f'"file:{cls.file()}"]\n{cls.bounds}',
            )
            .replace("ladder = true", "")
        )

    def records(self, event: str) -> list[dict[str, Any]]:
        """Those of a kind that were written."""
        found = map(json.loads, re.findall(r'\{"time".*\}', self.gateway.new_log()))
        return [one for one in found if one["event"] == event]


class LogsIn(HashedTestCase):
    """One client at a time."""

    cost = Cost(4, 1, 1)

    def test_in(self) -> None:
        """The right password: on to the server, and the record says what knew the account."""
        self.serve(lambda control: (control.login(), echo_site(control)))
        client = self.greeted()
        self.let_in(client)
        self.assertEqual(
            self.codes(client, b"USER bob@" + self.where(), b"PASS " + THEIRS), [331, 230]
        )
        self.assertTrue(client.in_step())
        self.assertTrue(self.gateway.logged('"event":"login"', 2))
        first = self.records("login")[0]
        self.assertEqual(
            (first["where"], first["account"], first["checker"]), ("gateway", "gus", "file")
        )

    def test_refused(self) -> None:
        """A wrong one, the hash itself, and an unknown name: the same words after the same delay."""
        kept = self.file().read_bytes().split(b"\n")[0].partition(b":")[2]
        for account, password in ((b"gus", b"Wr0ng"), (b"gus", kept), (b"eve", OURS)):
            self.gateway.begin()
            client = self.greeted()
            self.assertEqual(client.ask(b"USER " + account).code, 331)
            found, seconds = self.timed(client, b"PASS " + password)
            self.assertEqual(found.lines, (b"530 Login incorrect.",))
            self.assertGreaterEqual(seconds, DELAY)
            self.assertTrue(self.gateway.logged('"event":"login_refused"'))
            (record,) = self.records("login_refused")
            self.assertEqual(
                (record["where"], record["account"], record["checker"], record["why"]),
                (
                    "gateway",
                    account.decode(),
                    "file",
                    "accounts.auth[0]: unknown account or wrong password",
                ),
            )

    def test_damaged(self) -> None:
        """A file that is damaged meanwhile is told once, and who was in it is let in still."""
        good = self.file().read_bytes()
        self.addCleanup(self.file().write_bytes, good)
        self.file().write_bytes(good + b"Wr0ng\n")
        for _ in range(2):
            self.let_in(self.greeted())
        told = [
            one for one in self.records("warning") if f"{self.file()}:3: write" in one["sentence"]
        ]
        self.assertEqual([one["level"] for one in told], ["warn"])


class Guessers(HashedTestCase):
    """A hundred guesses at once, each of which costs."""

    bounds = f"waiting = 40\nwaiting-per-peer = {EACH}\n"

    def guess(self, password: bytes = b"Wr0ng") -> Client:
        """Whose answer is not waited for."""
        client = self.greeted(GUESSERS)
        client.send(b"USER gus\r\nPASS " + password + b"\r\n")
        self.assertEqual(client.code(), 331)
        return client

    def test_others(self) -> None:
        """Beyond their places guessers hear 421 at once; others are let in, and nobody stands still."""
        began = monotonic()
        made(b"x", self.cost)
        hashing = monotonic() - began
        idle = self.greeted(THIRD)
        clients = [self.greeted(GUESSERS) for _ in range(100)]
        for client in clients:
            client.send(b"USER gus\r\nPASS Wr0ng\r\n")
        self.assertTrue(self.gateway.logged('"reason":"accounts-busy"', 100 - 2 * EACH))
        waits = [self.timed(idle, b"NOOP")[1] for _ in range(9)]
        self.assertLess(median(waits), hashing / 2)
        self.let_in(self.greeted(OTHER))
        for client in clients:
            self.assertEqual(client.code(), 331)
        told = [client for client in clients if not client.hears_nothing()]
        self.assertLess(len(told), len(clients), "the other came after all of them")
        for client in told:
            self.assertIn(client.code(), (421, 530))

    def test_leave(self) -> None:
        """Who leaves while he waits gives his place back: the next of his address is asked for."""
        waiting = [self.guess() for _ in range(EACH + 2)]
        full = self.greeted(GUESSERS)
        self.assertEqual(self.codes(full, b"USER gus", b"PASS Wr0ng"), [331, 421])
        for client in waiting:
            client.close()
        self.assertTrue(self.gateway.left())
        self.let_in(self.greeted(GUESSERS))

    def test_reasons(self) -> None:
        """The record of one that was turned away says why, and it is no wrong login."""
        waiting = [self.guess() for _ in range(EACH + 2)]
        client = self.greeted(GUESSERS)
        port = client.sock.getsockname()[1]
        self.assertEqual(self.codes(client, b"USER gus", b"PASS Wr0ng"), [331, 421])
        self.assertEqual(client.rest(), b"")
        self.assertTrue(self.gateway.logged('"reason":"accounts-busy"'))
        closed = [one for one in self.records("session_closed") if one["client_port"] == port]
        self.assertEqual([one["reason"] for one in closed], ["accounts-busy"])
        self.assertEqual(
            [one for one in self.records("login_refused") if one["client_port"] == port], []
        )
        for one in waiting:
            one.close()
