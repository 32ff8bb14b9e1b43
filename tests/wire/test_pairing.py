"""Rule 3: every reply answers its own command, through pipelining, ABOR and surplus replies."""

from __future__ import annotations

import socket
from threading import Event
from typing import Any

from tests.wire.peers import (
    BLOCK,
    TIMEOUT,
    Client,
    Control,
    WireTestCase,
    drained,
    echo_site,
    exactly,
    pasv_port,
    reset,
    six,
)

SYNCH = (b"\xff\xf4\xff", b"\xf2")


def urgent(client: Client) -> None:
    """ABOR as RFC 959 has it: IAC IP IAC, DM urgent, ABOR."""
    client.send(SYNCH[0])
    client.sock.send(SYNCH[1], socket.MSG_OOB)
    client.send(b"ABOR\r\n")


def plain(client: Client) -> None:
    """ABOR as many clients send it."""
    client.send(b"ABOR\r\n")


def urgent_end(client: Client) -> None:
    """ABOR as ftplib sends it: the last byte urgent."""
    client.sock.send(b"ABOR\r\n", socket.MSG_OOB)


class PipelineTests(WireTestCase):
    """Clients that do not wait for replies."""

    def test_login_in_one_segment(self) -> None:
        """USER, PASS and more in one segment reach the server one at a time."""

        def script(control: Control) -> None:
            control.say(b"220 Ready.")
            for verb, reply in (
                (b"USER", b"331 Go on."),
                (b"PASS", b"230 In."),
                (b"SYST", b"215 UNIX"),
                (b"PWD", b'257 "/"'),
            ):
                assert control.line().startswith(verb)
                assert not control.buffer and control.silent(0.05), "two commands outstanding"
                control.say(reply)
            control.until_end()

        self.serve(script)
        client = self.connect()
        client.send(b"USER joe\r\nPASS x\r\nSYST\r\nPWD\r\n")
        self.assertEqual([client.code() for _ in range(5)], [220, 331, 230, 215, 257])

    def test_many_more_than_the_queue(self) -> None:
        """Two thousand commands in one segment, a slow server: each is answered, in order."""

        def script(control: Control) -> None:
            control.expect(b"SITE")
            assert control.silent(1.0)
            control.say(b"200 0")
            for number in range(1, 2000):
                assert control.expect(b"SITE") == b"%d" % number
                control.say(b"200 %d" % number)

        client, served = self.talk(script)
        client.send(b"".join(b"SITE %d\r\n" % n for n in range(2000)))
        for number in range(2000):
            self.assertEqual(client.line(), b"200 %d" % number)
        served.result(TIMEOUT)

    def test_noops_behind_a_long_transfer(self) -> None:
        """Six hundred NOOPs in mid-transfer are all answered after it, none before."""

        def script(control: Control) -> None:
            port = control.data()
            control.answer(b"RETR", b"150 Here.")
            data = port.open()
            data.sendall(b"x")
            assert control.silent(1.0)
            data.close()
            control.say(b"226 Done.")
            for _ in range(600):
                control.answer(b"NOOP", b"200 Still here.")

        client, served = self.talk(script)
        data = client.pasv()
        self.assertEqual(client.ask(b"RETR f").code, 150)
        client.send(b"NOOP\r\n" * 600)
        self.assertEqual(drained(data), (b"x", "end"))
        codes = [client.code() for _ in range(601)]
        self.assertEqual(codes, [226] + [200] * 600)
        served.result(TIMEOUT)

    def test_transfers_in_one_segment(self) -> None:
        """PASV and RETR together, and the next pair behind them, stay in step."""

        def script(control: Control) -> None:
            for name in (b"a", b"b"):
                port = control.data()
                assert control.answer(b"RETR", b"150 Here.") == name
                data = port.open()
                data.sendall(name)
                data.close()
                control.say(b"226 Done.")
            echo_site(control)

        client, _ = self.talk(script)
        client.send(b"PASV\r\nRETR a\r\nPASV\r\nRETR b\r\n")
        for name in (b"a", b"b"):
            data = client.reach(pasv_port(client.reply()))
            self.assertEqual(client.code(), 150)
            self.assertEqual(drained(data), (name, "end"))
            self.assertEqual(client.code(), 226)
        self.assertTrue(client.in_step())

    def test_quit_behind_transfer(self) -> None:
        """QUIT in mid-transfer waits for the whole transfer."""

        def script(control: Control) -> list[bytes]:
            port = control.data()
            control.answer(b"RETR", b"150 Here.")
            data = port.open()
            data.sendall(b"half")
            assert control.silent(0.3)
            data.sendall(b"half")
            data.close()
            control.say(b"226 Done.")
            control.answer(b"QUIT", b"221 Bye.")
            return control.until_end()

        client, _ = self.talk(script)
        data = client.pasv()
        self.assertEqual(client.ask(b"RETR f").code, 150)
        client.send(b"QUIT\r\n")
        self.assertEqual(drained(data), (b"halfhalf", "end"))
        self.assertEqual([client.code(), client.code()], [226, 221])
        self.assertEqual(client.rest(), b"")

    def test_stat_in_transfer(self) -> None:
        """STAT in mid-transfer is answered at once by the gateway and does not reach the server."""

        def script(control: Control) -> None:
            port = control.data()
            control.answer(b"RETR", b"150 Here.")
            data = port.open()
            data.sendall(b"x" * 1000)
            assert go.wait(TIMEOUT)
            data.close()
            control.say(b"226 Done.")
            echo_site(control)

        go = Event()
        client, _ = self.talk(script)
        data = client.pasv()
        self.assertEqual(client.ask(b"RETR f").code, 150)
        exactly(data, 1000)
        found = client.ask(b"STAT")
        self.assertIn(found.code, (211, 213))
        self.assertIn(b"1000", found.text)
        go.set()
        self.assertEqual(drained(data)[1], "end")
        self.assertEqual(client.code(), 226)
        self.assertTrue(client.in_step())


