"""Parents over real loopback sockets: the far end of each pair is the parent, played by the test."""

from __future__ import annotations

from base64 import b64encode

from hypothesis import given, settings
from hypothesis import strategies as some
from twisted.internet.defer import Deferred

from ftpalg.net.reach.parents import HttpConnect
from tests.net.parents import (
    ASK_HTTP,
    DONE,
    GREETING,
    OK,
    PASSWORD,
    ParentCase,
    answers_to,
)


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

    def test_quoted_account(self) -> Deferred[None]:
        """A reason that repeats what the parent was sent: the log gets no password by it."""
        ask = ASK_HTTP[:-2] + b"Proxy-Authorization: Basic dTp3MHJk\r\n\r\n"
        return self.refused(
            "the HTTP parent refuses: 403 not u with ****, not Basic ****",
            [(ask, b"HTTP/1.1 403 not u with w0rd, not Basic dTp3MHJk\r\n\r\n")],
            account=("u", "w0rd"),
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
