"""Parents over real loopback sockets: the far end of each pair is the parent, played by the test."""

from __future__ import annotations

import socket
from base64 import b64encode
from collections.abc import Callable, Sequence

from hypothesis import given, settings
from hypothesis import strategies as some
from twisted.internet.defer import Deferred
from twisted.internet.testing import MemoryReactorClock

from ftpalg.net.data import reset
from ftpalg.net.parents import HttpConnect, Negotiation, Socks5
from tests.core.splits import splits
from tests.net.pairs import REACTOR, pair, read_some
from tests.net.test_preface import PrefaceCase

USER, PASSWORD = "us:er", "pässword"
GREETING = b"220 ready\r\n"
DONE = "done"

OFFER, OFFER_ACCOUNT = b"\x05\x01\x00", b"\x05\x02\x00\x02"
NO_AUTH, WANT_ACCOUNT = b"\x05\x00", b"\x05\x02"
ACCOUNT = b"\x01\x05us:er\x09p\xc3\xa4ssword"
ASK_NAME = b"\x05\x01\x00\x03\x0bftp.example\x00\x15"
JOINED = b"\x05\x00\x00\x01\xc0\x00\x02\x01\x00\x15"

ASK_HTTP = b"CONNECT ftp.example:21 HTTP/1.1\r\nHost: ftp.example:21\r\n\r\n"
OK = b"HTTP/1.1 200 Connection established\r\n\r\n"

Script = Sequence[tuple[bytes, bytes]]
"""What the parent gets, and what it then answers."""


class Stingy(socket.socket):
    """Takes one byte of whatever is sent, every second time none."""

    full = False

    def send(self, data: bytes, *flags: int) -> int:  # type: ignore[override]
        self.full = not self.full
        if self.full:
            raise BlockingIOError
        return super().send(data[:1], *flags)


class ParentCase(PrefaceCase):
    """``told`` keeps DONE or the sentence."""

    kind: type[Negotiation]

    def negotiate(
        self, sock: socket.socket, host: str = "ftp.example", port: int = 21, *account: str
    ) -> Negotiation:
        """One that asks for that server."""
        made = self.kind(
            REACTOR,
            sock,
            lambda: self.told.append(DONE),
            lambda reason: self.told.append(reason),
            host,
            port,
            *account,
        )
        self.addCleanup(made.close)
        return made

    async def got(self, far: socket.socket, wanted: bytes) -> None:
        """The parent gets that and nothing else."""
        had = b""
        while len(had) < len(wanted):
            had += read_some(far) or b""
            await self.turn()
        self.assertEqual(had + (read_some(far) or b""), wanted)

    async def play(self, near: socket.socket, far: socket.socket, script: Script) -> None:
        """The conversation as it is written down."""
        for wanted, answer in script:
            await self.got(far, wanted)
            await self.arrive(near, far, answer)

    async def _joined(self, script: Script, *server: object) -> None:
        *before, (wanted, answer) = script
        for *pieces, last in splits(answer):
            near, far = self.pair()
            made = self.negotiate(near, *server)  # type: ignore[arg-type]
            await self.play(near, far, before)
            await self.got(far, wanted)
            await self.arrive(near, far, *pieces, last + GREETING)
            await self.until(lambda: self.told)
            self.assertEqual(self.told, [DONE])
            self.unwatched(made)
            self.assertEqual(near.recv(100), GREETING)
            self.assertIsNone(read_some(far))
            self.told.clear()
            near.close()
            far.close()

    def joined(self, script: Script, *server: object) -> Deferred[None]:
        """It succeeds, the last answer cut at every point and with the server's greeting glued to it."""
        return Deferred.fromCoroutine(self._joined(script, *server))

    async def _told(self, sentence: str, scripts: Sequence[Script], account: Sequence[str]) -> None:
        for script in scripts:
            near, far = self.pair()
            made = self.negotiate(near, "ftp.example", 21, *account)
            await self.play(near, far, script)
            await self.until(lambda: self.told)
            self.assertEqual(self.told, [sentence], script)
            self.unwatched(made)
            self.assertEqual(near.fileno(), -1)
            self.told.clear()

    def refused(
        self, sentence: str, *scripts: Script, account: Sequence[str] = ()
    ) -> Deferred[None]:
        """Each script fails with that sentence, and the socket is closed."""
        for secret in (USER, PASSWORD):
            self.assertNotIn(secret, sentence)
        return Deferred.fromCoroutine(self._told(sentence, scripts, account))

    async def _cut_short(
        self, script: Script, end: Callable[[socket.socket], None], sentence: str
    ) -> None:
        for count in range(1, len(script) + 1):
            *before, (wanted, answer) = script[:count]
            for size in range(len(answer)):
                near, far = self.pair()
                made = self.negotiate(near, "ftp.example", 21, USER.replace(":", ""), PASSWORD)
                await self.play(near, far, before)
                await self.got(far, wanted)
                await self.arrive(near, far, answer[:size], b"")
                end(far)
                await self.until(lambda: self.told)
                self.assertEqual(self.told, [sentence])
                self.unwatched(made)
                self.assertEqual(near.fileno(), -1)
                self.told.clear()

    def cut_short(self, script: Script) -> Deferred[None]:
        """The parent closes in every place of its answers."""
        sentence = f"{self.kind.party} closed the connection too soon"
        return Deferred.fromCoroutine(self._cut_short(script, socket.socket.close, sentence))

    def cut_by_reset(self, script: Script) -> Deferred[None]:
        """The parent resets in every place of its answers."""

        def end(far: socket.socket) -> None:
            reset(far)
            far.close()

        sentence = f"{self.kind.party}: Connection reset by peer"
        return Deferred.fromCoroutine(self._cut_short(script, end, sentence))

    async def _reset_at_once(self) -> None:
        near, far = self.pair()
        reset(far)
        far.close()
        made = self.negotiate(near)
        await self.until(lambda: self.told)
        self.assertEqual(self.told, [f"{self.kind.party}: Connection reset by peer"])
        self.unwatched(made)
        self.assertEqual(near.fileno(), -1)

    def unsendable(self, *server: object) -> None:
        """It is a ValueError before anything is sent, and the socket stays as it was."""
        near, far = self.pair()
        error = self.assertRaises(ValueError, self.negotiate, near, *server)
        self.assertNotIn(PASSWORD, repr(error))
        self.assertIsNone(read_some(far))
        self.assertNotEqual(near.fileno(), -1)
        self.assertNotIn(near.fileno(), [one.fileno() for one in REACTOR.getWriters()])

    async def _idle(self, *pieces: tuple[bytes, bytes]) -> None:
        for wanted, answer in pieces:
            near, far = self.pair()
            made = self.negotiate(near)
            await self.got(far, wanted)
            await self.arrive(near, far, answer, b"")
            await self.quiet(made)
            made.close()
            self.unwatched(made)
            self.assertEqual((self.told, near.fileno()), ([], -1))

    def stingy(self, near: socket.socket) -> socket.socket:
        """The same connection, sending a byte at a time."""
        made = Stingy(fileno=near.detach())
        made.setblocking(False)
        return self.kept(made)

    async def _stingy(self, script: Script) -> None:
        near, far = self.pair()
        stingy = self.stingy(near)
        self.negotiate(stingy)
        await self.play(stingy, far, script)
        await self.until(lambda: self.told)
        self.assertEqual(self.told, [DONE])


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
            *([(OFFER, answer)] for answer in (b"\x05\xff", b"\x05\x01", WANT_ACCOUNT)),
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
        """Another version, a method nobody knows, an address of no type."""
        answers = (b"\x04\x00", b"\x00\x5a", b"HTTP/1.1", b"220 ready", b"\x05\x80")
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


