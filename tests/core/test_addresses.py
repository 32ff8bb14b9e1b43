"""PORT, EPRT, 227 and 229."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.core.wire.addresses import (
    family,
    format_eprt,
    format_port,
    normal,
    parse_227,
    parse_229,
    parse_eprt,
    parse_port,
)
from ftpalg.core.wire.errors import BadArgument, BadReply, FamilyRefused, FtpError

PORTS = st.integers(0, 65535)
V4 = st.ip_addresses(v=4).map(str)
V6 = st.ip_addresses(v=6).map(str).map(normal)


class Spelling(SynchronousTestCase):
    """``normal`` and ``family``."""

    def test_normal(self) -> None:
        """Quirk 20: one address has one spelling."""
        for host, expected in (
            ("192.0.2.1", "192.0.2.1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("::FFFF:C000:201", "192.0.2.1"),
            ("2001:DB8:0:0::1", "2001:db8::1"),
            ("fe80::1%eth0", "fe80::1"),
        ):
            self.assertEqual(normal(host), expected)

    def test_family(self) -> None:
        """1 for IPv4 in whatever clothing, 2 for IPv6."""
        self.assertEqual([family(h) for h in ("192.0.2.1", "::ffff:192.0.2.1", "::1")], [1, 1, 2])


class FromClients(SynchronousTestCase):
    """Strict: what clients write."""

    @given(V4, PORTS)
    def test_port_round_trip(self, host: str, port: int) -> None:
        """Every IPv4 address and port survives PORT."""
        self.assertEqual(parse_port(format_port(host, port)), (host, port))

    @given(V4 | V6, PORTS)
    def test_eprt_round_trip(self, host: str, port: int) -> None:
        """Every address and port survives EPRT."""
        self.assertEqual(parse_eprt(format_eprt(host, port)), (host, port))

    @given(st.integers(33, 126))
    def test_eprt_delimiters(self, delimiter: int) -> None:
        """RFC 2428: the delimiter is any of ASCII 33 to 126; one of the address's own is unreadable."""
        sign = bytes((delimiter,))
        text = b"|1|192.0.2.1|50000|".replace(b"|", sign)
        if sign in b"192.0.2.1 50000":
            self.assertRaises(FtpError, parse_eprt, text)
        else:
            self.assertEqual(parse_eprt(text), ("192.0.2.1", 50000))

    def test_spaces_around(self) -> None:
        """Spaces around the argument do not matter."""
        self.assertEqual(parse_port(b" 192,0,2,1,1,2 "), ("192.0.2.1", 258))
        self.assertEqual(parse_eprt(b" |2|::1|258| "), ("::1", 258))

    def test_port_as_devices_write_it(self) -> None:
        """Blanks round the commas, brackets, and what ends a sentence or a list do not matter."""
        for text in (b"(192,0,2,1,1,2)", b" ( 192, 0,2,1,1,2, )", b"192\t,0,\t2,1,1,2", b"192,0,2,1,1,2.",
                     b"192, 0, 2, 1, 1, 2", b"192 ,0 ,2 ,1 ,1 ,2", b"192,0,2,1,1,2,", b"192,  0,2,1,1,2 , ",
                     b"192,000,002,001,001,002"):  # fmt: skip
            self.assertEqual(parse_port(text), ("192.0.2.1", 258))

    def test_bad_port(self) -> None:
        """PORT is six numbers from 0 to 255 and nothing else."""
        for text in (None, b"", b"1,2,3,4,5", b"1,2,3,4,5,6,7", b"256,0,0,1,1,1", b"1,2,3,4,5,256",
                     b"1,2,3,4,5,6x", b"a,2,3,4,5,6", b"-1,2,3,4,5,6", b"1,2,3,4,5,6,,", b"1,,3,4,5,6,7",
                     b"1 2 3 4 5 6", b"(1,2,3,4,5,6", b"1,2,3,4,5,6)", b"1,2,3,4,5,6 7", b"1234,2,3,4,5,6",
                     b",1,2,3,4,5,6",
                     b"1,2,3,4,5,6,x", b"((1,2,3,4,5,6))", b"1,2,3,4,5," + b" " * 2000 + b"6",
                     b"256,0,0,1,1,1,2,3,4,5,6,7"):  # fmt: skip
            self.assertEqual(self.assertRaises(BadArgument, parse_port, text).code, 501)

    def test_bad_eprt(self) -> None:
        """EPRT is three fields between four equal signs."""
        for text in (None, b"", b"|", b"||", b"|1|192.0.2.1|50000", b"1|192.0.2.1|50000|",
                     b"|1|192.0.2.1|50000!", b"|1|192.0.2.1||", b"|1|192.0.2.1|x|",
                     b"|1|192.0.2.1|50000|5|", b"|1|192.0.2.300|50000|", b"|2|192.0.2.1|50000|",
                     b"|1|::1|50000|", b"|2|::g|50000|", b"|1|\xe9|50000|", b"|1||50000|",
                     b"|1|192.0.2.1|65536|", b"|1|192.0.2.1|10000000|",
                     b"\xe91\xe9192.0.2.1\xe950000\xe9"):  # fmt: skip
            self.assertEqual(self.assertRaises(BadArgument, parse_eprt, text).code, 501)

    def test_family_refused(self) -> None:
        """Quirk 17: another protocol is 522 with the list of those that can be had."""
        for text in (b"|3|192.0.2.1|50000|", b"|0|::1|1|", b"||192.0.2.1|50000|"):
            error = self.assertRaises(FamilyRefused, parse_eprt, text)
            self.assertEqual((error.code, str(error)[-5:]), (522, "(1,2)"))

    @given(st.binary(max_size=30))
    def test_any_bytes(self, text: bytes) -> None:
        """Any argument is an address or a refusal."""
        for parse in (parse_port, parse_eprt):
            try:
                _, port = parse(text)
            except FtpError:
                continue
            self.assertTrue(0 <= port <= 65535)