class SurplusTests(WireTestCase):
    """Replies that nobody asked for."""

    def surplus(self, extra: bytes) -> Client:
        """A session whose server says something extra between two commands."""

        def script(control: Control) -> None:
            control.answer(b"NOOP", b"200 Fine.")
            assert control.silent(0.1)
            control.say(extra)
            sent.set()
            echo_site(control)

        sent = Event()
        client, _ = self.talk(script)
        self.assertEqual(client.ask(b"NOOP").code, 200)
        self.assertTrue(sent.wait(TIMEOUT))
        client.silent(0.1)
        return client

    def test_benign_ones_are_dropped(self) -> None:
        """pyftpdlib's 421 and 425 between commands, and a 226, never answer the next command."""
        for extra in (
            b"421 Passive data channel timed out.",
            b"425 Rejected data connection from foreign address.",
            b"226 Transfer complete.",
        ):
            self.assertTrue(self.surplus(extra).in_step(), extra)

    def test_others_end_the_session(self) -> None:
        """Any other surplus ends the session with 421, never with a guess."""
        for extra in (b"550 What?", b"331 Password?", b"150 Opening."):
            client = self.surplus(extra)
            self.assertEqual(client.code(), 421)
            self.assertEqual(client.rest(), b"")

    def test_duplicate_226_in_one_segment(self) -> None:
        """A second 226 in the same segment does not answer the PASV that waits behind."""

        def script(control: Control) -> None:
            port = control.data()
            control.answer(b"RETR", b"150 Here.")
            port.open().close()
            control.say(b"226 Done.", b"226 Done.")
            control.data().refuse()
            echo_site(control)

        client, _ = self.talk(script)
        data = client.pasv()
        client.send(b"RETR f\r\nPASV\r\n")
        self.assertEqual(client.code(), 150)
        self.assertEqual(drained(data), (b"", "end"))
        self.assertEqual(client.code(), 226)
        pasv_port(client.reply())
        self.assertTrue(client.in_step())

    def test_late_226_before_229(self) -> None:
        """A 226 that crosses the next EPSV is not taken for its answer."""

        def script(control: Control) -> None:
            control.expect(b"EPSV")
            control.say(b"226 Late.")
            assert control.silent(0.1)
            control.say(b"229 Extended (|||50123|)")
            echo_site(control)

        client, _ = self.talk(script)
        pasv_port(client.ask(b"PASV"))
        self.assertTrue(client.in_step())

    def test_surplus_in_the_greeting_segment(self) -> None:
        """A reply glued to the greeting is not the answer to USER."""

        def script(control: Control) -> None:
            control.say(b"220 Ready.", b"200 And more.")
            control.answer(b"USER", b"331 Go on.")
            control.until_end()

        self.serve(script)
        client = self.connect()
        self.assertEqual(client.code(), 220)
        self.assertEqual(client.ask(b"USER joe").code, 331)

    def test_421_and_fin_when_idle(self) -> None:
        """A 421 with FIN between commands is relayed, then the session ends."""

        def script(control: Control) -> None:
            control.answer(b"NOOP", b"200 Fine.")
            control.say(b"421 Idle too long.")

        client, _ = self.talk(script)
        self.assertEqual(client.ask(b"NOOP").code, 200)
        self.assertEqual(client.reply().lines, (b"421 Idle too long.",))
        self.assertEqual(client.rest(), b"")

    def test_fin_when_idle(self) -> None:
        """A server that just hangs up costs a 421, not silence and not 500 for ever."""
        client, _ = self.talk(lambda control: control.answer(b"NOOP", b"200 Fine."))
        self.assertEqual(client.ask(b"NOOP").code, 200)
        self.assertEqual(client.code(), 421)
        self.assertEqual(client.rest(), b"")

    def test_421_as_an_answer(self) -> None:
        """421 as the answer to a command, then FIN: one 421, then the end."""
        client, _ = self.talk(lambda control: control.answer(b"CWD", b"421 Leaving."))
        self.assertEqual(client.ask(b"CWD x").lines, (b"421 Leaving.",))
        self.assertEqual(client.rest(), b"")

    def test_221_that_is_no_goodbye(self) -> None:
        """221 to STAT (FileZilla Server) does not end the session."""

        def script(control: Control) -> None:
            control.answer(b"STAT", b"221 Status.")
            echo_site(control)

        client, _ = self.talk(script)
        self.assertEqual(client.ask(b"STAT").code, 221)
        self.assertTrue(client.in_step())

    def test_quit_without_answer(self) -> None:
        """A server that closes at QUIT without a word, or never answers it: 221."""
        for script in (lambda c: c.expect(b"QUIT"), Control.until_end):
            client, _ = self.talk(script)
            self.assertEqual(client.ask(b"QUIT").code, 221)
            self.assertEqual(client.rest(), b"")


