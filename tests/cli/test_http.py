"""Answers over the admin socket: whole ones, and those that are none."""

from __future__ import annotations

from socket import socketpair

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.cli.http import Answer, NotWhole, request

HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


def chunk(piece: bytes) -> bytes:
    """As it is sent."""
    return b"%x\r\n%b\r\n" % (len(piece), piece)


class Requests(SynchronousTestCase):
    """Their bytes."""

    def test_get(self) -> None:
        """It has no body, and does not speak of one."""
        wanted = b"GET /a?b=c HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        self.assertEqual(request("GET", "/a?b=c"), wanted)

    def test_post(self) -> None:
        """Its body's kind and length."""
        head, _, body = request("POST", "/a", b'{"b":1}').partition(b"\r\n\r\n")
        self.assertEqual(body, b'{"b":1}')
        self.assertEqual(
            head.split(b"\r\n")[-2:], [b"Content-Type: application/json", b"Content-Length: 7"]
        )


def answer(said: bytes) -> Answer:
    """What is made of it by whoever has asked."""
    ours, theirs = socketpair()
    with ours, theirs:
        theirs.sendall(said)
        theirs.close()
        return Answer(ours)


class Answers(SynchronousTestCase):
    """What a gateway sends."""

    def test_length(self) -> None:
        """So many bytes and no more; a name of a field in any letters; a status without a word."""
        for head in (b"HTTP/1.1 404 Not Found", b"HTTP/1.0 404", b"HTTP/1.1 404 "):
            found = answer(head + b"\r\ncontent-LENGTH:  2 \r\nX: y\r\n\r\nabc")
            self.assertEqual((found.status, found.whole()), (404, b"ab"))

    def test_chunks(self) -> None:
        """Piece by piece; extensions are passed over."""
        pieces = answer(CHUNKED + b"2;x=y\r\nab\r\n" + chunk(b"c\r\nd" * 5) + b"0\r\n\r\n").pieces()
        self.assertEqual(next(pieces), b"ab")
        self.assertEqual([*pieces], [b"c\r\nd" * 5])

    def test_no_header(self) -> None:
        """Something else than HTTP, or a header that is too long."""
        for said in (
            b"",
            b"220 ready\r\n",
            b"HTTP/1.1\r\n\r\n",
            b"HTTP/1.1 20\r\n\r\n",
            b"SIP/2.0 200 OK\r\n\r\n",
            HEAD + b"\r\nabc",
            HEAD + b"A: b\r\n" * 200 + b"\r\n",
            HEAD + b"A: " + b"b" * 70000 + b"\r\n\r\n",
        ):
            self.assertRaises(NotWhole, answer, said)

    def test_no_end(self) -> None:
        """An answer that ends in its middle is none."""
        for rest in (b"", b"9\r\nabc", b"1\r\na", b"zz\r\n", b"-1\r\nabc", b"\r\n"):
            self.assertRaises(NotWhole, answer(CHUNKED + rest).whole)
        self.assertRaises(NotWhole, answer(HEAD + b"Content-Length: 2\r\n\r\na").whole)

    @given(st.lists(st.binary(min_size=1, max_size=40), max_size=6), st.integers(3, 200))
    def test_any(self, pieces: list[bytes], cut: int) -> None:
        """What was sent is what comes, and less of it is never taken for it."""
        body = b"".join(map(chunk, pieces)) + b"0\r\n"
        self.assertEqual(answer(CHUNKED + body).whole(), b"".join(pieces))
        less = (CHUNKED + body)[:-cut]
        try:
            found = answer(less).whole()
        except NotWhole:
            return
        self.fail(f"{less!r} was taken for {found!r}")