class FromServers(SynchronousTestCase):
    """Generous: what servers write."""

    def test_227(self) -> None:
        """Quirk 15: the first run of six numbers counts, whatever stands around it."""
        for text in (
            b"Entering Passive Mode (192,0,2,1,195,80).",
            b"=192,0,2,1,195,80",
            b"192,0,2,1,195,80",
            b"0,0,0,0,195,80 (not 1,2,3,4,5,6)",
            b"Entering Passive Mode. 127, 0, 0, 1, 195, 80",
            b"ok\n (10,0,0,1,195,80)",
            b"(10,  0  ,0,1,195,80,)",
        ):
            self.assertEqual(parse_227(text), 50000)

    def test_229(self) -> None:
        """Quirk 16: any delimiter and the odd forms seen."""
        for text in (
            b"229 Entering Extended Passive Mode (|||50000|)",
            b"229 Entering Extended Passive Mode (!!!50000!)",
            b"229 Entering Extended Passive Mode (~~~50000~)",
            b"229 (||50000|)",
            b"229 (|50000|)",
            b"229 (|1|192.0.2.1|50000|)",
            b"229 (|2|::1|50000|)",
            b"229 |||50000|",
            b"229-Here\n229 (|||50000|) (1)",
        ):
            self.assertEqual(parse_229(text), 50000)

    def test_unreadable(self) -> None:
        """No port, or one that no data connection goes to, is a BadReply."""
        for text in (b"", b"Entering Passive Mode", b"(1,2,3,4,5)", b"(1,2,3,4,256,1)",
                     b"(1,2,3,4,3,255)", b"(10,0,0,1,0,0)"):  # fmt: skip
            self.assertRaises(BadReply, parse_227, text)
        for text in (b"229 ", b"229 (|||)", b"229 (|||65536|)", b"229 (|||1023|)", b"229 (|||x|)",
                     b"229 (|3|x|50000|)"):  # fmt: skip
            self.assertRaises(BadReply, parse_229, text)

    def test_range(self) -> None:
        """1024 and 65535 are the ends of what is dialled."""
        self.assertEqual([parse_229(b"(|||%d|)" % n) for n in (1024, 65535)], [1024, 65535])

    @given(st.text("0123456789,|!() =ab", max_size=40).map(str.encode))
    def test_any_text(self, text: bytes) -> None:
        """Any text is a port to dial or a BadReply."""
        for parse in (parse_227, parse_229):
            try:
                port = parse(text)
            except BadReply:
                continue
            self.assertTrue(1024 <= port <= 65535)

    @given(st.integers(1024, 65535))
    def test_round_trip(self, port: int) -> None:
        """What we write ourselves can be read."""
        self.assertEqual(parse_229(b"229 Entering (|||%d|)" % port), port)
        self.assertEqual(parse_227(b"Entering (%b)" % format_port("192.0.2.1", port)), port)
