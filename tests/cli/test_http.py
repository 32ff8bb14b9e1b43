"""Answers over the admin socket: whole ones, and those that are none."""

from __future__ import annotations

from io import BytesIO

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.cli.http import LONGEST, MOST, Answer, NotWhole, request

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


class Answers(SynchronousTestCase):
    """What a gateway sends."""

    def test_length(self) -> None:
        """So many bytes and no more; a name of a field in any letters; a status without a word."""
        for head in (b"HTTP/1.1 404 Not Found", b"HTTP/1.0 404", b"HTTP/1.1 404 "):
            file = BytesIO(head + b"\r\ncontent-LENGTH:  2 \r\nX: y\r\n\r\nabc")
            answer = Answer(file)
            self.assertEqual((answer.status, answer.whole()), (404, b"ab"))
            self.assertTrue(file.closed)

    def test_chunks(self) -> None:
        """Piece by piece, as they come; extensions are passed over."""
        file = BytesIO(CHUNKED + b"2;x=y\r\nab\r\n" + chunk(b"c\r\nd" * 5) + b"0\r\n\r\n")
        pieces = Answer(file).pieces()
        self.assertEqual(next(pieces), b"ab")
        self.assertFalse(file.closed)
        self.assertEqual([*pieces], [b"c\r\nd" * 5])
        self.assertTrue(file.closed)

    def test_no_header(self) -> None:
        """Something else than HTTP, or a header that has no end."""
        for said in (
            b"",
            b"220 ready\r\n",
            b"HTTP/1.1\r\n\r\n",
            b"HTTP/1.1 20\r\n\r\n",
            b"HTTP/1.1 +20\r\n\r\n",
            b"SIP/2.0 200 OK\r\n\r\n",
            HEAD,
            HEAD + b"Content-Length: 1\r\n",
            HEAD + b"A: b\r\n" * MOST + b"\r\n",
            HEAD + b"A: " + b"b" * LONGEST + b"\r\n\r\n",
        ):
            self.assertRaises(NotWhole, Answer, BytesIO(said))

    def test_no_end(self) -> None:
        """An answer that ends in its middle, or does not say how long it is, is none."""
        for rest in (
            b"",
            b"9\r\nabc",
            b"1\r\na",
            b"1\r\na\r\n",
            b"1\r\nab\r\n0\r\n\r\n",
            b"zz\r\n",
            b"-1\r\n",
            b"0x1\r\na\r\n0\r\n\r\n",
            b"\r\n",
        ):
            self.assertRaises(NotWhole, Answer(BytesIO(CHUNKED + rest)).whole)
        for field in (
            b"",
            b"Content-Length: \r\n",
            b"Content-Length: -1\r\n",
            b"Content-Length: 1_0\r\n",
        ):
            self.assertRaises(NotWhole, Answer(BytesIO(HEAD + field + b"\r\n" + b"a" * 20)).whole)
        self.assertRaises(NotWhole, Answer(BytesIO(HEAD + b"Content-Length: 2\r\n\r\na")).whole)

    @given(st.lists(st.binary(min_size=1, max_size=40), max_size=6), st.integers(1, 200))
    def test_any(self, pieces: list[bytes], cut: int) -> None:
        """What was sent is what comes, and less of it is never taken for it."""
        body = b"".join(map(chunk, pieces)) + b"0\r\n"
        self.assertEqual([*Answer(BytesIO(CHUNKED + body)).pieces()], pieces)
        less = (CHUNKED + body)[:-cut]
        try:
            found = Answer(BytesIO(less)).whole()
        except NotWhole:
            return
        self.fail(f"{less!r} was taken for {found!r}")