class AbortTests(WireTestCase):
    """ABOR in every phase and every form."""

    def test_abort_idle(self) -> None:
        """With nothing running ABOR goes to the server and its answer comes back."""

        def script(control: Control) -> None:
            for _ in range(3):
                control.aborted()
                control.say(b"225 Nothing to abort.")
            echo_site(control)

        client, _ = self.talk(script)
        for send in (plain, urgent, urgent_end):
            send(client)
            self.assertEqual(client.code(), 225)
        self.assertTrue(client.in_step())

    def aborted(self, command: bytes, send: Any, *replies: bytes) -> list[int]:
        """A transfer given up in the middle; the server answers ABOR with these replies."""

        def script(control: Control) -> str:
            port = control.data()
            control.answer(command[:4], b"150 Go.")
            data = port.open()
            if command.startswith(b"RETR"):
                data.sendall(BLOCK)
            control.aborted()
            ending = drained(data)[1]
            control.say(*replies)
            echo_site(control)
            return ending

        client, served = self.talk(script)
        data = client.pasv()
        self.assertEqual(client.ask(command).code, 150)
        if command.startswith(b"RETR"):
            exactly(data, len(BLOCK))
        else:
            data.sendall(BLOCK)
        send(client)
        codes = [client.code(), client.code()]
        self.assertEqual(drained(data)[1], "reset")
        self.assertTrue(client.in_step())
        self.assertEqual(served.result(TIMEOUT), "reset")
        return codes

    def test_abort_download(self) -> None:
        """426 and 226, whichever form ABOR has."""
        for send in (plain, urgent, urgent_end):
            codes = self.aborted(b"RETR f", send, b"426 Aborted.", b"226 ABOR done.")
            self.assertEqual(codes, [426, 226])

    def test_abort_upload(self) -> None:
        """The same in an upload: the server's data connection is reset."""
        for send in (plain, urgent):
            codes = self.aborted(b"STOR f", send, b"426 Aborted.", b"226 ABOR done.")
            self.assertEqual(codes, [426, 226])

    def test_abort_answered_once(self) -> None:
        """Servers that send only one of the two replies: the client still gets both, in step."""
        for reply, last in ((b"426 Aborted.", 226), (b"225 Fine.", 225), (b"226 Fine.", 226)):
            codes = self.aborted(b"RETR f", plain, reply)
            self.assertEqual(codes, [426, last])

    def test_abort_before_150(self) -> None:
        """ABOR while the server has not said 150 yet."""

        def script(control: Control) -> None:
            port = control.data()
            control.expect(b"RETR")
            port.open()
            control.aborted()
            control.say(b"426 Aborted.", b"226 ABOR done.")
            echo_site(control)

        client, _ = self.talk(script)
        client.pasv()
        client.send(b"RETR f\r\n")
        client.silent(0.2)
        plain(client)
        self.assertEqual([client.code(), client.code()], [426, 226])
        self.assertTrue(client.in_step())

    def test_abort_while_client_has_not_connected(self) -> None:
        """ABOR between 150 and a passive client's data connection."""

        def script(control: Control) -> None:
            port = control.data()
            control.answer(b"RETR", b"150 Go.")
            port.open()
            control.aborted()
            control.say(b"426 Aborted.", b"226 ABOR done.")
            echo_site(control)

        client, _ = self.talk(script)
        pasv_port(client.ask(b"PASV"))
        self.assertEqual(client.ask(b"RETR f").code, 150)
        plain(client)
        self.assertEqual([client.code(), client.code()], [426, 226])
        self.assertTrue(client.in_step())

    def test_abort_crosses_226(self) -> None:
        """The transfer had ended when ABOR came: 226 for it and 225 or 226 for ABOR, in step."""

        def script(control: Control) -> None:
            port = control.data()
            control.answer(b"RETR", b"150 Go.")
            port.open().close()
            control.say(b"226 Done.")
            control.aborted()
            control.say(b"225 Nothing to abort.")
            echo_site(control)

        client, _ = self.talk(script)
        client.pasv()
        self.assertEqual(client.ask(b"RETR f").code, 150)
        plain(client)
        codes = [client.code(), client.code()]
        self.assertIn(codes[0], (226, 426))
        self.assertIn(codes[1], (225, 226))
        self.assertTrue(client.in_step())

    def test_abort_that_nobody_answers(self) -> None:
        """A server that ignores ABOR and the transfer costs the session, within the wait."""

        def script(control: Control) -> None:
            port = control.data()
            control.answer(b"RETR", b"150 Go.")
            port.open()
            control.until_end()

        client, _ = self.talk(script)
        client.pasv()
        self.assertEqual(client.ask(b"RETR f").code, 150)
        plain(client)
        codes = [client.code()]
        while codes[-1] != 421:
            codes.append(client.code())
        self.assertEqual(codes[0], 426)
        self.assertEqual(client.rest(), b"")

    def test_abort_ignored_until_the_end(self) -> None:
        """vsftpd reads ABOR after the transfer: 426 for it, then 225; the session goes on."""
        codes = self.aborted(b"STOR f", plain, b"426 Failure reading.", b"225 No transfer to ABOR.")
        self.assertEqual(codes, [426, 225])

    def test_abort_in_front_of_pipelined(self) -> None:
        """Commands sent before ABOR in mid-transfer are answered before it."""

        def script(control: Control) -> None:
            port = control.data()
            control.answer(b"RETR", b"150 Go.")
            data = port.open()
            data.sendall(b"x")
            control.aborted()
            control.say(b"426 Aborted.", b"226 ABOR done.")
            control.answer(b"NOOP", b"200 Noop.")
            echo_site(control)

        client, _ = self.talk(script)
        data = client.pasv()
        self.assertEqual(client.ask(b"RETR f").code, 150)
        exactly(data, 1)
        client.send(b"NOOP\r\nABOR\r\n")
        self.assertEqual([client.code() for _ in range(3)], [426, 200, 226])
        self.assertTrue(client.in_step())

    def test_abort_twice(self) -> None:
        """A second ABOR gets an answer of its own."""

        def script(control: Control) -> None:
            port = control.data()
            control.answer(b"RETR", b"150 Go.")
            port.open()
            control.aborted()
            control.say(b"426 Aborted.", b"226 ABOR done.")
            control.aborted()
            control.say(b"225 Nothing.")
            echo_site(control)

        client, _ = self.talk(script)
        client.pasv()
        self.assertEqual(client.ask(b"RETR f").code, 150)
        client.send(b"ABOR\r\nABOR\r\n")
        self.assertEqual([client.code() for _ in range(3)], [426, 226, 225])
        self.assertTrue(client.in_step())

    def test_abort_reaches_the_server_as_urgent(self) -> None:
        """IAC IP IAC, DM urgent, then ABOR."""

        def script(control: Control) -> bytes:
            control.sock.setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, 1)
            line = control.line()
            control.say(b"225 Nothing.")
            return line

        client, served = self.talk(script)
        plain(client)
        self.assertEqual(client.code(), 225)
        self.assertEqual(served.result(TIMEOUT), b"\xff\xf4\xff\xf2ABOR")


