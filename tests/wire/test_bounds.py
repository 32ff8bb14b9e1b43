"""Rule 7: everything has a bound.  Memory, queues, sessions, abuse."""

from __future__ import annotations

import socket
from threading import Event
from typing import Any

from tests.wire.peers import (
    BLOCK,
    PATIENT,
    TIMEOUT,
    Client,
    Closed,
    Control,
    WireTestCase,
    echo_site,
    exactly,
)

MIB = 1 << 20


def pour(sock: socket.socket, data: bytes, total: int, patience: float = 1.0) -> int:
    """Send until ``total`` bytes are gone or the peer has read nothing for a while."""
    sock.settimeout(patience)
    sent = 0
    try:
        while sent < total:
            sent += sock.send(data)
    except (TimeoutError, ConnectionError):
        pass
    sock.settimeout(TIMEOUT)
    return sent


class Measured(WireTestCase):
    """A gateway whose memory is looked at."""

    def grown(self, act: Any) -> int:
        """How many bytes the gateway's memory grew while ``act`` ran."""
        before = self.gateway.rss
        act()
        return self.gateway.rss - before


class SurplusFloodTests(Measured):
    """In a gateway of its own: it remembers of a server that it answered PASS more than once."""

    alone = "surplus flood"

    def test_server_pours_surplus(self) -> None:
        """Replies that nobody asked for, without end: bounded, and another session is served."""

        def script(control: Control) -> None:
            pour(control.sock, b"226 Done.\r\n" * 5000, 2 * MIB)

        other, _ = self.talk(echo_site)
        grown = self.grown(lambda: self.talk(script)[1].result(60))
        self.assertLess(grown, 16 * MIB)
        self.assertTrue(other.in_step())


class FloodTests(Measured):
    """The gateway's memory stays bounded whatever is poured into it."""

    alone = "flood"

    def test_client_pours_commands_and_reads_nothing(self) -> None:
        """A client that sends for ever and never reads is stopped by backpressure."""

        def script(control: Control) -> None:
            try:
                while True:
                    control.line()
                    control.send(b"200 " + b"x" * 2000 + b"\r\n")
            except (Closed, ConnectionError, TimeoutError):
                return

        client, _ = self.talk(script)
        client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        grown = self.grown(lambda: pour(client.sock, b"NOOP\r\n" * 10000, 200 * MIB))
        client.reset()
        self.assertLess(grown, 32 * MIB)

    def test_client_pours_one_line(self) -> None:
        """A line without end costs no memory."""
        client, _ = self.talk(lambda control: control.until_end())
        self.assertLess(self.grown(lambda: pour(client.sock, b"x" * 65536, 64 * MIB)), 16 * MIB)
        client.reset()

    def test_client_pours_telnet(self) -> None:
        """Telnet questions without end, the answers never read."""
        client, _ = self.talk(lambda control: control.until_end())
        self.assertLess(
            self.grown(lambda: pour(client.sock, b"\xff\xfd\x01" * 20000, 24 * MIB)), 32 * MIB
        )
        client.reset()

    def test_server_pours_telnet(self) -> None:
        """The same from a server that never reads the answers."""

        def script(control: Control) -> int:
            control.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            return pour(control.sock, b"\xff\xfd\x01" * 20000, 48 * MIB)

        def act() -> None:
            client, served = self.talk(script)
            served.result(60)
            client.close()

        self.assertLess(self.grown(act), 20 * MIB)

    def test_server_pours_subnegotiations(self) -> None:
        """Telnet subnegotiations that never end do not keep the others waiting."""

        def script(control: Control) -> None:
            pour(control.sock, b"\xff\xfa" * 32768, 2 * MIB)

        other, _ = self.talk(echo_site)
        self.talk(script)
        before = self.gateway.cpu
        self.assertTrue(other.in_step())
        self.assertLess(self.gateway.cpu - before, 1.0)

    def test_server_pours_replies(self) -> None:
        """1xx replies without end, to a client that does not read."""

        def script(control: Control) -> None:
            control.expect(b"HELP")
            pour(control.sock, (b"110 " + b"x" * 1000 + b"\r\n") * 60, 200 * MIB)

        client, served = self.talk(script)
        client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.send(b"HELP\r\n")
        self.assertLess(self.grown(lambda: served.result(60)), 12 * MIB)
        client.reset()

    def test_server_pours_one_reply(self) -> None:
        """A multi-line reply without end ends the session with 421, within bounded memory."""

        def script(control: Control) -> None:
            control.answer(b"HELP", b"214-Begin")
            pour(control.sock, (b" " + b"x" * 50 + b"\r\n") * 1000, 200 * MIB)

        client, _ = self.talk(script)

        def act() -> None:
            self.assertEqual(client.ask(b"HELP").code, 421)

        self.assertLess(self.grown(act), 64 * MIB)

    def test_upload_to_a_server_that_does_not_read(self) -> None:
        """Data backs up to the client, not into the gateway."""

        def script(control: Control) -> None:
            port = control.data()
            control.answer(b"STOR", b"150 Go.")
            data = port.open()
            assert go.wait(TIMEOUT)
            data.close()

        go = Event()
        client, _ = self.talk(script)
        data = client.pasv()
        self.assertEqual(client.ask(b"STOR f").code, 150)
        self.assertLess(self.grown(lambda: pour(data, BLOCK * 16, 400 * MIB)), 16 * MIB)
        go.set()

    def test_download_by_a_client_that_does_not_read(self) -> None:
        """The same the other way; the session still answers STAT."""

        def script(control: Control) -> None:
            port = control.data()
            control.answer(b"RETR", b"150 Go.")
            pour(port.open(), BLOCK * 16, 400 * MIB)

        client, served = self.talk(script)
        data = client.pasv()
        self.assertEqual(client.ask(b"RETR f").code, 150)
        exactly(data, 1)
        self.assertIn(client.ask(b"STAT").code, (211, 213))
        self.assertLess(self.grown(lambda: served.result(60)), 16 * MIB)
        client.close()

    def test_one_fast_transfer_starves_nobody(self) -> None:
        """While one download runs at full speed another session is answered."""

        def script(control: Control) -> None:
            port = control.data()
            control.answer(b"RETR", b"150 Go.")
            data = port.open()
            pour(data, BLOCK * 16, 300 * MIB, TIMEOUT)
            data.close()
            control.say(b"226 Done.")
            control.until_end()

        def echo(control: Control) -> None:
            for _ in range(20):
                echo_site(control)

        other, _ = self.talk(echo)
        client, _ = self.talk(script)
        data = client.pasv()
        self.assertEqual(client.ask(b"RETR f").code, 150)
        for _ in range(20):
            exactly(data, MIB)
            before = self.gateway.cpu
            self.assertTrue(other.in_step())
            self.assertLess(self.gateway.cpu - before, 1.0)
        client.close()