class Http(ParentCase):
    """HTTP CONNECT."""

    kind = HttpConnect

    def test_name(self) -> Deferred[None]:
        """A name goes to the parent as a name."""
        return self.joined([(ASK_HTTP, OK)])

    def test_ipv6(self) -> Deferred[None]:
        """An IPv6 address goes in brackets."""
        ask = b"CONNECT [2001:db8::9]:2121 HTTP/1.1\r\nHost: [2001:db8::9]:2121\r\n\r\n"
        return self.joined([(ask, OK)], "2001:db8::9", 2121)

    def test_account(self) -> Deferred[None]:
        """An account goes as Basic authorization, in UTF-8."""
        account = b64encode("user:pä:ss".encode())
        ask = ASK_HTTP[:-2] + b"Proxy-Authorization: Basic " + account + b"\r\n\r\n"
        return self.joined([(ask, OK)], "ftp.example", 21, "user", "pä:ss")

    def test_heads(self) -> Deferred[None]:
        """Any 2xx, HTTP/1.0, no reason; a length there has no meaning and takes no byte."""
        head = b"HTTP/1.0 299\r\nVia: x\r\nContent-Length: 5\r\n\r\n"
        return self.joined([(ASK_HTTP, head)])

    def test_line_feeds(self) -> Deferred[None]:
        """Lines that end in LF alone."""
        return self.joined([(ASK_HTTP, b"HTTP/1.0 200 OK\nVia: x\n\n")])

    def test_informational(self) -> Deferred[None]:
        """1xx before the response is passed over."""
        hint = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
        return self.joined([(ASK_HTTP, b"HTTP/1.1 100 Continue\r\n\r\n" + hint + OK)])

    def test_longest_head(self) -> Deferred[None]:
        """16 KiB are allowed, with what is behind them left where it is."""
        return Deferred.fromCoroutine(self._long())

    async def _long(self) -> None:
        near, far = self.pair()
        self.negotiate(near)
        await self.got(far, ASK_HTTP)
        start, end = b"HTTP/1.1 200 OK\r\nX: ", b"\r\n\r\n"
        head = start + b"x" * (16384 - len(start) - len(end)) + end
        await self.arrive(near, far, head[:9000], head[9000:] + GREETING)
        await self.until(lambda: self.told)
        self.assertEqual((self.told, near.recv(100)), ([DONE], GREETING))

    def test_refused(self) -> Deferred[None]:
        """Status and reason of a refusal."""
        return self.refused(
            "the HTTP parent refuses: 403 Forbidden",
            [(ASK_HTTP, b"HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\n\r\nbody")],
        )

    def test_redirected(self) -> Deferred[None]:
        """Nothing but 2xx is success; a reason may be missing."""
        return self.refused(
            "the HTTP parent refuses: 302", [(ASK_HTTP, b"HTTP/1.1 302 \r\nLocation: x\r\n\r\n")]
        )

    def test_reason(self) -> Deferred[None]:
        """A reason is shown as far as it can be printed, and not without end."""
        return self.refused(
            "the HTTP parent refuses: 502 ?[31m?" + "x" * 74,
            [(ASK_HTTP, b"HTTP/1.1 502 \x1b[31m\xff" + b"x" * 200 + b"\r\n\r\n")],
        )

    def test_account_wanted(self) -> Deferred[None]:
        """407 without an account."""
        return self.refused(
            "the HTTP parent refuses: an account is required",
            [(ASK_HTTP, b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")],
        )

    def test_account_refused(self) -> Deferred[None]:
        """407 in spite of one; what the parent says of it is not repeated."""
        ask = ASK_HTTP[:-2] + b"Proxy-Authorization: Basic dTpw\r\n\r\n"
        return self.refused(
            "the HTTP parent refuses: the account is not accepted",
            [(ask, b"HTTP/1.1 407 no p for u\r\n\r\n")],
            account=("u", "p"),
        )

    def test_not_http(self) -> Deferred[None]:
        """What is no response, and a change of protocol that nobody asked for."""
        answers = (
            b"220 ready\r\n\r\n",
            b"\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
            b"HTTP/1.1 2000 OK\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nno field\r\n\r\n",
            b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
            b"HTTP/9.9.9 200 OK\r\n\r\n",
            b"\x05\x00\n\n",
        )
        return self.refused(
            "the HTTP parent does not speak HTTP", *([(ASK_HTTP, answer)] for answer in answers)
        )

    def test_head_too_long(self) -> Deferred[None]:
        """A head without end is read no further than 16 KiB."""
        return self.refused(
            "the HTTP parent answers with a head longer than 16384 bytes",
            [(ASK_HTTP, b"HTTP/1.1 200 OK\r\nX: " + b"x" * 20000)],
        )

    SCRIPT = (
        (
            ASK_HTTP[:-2]
            + b"Proxy-Authorization: Basic "
            + b64encode(f"user:{PASSWORD}".encode())
            + b"\r\n\r\n",
            OK,
        ),
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

    def test_unsendable(self) -> None:
        """Nothing of the sort can add a line to the request."""
        for host in ("", "a\r\nb", "a\0", "a b", "a@b", "a/b", "[::1]", "fe80::1%eth0"):
            self.unsendable(host, 21)
        for account in (("u\r\n", ""), ("u", PASSWORD + "\0"), ("u:", PASSWORD)):
            self.unsendable("ftp.example", 21, *account)

    def test_no_busy_loop(self) -> Deferred[None]:
        """A part of a head does not wake the reactor again; closed, it calls nothing."""
        return Deferred.fromCoroutine(
            self._idle((ASK_HTTP, b""), (ASK_HTTP, OK[:20]), (ASK_HTTP, OK[:-1]))
        )

    def test_small_writes(self) -> Deferred[None]:
        """A socket that takes a byte at a time, and sometimes none."""
        return Deferred.fromCoroutine(self._stingy([(ASK_HTTP, OK)]))

    @given(some.binary(max_size=60), some.sampled_from([b"", b"HTTP/1.1 ", b"HTTP/1.1 200 OK\r\n"]))
    @settings(max_examples=300, deadline=None, derandomize=True)
    def test_anything(self, data: bytes, start: bytes) -> None:
        """Whatever the parent sends gives one answer and no exception."""
        self.assertEqual(len(answers_to(HttpConnect, start + data + b"\n\n")), 1)


def answers_to(kind: type[Negotiation], data: bytes) -> list[str]:
    """What is told of a parent that sends this, whatever it is asked, and closes."""
    told: list[str] = []
    near, far = pair()
    with near, far:
        made = kind(
            MemoryReactorClock(), near, lambda: told.append(DONE), told.append, "ftp.example", 21
        )
        far.sendall(data)
        far.shutdown(socket.SHUT_WR)
        for _ in range(8):
            made.doWrite()
            if not told:
                made.doRead()
            if told:
                break
    return told
