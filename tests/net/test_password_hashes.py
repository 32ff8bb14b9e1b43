"""Hashes of passwords: what is written, what is read, and what costs too much."""

from __future__ import annotations

from base64 import b64encode

from hypothesis import given, settings
from hypothesis import strategies as some
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.net.password_hashes import (
    LONGEST,
    MOST_WORK,
    BadHash,
    Clear,
    Cost,
    Hash,
    made,
    secret_of,
)

CHEAP = Cost(1, 1, 1)
PASSWORDS = some.binary(min_size=1, max_size=LONGEST).map(lambda one: one.replace(b"\0", b"0"))


def written(cost: str, salt: int = 16, digest: int = 32) -> bytes:
    """A line's hash of such a cost, and of parts so long."""
    parts = (b64encode(b"x" * size).rstrip(b"=") for size in (salt, digest))
    return b"$scrypt$%b$%b$%b" % (cost.encode(), *parts)


class Hashes(SynchronousTestCase):
    """From a password to a line and back."""

    def test_vector(self) -> None:
        """RFC 7914 section 12, the second."""
        found = Cost(10, 8, 16).hashed(b"password", b"NaCl", 64)
        self.assertEqual(found.hex()[:32], "fdbabe1c9d3472007856e7190d01e9fe")

    @settings(max_examples=300, deadline=None, derandomize=True)
    @given(PASSWORDS, PASSWORDS)
    def check(self, password: bytes, other: bytes) -> None:
        """What is read is what was written; the password fits it, and any other does not."""
        kept = made(password, CHEAP)
        read = secret_of(bytes(kept))
        self.assertEqual(read, kept)
        self.assertTrue(read.fits(password))
        self.assertEqual(read.fits(other), other == password)
        for near in (password + b"\0", password[:-1], password + b" ", password.swapcase()):
            self.assertEqual(read.fits(near), near == password, near)

    def test_any(self) -> None:
        """Any password up to the bound, and any other."""
        self.check()

    def test_salted(self) -> None:
        """The same password twice is no same line, and no line holds it."""
        first, second = (bytes(made(b"s3cret", CHEAP)) for _ in range(2))
        self.assertNotEqual(first, second)
        self.assertNotIn(b"s3cret", first + repr(made(b"s3cret", CHEAP)).encode())

    def test_not_shown(self) -> None:
        """Neither a digest nor its salt is in what a traceback shows."""
        hashed, clear = made(b"s3cret", CHEAP), Clear.of(b"s3cret")
        for one, secret in ((hashed, hashed.digest), (hashed, hashed.salt), (clear, clear.digest)):
            self.assertNotIn(repr(secret)[2:-1], repr(one))

    def test_cost(self) -> None:
        """What is written by itself costs what this file says, 16 MiB."""
        self.assertTrue(bytes(made(b"x")).startswith(b"$scrypt$ln=14,r=8,p=5$"))
        self.assertLessEqual(Cost().work, MOST_WORK)

    def test_clear(self) -> None:
        """What does not begin as a hash is a password as it stands."""
        for text in (b"s3cret", b"$6$salt$hash", b" $scrypt$", b"$Scrypt$ln=1"):
            found = secret_of(text)
            self.assertIsInstance(found, Clear)
            self.assertEqual((found.fits(text), found.fits(text + b"x")), (True, False))


class Bad(SynchronousTestCase):
    """Hashes that are none, or would take the machine."""

    def fault(self, text: bytes) -> str:
        """What is wrong with it."""
        return str(self.assertRaises(BadHash, secret_of, text))

    def test_costs_too_much(self) -> None:
        """What more work is asked for than allowed is never computed; the most that is, is taken."""
        for cost in (
            "ln=30,r=8,p=1",
            "ln=99,r=999999,p=999999",
            "ln=17,r=8,p=2",
            "ln=1,r=1,p=999999",
        ):
            self.assertIn("costs too much", self.fault(written(cost)), cost)
        for cost in ("ln=17,r=8,p=1", "ln=16,r=8,p=2", "ln=15,r=8,p=4", "ln=13,r=8,p=10"):
            self.assertIsInstance(secret_of(written(cost)), Hash, cost)

    def test_no_cost(self) -> None:
        """What scrypt does not know is told now and not at a login."""
        for cost in ("ln=0,r=8,p=1", "ln=4,r=0,p=1", "ln=4,r=8,p=0", "ln=16,r=1,p=1"):
            self.assertIn("does not know", self.fault(written(cost)), cost)

    def test_cut(self) -> None:
        """A hash that is not whole is none, and no password in clear either."""
        whole = written("ln=4,r=8,p=1")
        for text in (
            b"$scrypt$",
            whole[:-43],
            whole + b"$",
            whole + b"=",
            whole.replace(b"ln", b"n"),
            whole + b" ",
        ):
            self.assertIn("no whole hash", self.fault(text), text)
        self.assertIn("base64 is cut", self.fault(whole[:-2]))

    def test_sizes(self) -> None:
        """A hash so short that many passwords fit it, and parts that are too long."""
        for salt, digest in ((7, 32), (65, 32), (16, 15), (16, 65)):
            self.assertIn(
                f"{salt} and a hash of {digest}", self.fault(written("ln=4,r=8,p=1", salt, digest))
            )
        for salt, digest in ((8, 16), (64, 64)):
            self.assertIsInstance(secret_of(written("ln=4,r=8,p=1", salt, digest)), Hash)

    def test_quotes_nothing(self) -> None:
        """No sentence has a piece of the hash."""
        self.assertNotIn("eHh4", self.fault(written("ln=30,r=8,p=1")) + self.fault(written("x")))
