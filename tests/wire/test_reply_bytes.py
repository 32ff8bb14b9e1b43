"""Rule 5 and the framing of replies: what bytes pass, and what a reply may look like."""

from __future__ import annotations

import re
from concurrent.futures import Future
from typing import Any

from tests.wire.peers import TIMEOUT, Client, Control, WireTestCase, drained, echo_site


class ReplyTests(WireTestCase):
    """What servers write."""

    def said(self, raw: bytes, command: bytes = b"HELP") -> tuple[Client, Future[Any]]:
        """A client that has asked, a server that answered with these raw bytes."""

        def script(control: Control) -> None:
            control.expect(command.split()[0])
            control.send(raw)
            echo_site(control)

        client, served = self.talk(script)
        client.send(command + b"\r\n")
        return client, served

    def lines(self, raw: bytes, command: bytes = b"HELP") -> tuple[bytes, ...]:
        """The reply that the client reads, after which it must be in step."""
        client, _ = self.said(raw, command)
        found = client.reply()
        self.assertTrue(client.in_step())
        return found.lines

    def test_long_line(self) -> None:
        """A reply line of 64,000 bytes passes whole."""
        text = b"214 " + b"y" * 64000
        self.assertEqual(self.lines(text + b"\r\n"), (text,))

    def test_three_thousand_bytes_in_a_transfer(self) -> None:
        """A 3,000-byte line in the 226 does not shift the replies behind it."""

        def script(control: Control) -> None:
            port = control.data()
            control.answer(b"RETR", b"150 Go.")
            port.open().close()
            control.say(b"226 " + b"z" * 3000)
            echo_site(control)

        client, _ = self.talk(script)
        data = client.pasv()
        self.assertEqual(client.ask(b"RETR f").code, 150)
        self.assertEqual(drained(data), (b"", "end"))
        self.assertEqual(client.reply().lines, (b"226 " + b"z" * 3000,))
        self.assertTrue(client.in_step())

    def test_line_without_end(self) -> None:
        """A reply line beyond every limit ends the session with 421."""

        def script(control: Control) -> None:
            control.expect(b"HELP")
            try:
                control.send(b"214 " + b"y" * 3000000)
            except ConnectionError:
                return

        client, _ = self.talk(script)
        self.assertEqual(client.ask(b"HELP").code, 421)
        self.assertEqual(client.rest(), b"")

    def test_many_lines(self) -> None:
        """A multi-line reply of ten thousand lines passes whole."""
        inner = tuple(b" line %d" % n for n in range(10000))
        raw = b"\r\n".join((b"214-Begin", *inner, b"214 End", b""))
        self.assertEqual(self.lines(raw), (b"214-Begin", *inner, b"214 End"))

    def test_too_many_lines(self) -> None:
        """A reply of more lines than ``limits.reply-lines`` ends the session with 421."""

        def script(control: Control) -> None:
            control.expect(b"HELP")
            try:
                control.send(b"214-Begin\r\n" + b"\r\n" * 30000)
            except ConnectionError:
                return

        client, _ = self.talk(script)
        self.assertEqual(client.ask(b"HELP").code, 421)
        self.assertEqual(client.rest(), b"")

    def test_letters_behind_the_code(self) -> None:
        """VxWorks says ``215UNIX``: no letter is lost."""
        self.assertEqual(self.lines(b"215UNIX Type: L8\r\n", b"SYST"), (b"215 UNIX Type: L8",))

    def test_iis_style(self) -> None:
        """Every line with the code and a hyphen."""
        raw = (b"211-FTP Server status:", b"211-    Connected", b"211-", b"211 End of status.")
        self.assertEqual(self.lines(b"\r\n".join(raw) + b"\r\n", b"STAT"), raw)

    def test_interior_lines(self) -> None:
        """Other codes, blank lines and unindented text inside cannot end the reply for any client."""
        raw = b"214-Begin\r\n226 not this\r\n\r\nplain\r\n211-x\r\n214\r\n"
        client, _ = self.said(raw)
        found = client.reply()
        self.assertEqual(found.code, 214)
        self.assertTrue(client.in_step())
        for line in found.lines[1:-1]:
            self.assertRegex(line, rb"\A( |214-)")
        text = b"".join(found.lines)
        for word in (b"226 not this", b"plain", b"211-x"):
            self.assertIn(word, text)
        self.assertEqual(found.lines[-1][:4], b"214 ")

    def test_smuggled_227(self) -> None:
        """A file name with a reply inside cannot become one: 227 in a STAT listing stays inside."""
        raw = b"213-Status of x:\r\n227 Entering Passive Mode (10,0,0,1,20,20)\r\n213 End\r\n"
        found = self.lines(raw, b"STAT x")
        self.assertEqual(len(found), 3)
        self.assertTrue(found[1].startswith((b" ", b"213-")))

    def test_three_digits_end(self) -> None:
        """z/OS: a last line of three digits only, and a reply of three digits only."""
        self.assertEqual(self.lines(b"214-Begin\r\n x\r\n214\r\n")[-1].strip(), b"214")
        self.assertEqual(self.lines(b"200\r\n")[-1].strip(), b"200")

    def test_blank_lines_between(self) -> None:
        """Stray blank lines between replies are ignored."""
        client, _ = self.said(b"214 Yes.\r\n\r\n\r\n")
        self.assertEqual(client.code(), 214)
        self.assertTrue(client.in_step())

    def test_bare_lf(self) -> None:
        """Servers that end lines with LF: the client gets CR LF."""
        self.assertEqual(self.lines(b"214-One\n two\n214 End\n"), (b"214-One", b" two", b"214 End"))

    def test_nul_and_cr_inside(self) -> None:
        """NUL in a reply is stripped or refused; a bare CR never reaches the client's line."""
        client, _ = self.said(b"214 a\0b\rc\r\n")
        found = client.reply()
        if found.code == 421:
            return
        self.assertNotIn(b"\0", found.text)
        self.assertNotIn(b"\r", found.text)
        self.assertTrue(client.in_step())

    def test_every_code(self) -> None:
        """Codes from 200 to 699 pass and leave the session in step (421 aside)."""

        def script(control: Control) -> None:
            for code in codes:
                control.answer(b"HELP", b"%d Text %d" % (code, code))
            echo_site(control)

        codes = [code for code in range(200, 700) if code != 421]
        client, _ = self.talk(script)
        for code in codes:
            self.assertEqual(client.ask(b"HELP").lines, (b"%d Text %d" % (code, code),))
        self.assertTrue(client.in_step())

    def test_preliminary_codes(self) -> None:
        """1xx leaves a command open: both replies pass, and the next answers the next."""
        client, _ = self.said(b"110 Wait.\r\n199 Wait more.\r\n214 Now.\r\n")
        self.assertEqual([client.code() for _ in range(3)], [110, 199, 214])
        self.assertTrue(client.in_step())

    def test_not_a_reply(self) -> None:
        """A line that is no reply ends the session with 421, never with a guess."""
        for raw in (
            b"\x01Hello\r\n",
            b"99 x\r\n",
            b"700 x\r\n",
            b"2000 x\r\n",
            b"\x16\x03\x01\x02\r\n",
        ):
            client, _ = self.said(raw)
            self.assertEqual(client.code(), 421, raw)
            self.assertEqual(client.rest(), b"")

    def test_text_with_numbers(self) -> None:
        """While nothing is asked a line of text may begin with a number: news behind the 230."""
        news = b"24 hours a day\r\n1. Be nice.\r\n2000 files\r\n"

        def script(control: Control) -> None:
            control.say(b"220 Ready.")
            control.answer(b"USER", b"331 Password, please.")
            control.expect(b"PASS")
            control.send(b"230 Welcome.\r\n" + news)
            echo_site(control)

        self.serve(script)
        self.assertTrue(self.enter().in_step())

    def test_text_without_code(self) -> None:
        """A line of text between replies is skipped: it answers nothing."""
        self.assertEqual(self.lines(b"Hello\r\n214 Help.\r\n"), (b"214 Help.",))

    def test_text_unchanged(self) -> None:
        """Latin-1, UTF-8 and quotes in replies pass unchanged."""
        for text in (
            b'257 "/gr\xf6\xdfe ""x"""',
            "250 größe".encode(),
            b"213 20200101000000",
            b"250   x  ",
        ):
            self.assertEqual(self.lines(text + b"\r\n"), (text,))

    def test_ff_in_reply(self) -> None:
        """0xFF in a reply is not lost."""
        found = self.lines(b'257 "/a\xffb"\r\n')[0]
        self.assertEqual(found.replace(b"\xff\xff", b"\xff"), b'257 "/a\xffb"')

    def test_telnet_bytes_in_reply(self) -> None:
        """A server's names keep the letters that Telnet has other meanings for, and nothing is answered."""
        for name in (b"\xff\xfa\xff\xf0", b"a\xff\xfb\x01", b"\xff\xfd\xff\xff\xf4", b"\xff"):
            text = b'257 "' + name + b'"'
            self.assertEqual(self.lines(text + b"\r\n", b"PWD"), (text,))

    def test_telnet_bytes_at_the_start_of_a_line(self) -> None:
        """Within a reply of several lines they are letters there too: names that STAT lists."""
        for name in (b"\xff\xfa y", b"\xff\xf9ik", b"\xff\xfb\x01z", b"\xff", b"\xff\xf0"):
            lines = self.lines(b"213-List\r\n" + name + b"\r\n" + name + b"\r\n213 End\r\n")
            self.assertEqual(lines, (b"213-List", b" " + name, b" " + name, b"213 End"))

    def test_server_telnet(self) -> None:
        """Telnet from the server is refused by the gateway and does not reach the client."""

        def script(control: Control) -> bytes:
            control.expect(b"HELP")
            control.send(b"\xff\xfd\x01\xff\xfb\x03214 Yes.\r\n")
            answer = b""
            while len(answer) < 6:
                answer += control.sock.recv(6)
            echo_site(control)
            return answer

        client, served = self.talk(script)
        self.assertEqual(client.ask(b"HELP").lines, (b"214 Yes.",))
        self.assertTrue(client.in_step())
        self.assertEqual(served.result(TIMEOUT), b"\xff\xfc\x01\xff\xfe\x03")

    def test_feat(self) -> None:
        """FEAT: the server's transport lines go, the gateway's own stand there, the rest passes."""
        raw = (
            b"211-Features:\r\n AUTH TLS\r\n PBSZ\r\n PROT\r\n MDTM\r\n EPSV\r\n SSCN\r\n CPSV\r\n CCC\r\n"
            b" HOST\r\n REST STREAM\r\n MLST size*;type*;\r\n UTF8\r\n211 End\r\n"
        )
        found = self.lines(raw, b"FEAT")
        features = [line.strip() for line in found[1:-1]]
        for kept in (b"MDTM", b"REST STREAM", b"MLST size*;type*;", b"UTF8", b"EPSV", b"EPRT"):
            self.assertEqual(features.count(kept), 1, kept)
        for gone in (b"AUTH TLS", b"SSCN", b"CPSV", b"CCC", b"HOST"):
            self.assertNotIn(gone, features)
        self.assertTrue(all(re.match(rb" \S", line) for line in found[1:-1]), found)

    def test_feat_unknown(self) -> None:
        """A server without FEAT: the client gets a reply all the same."""
        self.assertIn(self.lines(b"500 What?\r\n", b"FEAT")[0][:3], (b"211", b"500", b"502"))

    def test_success_variants(self) -> None:
        """TYPE answered 226, ALLO 202: passed as they are."""
        self.assertEqual(self.lines(b"226 Type set.\r\n", b"TYPE I"), (b"226 Type set.",))
        self.assertEqual(self.lines(b"202 Superfluous.\r\n", b"ALLO 5"), (b"202 Superfluous.",))


