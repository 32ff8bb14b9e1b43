"""Rule 5 and the framing: what bytes pass, in which form, and what is refused."""

from __future__ import annotations

import re
import socket
from concurrent.futures import Future
from typing import Any

from tests.wire.peers import TIMEOUT, Client, Control, WireTestCase, drained, echo_site


class CommandTests(WireTestCase):
    """What clients write."""

    def argument(self, line: bytes, verb: bytes = b"CWD") -> bytes:
        """What arrives at the server, as raw bytes, for this raw line."""

        def script(control: Control) -> bytes:
            found = control.line()
            control.say(b"250 Fine.")
            echo_site(control)
            return found

        client, served = self.talk(script)
        client.send(line)
        self.assertEqual(client.code(), 250)
        self.assertTrue(client.in_step())
        return bytes(served.result(TIMEOUT))

    def test_names_unchanged(self) -> None:
        """UTF-8, Latin-1, spaces on either side, quotes, backslashes and percent signs pass."""
        for name in (
            "größe/日本語".encode(),
            "größe".encode("latin-1"),
            b" two  spaces ",
            b'say "x"',
            b"a\\b%41",
            b"\x01\x1b[31m\x7f",
            b"\x80\x81\xfe",
            b"*",
            b"\t",
            b"a;b|c&d",
            b"-rf",
        ):
            self.assertEqual(self.argument(b"CWD " + name + b"\r\n"), b"CWD " + name)

    def test_ff_doubled(self) -> None:
        """IAC IAC from the client is one 0xFF of a name, doubled again towards the server."""
        self.assertEqual(self.argument(b"CWD a\xff\xffb\r\n"), b"CWD a\xff\xffb")

    def test_ff_alone(self) -> None:
        """A lone 0xFF in a Latin-1 name is not lost with its neighbour."""
        found = self.argument(b"CWD a\xffb\r\n")
        self.assertIn(found, (b"CWD a\xffb", b"CWD a\xff\xffb"))

    def test_verb_in_any_case(self) -> None:
        """A verb in lower case is known, its argument keeps its case."""
        self.assertEqual(self.argument(b"cWd MiXed\r\n").upper(), b"CWD MIXED")
        self.assertTrue(self.argument(b"cwd MiXed\r\n").endswith(b" MiXed"))

    def test_empty_password(self) -> None:
        """``PASS`` with nothing behind it travels as ``PASS `` with its space."""
        for line in (b"PASS \r\n", b"PASS\r\n"):

            def script(control: Control) -> bytes:
                control.say(b"220 Ready.")
                control.answer(b"USER", b"331 Go on.")
                found = control.line()
                control.say(b"230 In.")
                return found

            served = self.serve(script)
            client = self.connect()
            self.assertEqual([client.code(), client.ask(b"USER x").code], [220, 331])
            client.send(line)
            self.assertEqual(client.code(), 230)
            self.assertEqual(served.result(TIMEOUT), b"PASS ")

    def refused(self, line: bytes) -> Client:
        """The line is answered 500 or 501, the server never sees it, the session goes on."""
        client, _ = self.talk(echo_site)
        client.send(line)
        self.assertIn(client.code(), (500, 501), line)
        self.assertTrue(client.in_step())
        return client

    def test_bare_bytes(self) -> None:
        """CR, LF and NUL inside a line are refused whole: no part of it becomes a command."""
        for line in (
            b"CWD a\nDELE b\r\n",
            b"CWD a\rDELE b\r\n",
            b"CWD a\0b\r\n",
            b"\0CWD a\r\n",
            b"CWD a\r\0\r\n",
            b"CWD a\n\r\n",
            b"CWD a\r\r\n",
        ):
            self.refused(line)

    def test_lf_alone(self) -> None:
        """A line ended by LF alone is refused without waiting for more."""
        self.refused(b"NOOP\n")

    def test_hundred_kilobytes(self) -> None:
        """A command line of 100 kB: one 500, no part of it is taken for a command."""
        self.refused(b"CWD " + b"x" * 100000 + b"\r\n")

    def test_hundred_kilobytes_in_crumbs(self) -> None:
        """The same in small segments, with its CR and LF apart."""
        client, _ = self.talk(echo_site)
        client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for _ in range(100):
            client.send(b"NOOP " * 200)
        client.send(b"\r")
        self.assertTrue(client.silent(0.1))
        client.send(b"\n")
        self.assertEqual(client.code(), 500)
        self.assertTrue(client.in_step())

    def test_longest_line(self) -> None:
        """A path of 3,900 bytes passes."""
        name = b"d/" * 1950
        self.assertEqual(self.argument(b"CWD " + name + b"\r\n"), b"CWD " + name)

    def test_not_a_command(self) -> None:
        """Lines without a verb are 500 and stay here."""
        for line in (b"\r\n", b" CWD x\r\n", b"123\r\n", b"\xfe\xfd\r\n", b"A" * 40 + b"\r\n"):
            self.refused(line)

    def test_unknown_verb_passes(self) -> None:
        """A verb that the gateway does not know is the server's to judge."""
        self.assertEqual(self.argument(b"XYZZY a b\r\n"), b"XYZZY a b")

    def test_telnet_negotiation(self) -> None:
        """WILL is answered DONT, DO is answered WONT, by the gateway; the command stays whole."""

        def script(control: Control) -> bytes:
            found = control.line()
            control.say(b"250 Fine.")
            echo_site(control)
            return found

        client, served = self.talk(script)
        client.send(b"CW\xff\xfb\x01D \xff\xfd\x03x\xff\xfc\x05\xff\xfe\x06y\r\n")
        found = b""
        while b"250 Fine.\r\n" not in found:
            found += client.sock.recv(100)
        self.assertEqual(found, b"\xff\xfe\x01\xff\xfc\x03250 Fine.\r\n")
        self.assertTrue(client.in_step())
        self.assertEqual(served.result(TIMEOUT), b"CWD xy")

    def test_extended_commands_pass(self) -> None:
        """CLNT, OPTS, MFMT, MDTM with two arguments, SITE, PRET pass as they are."""
        for line in (
            b"CLNT test 1.0",
            b"OPTS UTF8 ON",
            b"OPTS MLST size;",
            b"MFMT 20200101000000 f",
            b"LANG en",
            b"MDTM 20200101000000 f",
            b"SITE CHMOD 644 f",
            b"PRET RETR f",
            b"MODE Z",
            b"TYPE L 8",
            b"TYPE A N",
            b"MFF modify=20200101000000; f",
            b"RNTO  x ",
            b"ALLO 100",
            b"STRU F",
            b"XCUP",
        ):
            self.assertEqual(self.argument(line + b"\r\n"), line)

    def test_modes_that_cannot_pass(self) -> None:
        """MODE B, MODE C, STRU R and STRU P are 504 and do not reach the server."""
        client, _ = self.talk(echo_site)
        for line in (b"MODE B", b"MODE C", b"STRU R", b"mode b"):
            self.assertEqual(client.ask(line).code, 504, line)
        self.assertTrue(client.in_step())


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
            b"Hello\r\n",
            b"99 x\r\n",
            b"700 x\r\n",
            b"2000 x\r\n",
            b"\x16\x03\x01\x02\r\n",
        ):
            client, _ = self.said(raw)
            self.assertEqual(client.code(), 421, raw)
            self.assertEqual(client.rest(), b"")

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