class NeverOpenedTests(WireTestCase):
    """A data connection that does not come; the session stays usable and in step."""

    def test_active_client_refuses(self) -> None:
        """The client's PORT refuses: 425, the server's data is reset, the session goes on."""

        def script(control: Control) -> str:
            port = control.data()
            control.answer(b"RETR", b"150 Go.")
            ending = drained(port.open())[1]
            control.say(b"426 Broken.")
            echo_site(control)
            return ending

        client, served = self.talk(script)
        client.port().close()
        self.assertEqual(client.ask(b"RETR f").code, 150)
        self.assertIn(client.code(), (425, 426))
        self.assertTrue(client.in_step())
        self.assertEqual(served.result(TIMEOUT), "reset")

    def test_active_client_refuses_and_server_succeeds(self) -> None:
        """The server's 226 to a file that nobody received is not passed."""

        def script(control: Control) -> None:
            port = control.data()
            control.answer(b"RETR", b"150 Go.")
            data = port.open()
            data.sendall(b"small")
            data.close()
            control.say(b"226 Done.")
            echo_site(control)

        client, _ = self.talk(script)
        client.port().close()
        self.assertEqual(client.ask(b"RETR f").code, 150)
        self.assertIn(client.code(), (425, 426))
        self.assertTrue(client.in_step())

    def never(self, command: bytes) -> None:
        """A passive client that does not connect, a server that reads control only after data."""

        def script(control: Control) -> str:
            port = control.data()
            control.answer(command[:4], b"150 Go.")
            ending = drained(port.open())[1]
            control.say(b"426 Broken.")
            control.answer(b"ABOR", b"226 ABOR done.")
            echo_site(control)
            return ending

        client, served = self.talk(script)
        pasv_port(client.ask(b"PASV"))
        self.assertEqual(client.ask(command).code, 150)
        self.assertEqual(client.code(), 425)
        self.assertTrue(client.in_step())
        self.assertEqual(served.result(TIMEOUT), "reset")

    def test_passive_client_stays_away_from_download(self) -> None:
        """425 after the wait, and the server is brought back into step."""
        self.never(b"RETR f")

    def test_passive_client_stays_away_from_upload(self) -> None:
        """The same for an upload: the server's data connection is reset at once."""
        self.never(b"STOR f")

    def test_server_gives_up_first(self) -> None:
        """The server's own 425 while the client dawdles passes at once."""

        def script(control: Control) -> None:
            port = control.data()
            control.answer(b"RETR", b"150 Go.", b"425 You are too slow.")
            port.refuse()
            echo_site(control)

        client, _ = self.talk(script)
        pasv_port(client.ask(b"PASV"))
        found = client.ask(b"RETR f")
        if found.code == 150:
            found = client.reply()
        self.assertEqual(found.lines, (b"425 You are too slow.",))
        self.assertTrue(client.in_step())

    def test_server_port_is_closed(self) -> None:
        """150, but nobody listens at the server's data port: 425 and the session goes on."""

        def script(control: Control) -> None:
            port = control.data()
            port.refuse()
            control.answer(b"RETR", b"150 Go.")
            control.answer(b"ABOR", b"426 No connection.", b"226 ABOR done.")
            echo_site(control)

        client, _ = self.talk(script)
        data = client.pasv()
        codes = [client.ask(b"RETR f").code]
        if codes == [150]:
            codes = [client.code()]
        self.assertIn(codes[0], (425, 426))
        self.assertEqual(drained(data)[1], "reset")
        self.assertTrue(client.in_step())

    def test_server_refuses_after_the_wait(self) -> None:
        """The server's late 425 after our own is for nobody; the next command gets its answer."""

        def script(control: Control) -> None:
            port = control.data()
            control.answer(b"STOR", b"150 Go.")
            drained(port.open())
            control.expect(b"ABOR")
            control.say(b"225 ABOR done.")
            assert control.silent(0.1)
            control.say(b"425 No data.")
            echo_site(control)

        client, _ = self.talk(script)
        pasv_port(client.ask(b"PASV"))
        self.assertEqual(client.ask(b"STOR f").code, 150)
        self.assertEqual(client.code(), 425)
        self.assertTrue(client.in_step())