class BannerTests(WireTestCase):
    """What stands before a server's greeting (python#123911), and what stands there instead of one."""

    def met_by(self, banner: bytes) -> Client:
        """A client whose server greets so."""
        self.serve(lambda control: control.login(banner + b"220 Hi."))
        return self.connect()

    def test_banner(self) -> None:
        """Lines without a code are passed over, whatever they begin with, and told once."""
        for lines in (2, 99):
            banner = b"Welcome to the depot\r\n" + b"24 hours a day\r\n" * (lines - 1)
            client = self.met_by(banner)
            self.assertEqual(client.reply().lines, (b"220 Hi.",))
            client.login()
        self.assertTrue(self.gateway.logged("it is passed over: Welcome to the depot", 2))

    def test_slow_greeting(self) -> None:
        """A 120 of several lines is told with all of them."""
        client = self.met_by(b"120-Wait\r\n for me\r\n120 Soon.\r\n")
        self.assertEqual(client.reply().lines, (b"120-Wait", b" for me", b"120 Soon."))
        self.assertEqual(client.code(), 220)
        client.login()

    def test_flood(self) -> None:
        """One line too many is the end (limits.uncoded-lines), and so is one byte too many."""
        for banner in (b"Welcome\r\n" * 101, b"%b\r\n" % (b"x" * 7000) * 10):
            found = self.met_by(banner).reply()
            self.assertEqual(found.code, 421)
            self.assertIn(b"without a reply code", found.text)

    def test_other_protocol(self) -> None:
        """A server that waits for a client of another protocol is told of at once."""
        self.serve(lambda control: control.say(b"SSH-2.0-OpenSSH_9.2").until_end())
        self.assertEqual(self.connect().reply().lines, (b"421 The server speaks SSH, not FTP.",))
        self.assertTrue(self.gateway.logged("The server speaks SSH, not FTP."))
