"""Parents that speak SOCKS5: what is said to them, and what they may answer."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as some
from twisted.internet.defer import Deferred
from twisted.internet.testing import MemoryReactorClock

from ftpalg.net.legs.sockets import reset
from ftpalg.net.reach.parents import Socks5
from tests.net.parents import (
    ACCOUNT,
    ASK_NAME,
    DONE,
    GREETING,
    JOINED,
    NO_AUTH,
    OFFER,
    OFFER_ACCOUNT,
    PASSWORD,
    USER,
    WANT_ACCOUNT,
    ParentCase,
    answers_to,
)


class Socks(ParentCase):
    """SOCKS5."""

    kind = Socks5

    def test_name(self) -> Deferred[None]:
        """A name goes to the parent as a name."""
        return self.joined([(OFFER, NO_AUTH), (ASK_NAME, JOINED)])

    def test_ipv4(self) -> Deferred[None]:
        """An IPv4 address goes as four bytes."""
        ask = b"\x05\x01\x00\x01\xc0\x00\x02\x09\x08\x49"
        return self.joined([(OFFER, NO_AUTH), (ask, JOINED)], "192.0.2.9", 2121)

    def test_ipv6(self) -> Deferred[None]:
        """An IPv6 address goes as sixteen bytes, and may come back so."""
        host = b"\x20\x01\x0d\xb8" + bytes(11) + b"\x09"
        ask, answer = b"\x05\x01\x00\x04" + host + b"\x00\x15", b"\x05\x00\x00\x04" + host + b"\0\0"
        return self.joined([(OFFER, NO_AUTH), (ask, answer)], "2001:db8::9", 21)

    def test_account(self) -> Deferred[None]:
        """User and password where the parent wants them."""
        script = [(OFFER_ACCOUNT, WANT_ACCOUNT), (ACCOUNT, b"\x01\x00"), (ASK_NAME, JOINED)]
        return self.joined(script, "ftp.example", 21, USER, PASSWORD)

    def test_account_not_wanted(self) -> Deferred[None]:
        """A parent that wants no account gets none."""
        script = [(OFFER_ACCOUNT, NO_AUTH), (ASK_NAME, JOINED)]
        return self.joined(script, "ftp.example", 21, USER, PASSWORD)

    def test_longest(self) -> Deferred[None]:
        """255 bytes of name, user and password; a password may be empty."""
        host, user = "a" * 255, "ü" * 127 + "u"
        ask = b"\x05\x01\x00\x03\xff" + host.encode() + b"\x00\x15"
        account = b"\x01\xff" + user.encode() + b"\x00"
        script = [(OFFER_ACCOUNT, WANT_ACCOUNT), (account, b"\x01\x00"), (ask, JOINED)]
        return self.joined(script, host, 21, user, "")

    async def _split_answers(self) -> None:
        near, far = self.pair()
        self.negotiate(near, "ftp.example", 21, USER, PASSWORD)
        script = ((OFFER_ACCOUNT, WANT_ACCOUNT), (ACCOUNT, b"\x01\x00"), (ASK_NAME, JOINED))
        for wanted, answer in script:
            await self.got(far, wanted)
            await self.arrive(near, far, *(bytes([byte]) for byte in answer))
        await self.until(lambda: self.told)
        self.assertEqual(self.told, [DONE])

    def test_split_answers(self) -> Deferred[None]:
        """Every answer byte by byte."""
        return Deferred.fromCoroutine(self._split_answers())

    async def _named(self) -> None:
        for size in (0, 1, 11, 255):
            near, far = self.pair()
            self.negotiate(near)
            answer = b"\x05\x00\x00\x03" + bytes([size]) + b"\xff" * size + b"\x00\x15"
            await self.play(near, far, [(OFFER, NO_AUTH), (ASK_NAME, answer + GREETING)])
            await self.until(lambda: self.told)
            self.assertEqual((self.told, near.recv(100)), ([DONE], GREETING))
            self.told.clear()

    def test_named_answer(self) -> Deferred[None]:
        """A parent may answer with a name of any length and any bytes."""
        return Deferred.fromCoroutine(self._named())

    def refused_with(self, code: int, meaning: str) -> Deferred[None]:
        """That code, even without what should follow or with an address of no type, is that."""
        answers = (b"\x05%c\x00\x01" + bytes(6), b"\x05%c\x00\xff\x00", b"\x05%c\x00")
        return self.refused(
            f"the SOCKS parent refuses: {meaning}",
            *([(OFFER, NO_AUTH), (ASK_NAME, answer % code)] for answer in answers),
        )

    async def _refusals(self) -> None:
        meanings = {
            1: "general server failure",
            2: "connection not allowed by ruleset",
            3: "network unreachable",
            4: "host unreachable",
            5: "connection refused",
            6: "ttl expired",
            7: "command not supported",
            8: "address type not supported",
            9: "code 9",
            240: "code 240",
            255: "code 255",
        }
        for code, meaning in meanings.items():
            await self.refused_with(code, meaning)

    def test_refusals(self) -> Deferred[None]:
        """Every code in words, an unknown one as its number."""
        return Deferred.fromCoroutine(self._refusals())

    def test_no_method(self) -> Deferred[None]:
        """The parent accepts no method, or takes one that was not offered."""
        return self.refused(
            "the SOCKS parent refuses: no authentication method in common",
            *(
                [(OFFER, answer)]
                for answer in (b"\x05\xff", b"\x05\x01", b"\x05\x80", WANT_ACCOUNT)
            ),
        )

    def test_account_refused(self) -> Deferred[None]:
        """A wrong password is told without it."""
        return self.refused(
            "the SOCKS parent refuses: the account is not accepted",
            [(OFFER_ACCOUNT, WANT_ACCOUNT), (ACCOUNT, b"\x01\x01")],
            [(OFFER_ACCOUNT, WANT_ACCOUNT), (ACCOUNT, b"\x01\xff")],
            account=(USER, PASSWORD),
        )

    def test_not_socks(self) -> Deferred[None]:
        """Another version, an address of no type."""
        answers = (b"\x04\x00", b"\x00\x5a", b"HTTP/1.1", b"220 ready")
        joins = (b"\x04\x00\x00\x01\x00", b"\x05\x00\x00\x02\x00", b"\x05\x00\x00\x00\x00")
        return self.refused(
            "the SOCKS parent does not speak SOCKS5",
            *([(OFFER, answer)] for answer in answers),
            *([(OFFER, NO_AUTH), (ASK_NAME, join)] for join in joins),
        )

    def test_not_rfc_1929(self) -> Deferred[None]:
        """Another version of the answer to an account."""
        return self.refused(
            "the SOCKS parent does not speak SOCKS5",
            [(OFFER_ACCOUNT, WANT_ACCOUNT), (ACCOUNT, b"\x05\x00")],
            account=(USER, PASSWORD),
        )

    SCRIPT = (
        (OFFER_ACCOUNT, WANT_ACCOUNT),
        (ACCOUNT.replace(b"\x05us:er", b"\x04user"), b"\x01\x00"),
        (ASK_NAME, JOINED),
    )

    def test_end(self) -> Deferred[None]:
        """The parent closes before it has answered."""
        return self.cut_short(self.SCRIPT)

    def test_reset(self) -> Deferred[None]:
        """The parent resets before it has answered."""
        return self.cut_by_reset(self.SCRIPT)

    def test_reset_at_once(self) -> Deferred[None]:
        """The parent is gone before anything was sent."""
        return Deferred.fromCoroutine(self._reset_at_once())

    def test_gone_while_asked(self) -> None:
        """The parent resets when the reactor has found the socket writable already."""
        near, far = self.pair()
        made = Socks5(MemoryReactorClock(), near, self.fail, self.told.append, "ftp.example", 21)
        reset(far)
        far.close()
        made.doWrite()
        self.assertEqual(self.told, ["the SOCKS parent: Connection reset by peer"])
        self.assertEqual(near.fileno(), -1)

    def test_unsendable(self) -> None:
        """Hosts, ports and accounts that cannot be."""
        for host in (
            "",
            "a\r\nb",
            "a\0",
            "a b",
            "bücher.example",
            "a" * 256,
            "fe80::1%eth0",
            "a/b",
        ):
            self.unsendable(host, 21)
        for port in (0, -1, 65536):
            self.unsendable("ftp.example", port)
        for account in (("u\n", ""), ("u", PASSWORD + "\0"), ("u", PASSWORD + "\udcff")):
            self.unsendable("ftp.example", 21, *account)
        for account in (("ü" * 128, PASSWORD), ("u", PASSWORD * 29)):
            self.unsendable("ftp.example", 21, *account)

    def test_no_busy_loop(self) -> Deferred[None]:
        """A part of an answer does not wake the reactor again; closed, it calls nothing."""
        return Deferred.fromCoroutine(self._idle((OFFER, b""), (OFFER, b"\x05")))

    def test_small_writes(self) -> Deferred[None]:
        """A socket that takes a byte at a time, and sometimes none."""
        return Deferred.fromCoroutine(self._stingy([(OFFER, NO_AUTH), (ASK_NAME, JOINED)]))

    async def _hasty(self) -> None:
        near, far = self.pair()
        self.negotiate(self.stingy(near))
        far.sendall(NO_AUTH + JOINED)
        await self.until(lambda: self.told)
        self.assertEqual(self.told, [DONE])
        await self.got(far, OFFER + ASK_NAME)

    def test_hasty(self) -> Deferred[None]:
        """A parent that answers before it is asked is asked all the same, and in full."""
        return Deferred.fromCoroutine(self._hasty())

    @given(some.binary(max_size=30), some.booleans())
    @settings(max_examples=300, deadline=None, derandomize=True)
    def test_anything(self, data: bytes, plausible: bool) -> None:
        """Whatever the parent sends gives one answer and no exception."""
        self.assertEqual(len(answers_to(Socks5, NO_AUTH + b"\x05\0\0" * plausible + data)), 1)