class ActiveServerStaysAwayTests(WireTestCase):
    """A server that was given PORT and does not connect."""

    mode = "active"

    def test_server_stays_away(self) -> None:
        """150 and no connection: 425 after the wait, ABOR to the server, session in step."""

        def script(control: Control) -> None:
            control.data()
            control.answer(b"RETR", b"150 Go.")
            control.answer(b"ABOR", b"426 None.", b"226 ABOR done.")
            echo_site(control)

        client, _ = self.talk(script)
        data = client.pasv()
        self.assertEqual(client.ask(b"RETR f").code, 150)
        self.assertEqual(client.code(), 425)
        self.assertEqual(drained(data)[1], "reset")
        self.assertTrue(client.in_step())

    def test_server_says_226_and_stays_away(self) -> None:
        """226 without any data connection is no success."""

        def script(control: Control) -> None:
            control.data()
            control.answer(b"RETR", b"150 Go.", b"226 Done.")
            echo_site(control)

        client, _ = self.talk(script)
        data = client.pasv()
        self.assertEqual(client.ask(b"RETR f").code, 150)
        self.assertIn(client.code(), (425, 426))
        self.assertEqual(drained(data)[1], "reset")
        self.assertTrue(client.in_step())

    def test_server_connects_right_at_port(self) -> None:
        """A server that dials as soon as it has PORT, before any transfer command."""

        def script(control: Control) -> None:
            data = control.data().open()
            control.answer(b"RETR", b"150 Go.")
            data.sendall(b"early")
            data.close()
            control.say(b"226 Done.")
            echo_site(control)

        client, _ = self.talk(script)
        data = client.pasv()
        self.assertEqual(client.ask(b"RETR f").code, 150)
        self.assertEqual(drained(data), (b"early", "end"))
        self.assertEqual(client.code(), 226)
        self.assertTrue(client.in_step())


