"""Control connections through parents."""

from __future__ import annotations

import socket
from functools import partial

from tests.wire.parents import (
    CONSENT,
    FTP,
    PROXIES,
    SOCKS,
    SOURCES,
    WEB,
    Parents,
    asked,
    leave_unanswered,
)
from tests.wire.peers import TIMEOUT, Control, echo_site, exactly, impatient


class ControlThroughParents(Parents):
    """The control connection."""

    def test_server(self) -> None:
        """The name goes to the parent, which looks it up, with its port."""
        for kind in PROXIES:
            for named, told in (
                (b"joe@s.example", b"s.example:21"),
                (b"joe@S.example:2121", b"S.example:2121"),
            ):
                served = self.joined(kind, lambda c: (c.login(), echo_site(c), c.name)[2])
                client, code = self.named(kind, named)
                self.assertEqual(code, 331)
                self.assertEqual(client.ask(b"PASS secret").code, 230)
                self.assertTrue(client.in_step())
                self.assertEqual(served.result(TIMEOUT), told)

    def test_ftp(self) -> None:
        """Another FTP gateway: USER user@server, with the port where it is not 21."""
        for named in (b"joe@s.example", b"joe@s.example:2121"):

            def script(control: Control) -> bytes:
                control.say(b"220 Ready.")
                found = control.answer(b"USER", b"331 Go.")
                control.answer(b"PASS", b"230 In.")
                echo_site(control)
                return found

            served = self.serve_at(FTP, script)
            client, code = self.named(FTP, named)
            self.assertEqual(code, 331)
            self.assertEqual(client.ask(b"PASS secret").code, 230)
            self.assertTrue(client.in_step())
            self.assertEqual(served.result(TIMEOUT), named)

    def test_ftp_user_with_a_separator(self) -> None:
        """The parent would read another server in it: it is told nothing (parents.separators-in-user)."""
        for named in (b"joe@mail@s.example", b"joe@evil 21@s.example"):
            served = self.serve_at(FTP, lambda c: (c.say(b"220 Ready."), c.until_end())[1])
            client, code = self.named(FTP, named)
            self.assertEqual(code, 501)
            client.close()
            self.assertEqual(served.result(TIMEOUT), [])

    def test_glued_greeting(self) -> None:
        """The server's 220 in one segment with the parent's consent, and byte by byte."""

        def rest(control: Control) -> None:
            control.answer(b"USER", b"331 Go.")
            control.answer(b"PASS", b"230 In.")
            echo_site(control)

        for kind in PROXIES:
            self.joined(kind, rest, b"220-Wel\r\n220 come.\r\n")
            client, code = self.named(kind)
            self.assertEqual((code, client.ask(b"PASS secret").code), (331, 230))
            self.assertTrue(client.in_step())

            def slow(control: Control, kind: int = kind) -> None:
                asked(control, kind)
                whole = CONSENT[kind] + b"220 Hi.\r\n"
                for at in range(len(whole)):
                    control.send(whole[at : at + 1])
                rest(control)

            self.serve_at(kind, slow)
            client, code = self.named(kind)
            self.assertEqual((code, client.ask(b"PASS secret").code), (331, 230))
            self.assertTrue(client.in_step())

    REFUSALS = (
        (SOCKS, b"\x05\x02", "the SOCKS parent refuses: connection not allowed by ruleset"),
        (SOCKS, b"\x05\x05\0\x01\0\0\0\0\0\0", "the SOCKS parent refuses: connection refused"),
        (SOCKS, b"\x05\xee\0", "the SOCKS parent refuses: code 238"),
        (SOCKS, b"\x04\x5a\0\0", "the SOCKS parent does not speak SOCKS5"),
        (SOCKS, b"\x05\0\0\x07\0", "the SOCKS parent does not speak SOCKS5"),
        (SOCKS, b"220 Hi.\r\n", "the SOCKS parent does not speak SOCKS5"),
        (SOCKS, b"", "the SOCKS parent closed the connection too soon"),
        (SOCKS, b"\x05\0\0\x03\xff", "the SOCKS parent closed the connection too soon"),
        (WEB, b"HTTP/1.1 403 Not you\r\n\r\n<html>", "the HTTP parent refuses: 403 Not you"),
        (WEB, b"HTTP/1.1 407 No\r\n\r\n", "the HTTP parent refuses: the account is not accepted"),
        (WEB, b"HTTP/1.0 502 \x1b[2JBad\r\n\r\n", "the HTTP parent refuses: 502 ?[2JBad"),
        (WEB, b"220 Hi.\r\n\r\n", "the HTTP parent does not speak HTTP"),
        (WEB, b"\r\n\r\n\0\xff\r\n\r\n", "the HTTP parent does not speak HTTP"),
        (WEB, b"HTTP/1.1 200 Fi", "the HTTP parent closed the connection too soon"),
        (WEB, b"HTTP/1.1 200 Fine\r\nX: " + b"y" * 20000, "longer than 16384 bytes"),
    )

    def test_refusals(self) -> None:
        """Parents that refuse, babble or close: 434 without their words, and another server may come."""
        for kind, words, reason in self.REFUSALS:

            def script(control: Control, kind: int = kind, words: bytes = words) -> None:
                asked(control, kind)
                control.send(words)
                control.sock.shutdown(socket.SHUT_WR)
                control.until_end()

            self.serve_at(kind, script)
            client = self.greeted(SOURCES[kind])
            found = client.ask(b"USER joe@s.example")
            self.assertEqual(found.text, b"434 The server cannot be reached.", reason)
            self.assertIn(reason, self.gateway.new_log())
            self.joined(kind, lambda c: (c.login(), echo_site(c)))
            self.assertEqual(client.ask(b"USER joe@t.example").code, 331)
            self.assertEqual(client.ask(b"PASS secret").code, 230)
            self.assertTrue(client.in_step())

    def test_reset(self) -> None:
        """A parent that resets."""
        for kind in PROXIES:
            self.serve_at(kind, partial(leave_unanswered, kind, Control.reset))
            client, code = self.named(kind)
            self.assertEqual(code, 434)
            self.assertEqual(client.ask(b"NOOP").code, 200)

    def test_wrong_account(self) -> None:
        """A SOCKS parent that wants no account of ours, or another kind of it."""
        for words, reason in (
            (b"\x05\xff", "no authentication method in common"),
            (b"\x05\x01", "no authentication method in common"),
            (b"\x05\x02\x01\x01", "the account is not accepted"),
        ):

            def script(control: Control, words: bytes = words) -> None:
                exactly(control.sock, 4)
                control.send(words)
                control.until_end()

            self.serve_at(SOCKS, script)
            _, code = self.named(SOCKS)
            self.assertEqual(code, 434)
            self.assertIn(reason, self.gateway.new_log())

    @impatient(connect=1.5)
    def test_silent(self) -> None:
        """A parent that says nothing, or not all of it, within timeouts.connect."""
        for kind in PROXIES:
            for words in (b"", CONSENT[kind][:-1]):

                def script(control: Control, kind: int = kind, words: bytes = words) -> None:
                    asked(control, kind)
                    control.send(words)
                    control.until_end()

                served = self.serve_at(kind, script)
                client, code = self.named(kind)
                self.assertEqual(code, 434)
                self.assertIn("no answer within timeouts.connect", self.gateway.new_log())
                served.result(TIMEOUT)
                self.assertEqual(client.ask(b"NOOP").code, 200)

    @impatient(quit=1.0)
    def test_client_leaves(self) -> None:
        """A client that goes while its parent thinks takes the connection with it."""
        for kind in PROXIES:
            served = self.serve_at(kind, partial(leave_unanswered, kind, Control.until_end))
            client = self.greeted(SOURCES[kind])
            client.send(b"USER joe@s.example\r\n")
            self.assertTrue(self.gateway.quiet(client))
            client.close()
            self.assertEqual(served.result(TIMEOUT), [])

    def test_inward(self) -> None:
        """Names that would lead the parent to itself, and special addresses, are not asked for."""
        for kind in (*PROXIES, FTP):
            before = self.servers[kind].accepted
            for name in (b"localhost", b"127.0.0.1", b"127.1", b"0x7f000001", b"169.254.169.254"):
                client = self.greeted(SOURCES[kind])
                found = client.ask(b"USER joe@" + name)
                self.assertEqual((name, found.code), (name, 530))
            self.assertEqual(self.servers[kind].accepted, before)