class LimitTests(WireTestCase):
    """Sessions per peer and in all, the queue, and bad commands."""

    toml = (
        PATIENT
        + "[limits]\nsessions = 4\nsessions-per-peer = 2\nqueued-commands = 4\nbad-commands = 3\n"
    )
    alone = "limits"

    def wait_free(self, source: str) -> Client:
        """A session that is let in; the ones before may take a moment to end."""
        for _ in range(100):
            served = self.serve(lambda control: (control.login(), control.until_end()))
            client = self.connect(source)
            if client.code() == 220:
                return client
            client.rest()
            client.close()
            served.cancel()
            self.server.forget()
        raise AssertionError("never let in")

    def test_sessions_per_peer(self) -> None:
        """The third session of one address gets 421; another address, and a later one, get in."""
        first, second = (self.wait_free("127.0.0.11") for _ in range(2))
        third = self.connect("127.0.0.11")
        self.assertEqual(third.code(), 421)
        self.assertEqual(third.rest(), b"")
        self.wait_free("127.0.0.12").close()
        first.close()
        second.ask(b"USER x")
        self.wait_free("127.0.0.11")

    def test_sessions_in_all(self) -> None:
        """The fifth session gets 421, whoever it is."""
        for n in range(4):
            self.wait_free(f"127.0.0.{21 + n}")
        extra = self.connect("127.0.0.30")
        self.assertEqual(extra.code(), 421)
        self.assertEqual(extra.rest(), b"")

    def test_small_queue(self) -> None:
        """More pipelined commands than the queue holds: all answered, by backpressure."""

        def script(control: Control) -> None:
            control.login()
            control.expect(b"SITE")
            assert sent.wait(TIMEOUT)
            assert self.gateway.quiet(control)
            control.say(b"200 0")
            for n in range(1, 100):
                assert control.expect(b"SITE") == b"%d" % n
                control.say(b"200 %d" % n)

        sent = Event()
        served = self.serve(script)
        client = self.connect("127.0.0.41")
        self.assertEqual(client.code(), 220)
        client.login()
        client.send(b"".join(b"SITE %d\r\n" % n for n in range(100)))
        sent.set()
        self.assertEqual([client.line() for _ in range(100)], [b"200 %d" % n for n in range(100)])
        served.result(TIMEOUT)

    def test_bad_commands(self) -> None:
        """After so many lines that are no commands: 421 and the end."""
        client = self.wait_free("127.0.0.51")
        for _ in range(2):
            self.assertEqual(client.ask(b"1").code, 500)
        codes = [client.ask(b"1").code]
        if codes != [421]:
            codes.append(client.code())
        self.assertEqual(codes[-1], 421)
        self.assertEqual(client.rest(), b"")


class AbuseTests(WireTestCase):
    """Strangers at the control port."""

    def test_http(self) -> None:
        """HTTP and SMTP verbs before login: closed, and nothing of the input comes back."""
        for line in (
            b"GET /secretpath HTTP/1.1\r\nHost: x\r\n\r\n",
            b"POST /secretpath HTTP/1.0\r\n\r\n",
            b"EHLO secretpath\r\n",
            b"HEAD /secretpath HTTP/1.1\r\n\r\n",
            b"CONNECT secretpath:1 HTTP/1.1\r\n\r\n",
        ):
            self.serve(lambda control: (control.say(b"220 Ready."), control.until_end()))
            client = self.connect()
            self.assertEqual(client.code(), 220)
            client.send(line)
            self.assertNotIn(b"secretpath", client.rest())

    def test_http_in_a_rush(self) -> None:
        """The same before the greeting has come."""
        self.serve(lambda control: control.until_end())
        client = self.connect()
        client.send(b"GET /secretpath HTTP/1.1\r\n\r\n")
        self.assertNotIn(b"secretpath", client.rest())

    def test_garbage(self) -> None:
        """Random bytes end in refusals, then 421; never in an echo."""
        self.serve(lambda control: (control.say(b"220 Ready."), control.until_end()))
        client = self.connect()
        client.send(b"\x16\x03\x01\x02\x00\x01secretpath\r\n" * 50)
        found = client.rest()
        self.assertNotIn(b"secretpath", found)
        self.assertIn(b"\r\n421 ", found)
