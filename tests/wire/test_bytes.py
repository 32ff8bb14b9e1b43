"""Rule 5 and the framing of commands: what bytes pass, and what line ends."""

from __future__ import annotations

import socket

from tests.wire.peers import PATIENT, TIMEOUT, Client, Control, WireTestCase, echo_site


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
            b"CWD a\r\xff\xf1\nDELE b\r\n",
        ):
            self.refused(line)

    def test_line_ends(self) -> None:
        """CRs before the CR LF are part of the line's end, and empty lines are answered nothing,
        of blanks alone either."""
        self.assertEqual(self.argument(b"CWD a\r\r\n"), b"CWD a")
        self.assertEqual(self.argument(b"\r\n\r\nCWD a\r\n\r\n"), b"CWD a")
        self.assertEqual(self.argument(b" \r\n  \r\nCWD a\r\n"), b"CWD a")

    def test_telnet_bytes_in_names(self) -> None:
        """Letters of Windows-1251 that Telnet has other meanings for reach the server."""
        for name in (b"\xff\xfa\xff\xf0", b"a\xff\xfb\x01", b"\xff\xfd\xff\xff\xf4", b"\xff"):
            self.assertEqual(self.argument(b"CWD " + name + b"\r\n"), b"CWD " + name)

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
        self.assertTrue(self.gateway.quiet(client))
        client.send(b"\n")
        self.assertEqual(client.code(), 500)
        self.assertTrue(client.in_step())

    def test_longest_line(self) -> None:
        """A path of 3,900 bytes passes."""
        name = b"d/" * 1950
        self.assertEqual(self.argument(b"CWD " + name + b"\r\n"), b"CWD " + name)

    def test_not_a_command(self) -> None:
        """Lines without a verb are 500 and stay here."""
        for line in (b" CWD x\r\n", b"123\r\n", b"\xfe\xfd\r\n", b"A" * 40 + b"\r\n"):
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
        client.send(b"\xff\xfb\x01\xff\xfd\x03\xff\xfc\x05\xff\xfe\x06CWD xy\r\n")
        found = b""
        while b"250 Fine.\r\n" not in found:
            found += client.sock.recv(100)
        self.assertEqual(found, b"\xff\xfe\x01\xff\xfc\x03250 Fine.\r\n")
        self.assertTrue(client.in_step())
        self.assertEqual(served.result(TIMEOUT), b"CWD xy")

    def test_interrupt(self) -> None:
        """ABOR reaches the server with IP and DM in front where the client sent them, and bare else."""

        def script(control: Control) -> list[bytes]:
            control.sock.setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, 1)
            found = []
            for _ in range(2):
                found.append(control.line())
                control.say(b"225 Nothing.")
            echo_site(control)
            return found

        client, served = self.talk(script)
        for line in (b"\xff\xf4\xff\xf2ABOR\r\n", b"ABOR\r\n"):
            client.send(line)
            self.assertEqual(client.code(), 225)
        self.assertTrue(client.in_step())
        self.assertEqual(served.result(TIMEOUT), [b"\xff\xf4\xff\xf2ABOR", b"ABOR"])

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


class LfTests(WireTestCase):
    """``lf-lines``: clients that end lines with LF alone."""

    toml = "lf-lines = true\n" + PATIENT
    alone = "lf-lines"

    def test_lines(self) -> None:
        """Each line is a command, and the server gets CR LF whatever came."""

        def script(control: Control) -> list[bytes]:
            found = [control.answer(b"CWD", b"250 Fine.") for _ in range(3)]
            echo_site(control)
            return found

        client, served = self.talk(script)
        for line in (b"CWD a\n", b"\nCWD b\r\n", b"CWD c\r\r\n\n"):
            client.send(line)
        self.assertEqual([client.code() for _ in range(3)], [250, 250, 250])
        self.assertTrue(client.in_step())
        self.assertEqual(served.result(TIMEOUT), [b"a", b"b", b"c"])

    def test_bare_cr(self) -> None:
        """A CR inside a line is refused as ever."""
        client, _ = self.talk(echo_site)
        client.send(b"CWD a\rDELE b\n")
        self.assertEqual(client.code(), 500)
        self.assertTrue(client.in_step())