class AfterTests(WireTestCase):
    """What a transfer leaves behind."""

    def test_late_close_leaves_the_next_transfer_alone(self) -> None:
        """The client keeps its old data connection open and begins the next transfer."""

        def script(control: Control) -> None:
            for name in (b"a", b"b"):
                port = control.data()
                control.answer(b"RETR", b"150 Go.")
                data = port.open()
                data.sendall(name)
                data.close()
                control.say(b"226 Done.")
            echo_site(control)

        client, _ = self.talk(script)
        first = client.pasv()
        self.assertEqual(client.ask(b"RETR a").code, 150)
        self.assertEqual(client.code(), 226)
        second = client.pasv()
        reset(first)
        self.assertEqual(client.ask(b"RETR b").code, 150)
        self.assertEqual(drained(second), (b"b", "end"))
        self.assertEqual(client.code(), 226)
        self.assertTrue(client.in_step())

    def test_transfer_without_preparation(self) -> None:
        """RETR without PASV or PORT is refused and the server stays in step."""
        client, _ = self.talk(echo_site)
        self.assertIn(client.ask(b"RETR f").code, (425, 503))
        self.assertTrue(client.in_step())

    def test_port_is_used_once(self) -> None:
        """A second transfer needs a PORT of its own, and nothing is dialled without one."""

        def script(control: Control) -> None:
            port = control.data()
            control.answer(b"RETR", b"150 Go.")
            port.open().close()
            control.say(b"226 Done.")
            echo_site(control)

        client, _ = self.talk(script)
        waiting = client.port()
        self.assertEqual(client.ask(b"RETR f").code, 150)
        self.assertEqual(drained(waiting.accept()[0]), (b"", "end"))
        self.assertEqual(client.code(), 226)
        self.assertIn(client.ask(b"RETR f").code, (425, 503))
        self.assertTrue(client.in_step())

    def test_foreign_port_leaves_the_old_one(self) -> None:
        """A refused PORT changes nothing at the server."""
        client, _ = self.talk(echo_site)
        self.assertGreaterEqual(client.ask(b"PORT " + six("10.9.8.7", 5000)).code, 500)
        self.assertTrue(client.in_step())
