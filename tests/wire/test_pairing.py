"""Rule 3: every reply answers its own command, through pipelining and surplus replies."""

from __future__ import annotations

from threading import Event

from tests.wire.peers import (
    TIMEOUT,
    Client,
    Control,
    WireTestCase,
    drained,
    echo_site,
    exactly,
    impatient,
    pasv_port,
    reset,
    six,
)


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
                assert self.gateway.quiet(control), "two commands outstanding"
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
            assert sent.wait(TIMEOUT)
            assert self.gateway.quiet(control)
            control.say(b"200 0")
            for number in range(1, 2000):
                assert control.expect(b"SITE") == b"%d" % number
                control.say(b"200 %d" % number)

        sent = Event()
        client, served = self.talk(script)
        client.send(b"".join(b"SITE %d\r\n" % n for n in range(2000)))
        sent.set()
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
            assert sent.wait(TIMEOUT)
            assert self.gateway.quiet(control)
            data.close()
            control.say(b"226 Done.")
            for _ in range(600):
                control.answer(b"NOOP", b"200 Still here.")

        sent = Event()
        client, served = self.talk(script)
        data = client.pasv()
        self.assertEqual(client.ask(b"RETR f").code, 150)
        client.send(b"NOOP\r\n" * 600)
        sent.set()
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
            assert sent.wait(TIMEOUT)
            assert self.gateway.quiet(control)
            data.sendall(b"half")
            data.close()
            control.say(b"226 Done.")
            control.answer(b"QUIT", b"221 Bye.")
            return control.until_end()

        sent = Event()
        client, _ = self.talk(script)
        data = client.pasv()
        self.assertEqual(client.ask(b"RETR f").code, 150)
        client.send(b"QUIT\r\n")
        sent.set()
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
    """Replies that nobody asked for: a server of their own, since the gateway remembers them."""

    alone = "surplus"

    def surplus(self, verb: bytes, extra: bytes) -> Client:
        """A session whose server says something extra between two commands."""

        def script(control: Control) -> None:
            control.answer(verb, b"200 Fine.")
            assert answered.wait(TIMEOUT)
            control.say(extra)
            sent.set()
            echo_site(control)

        answered, sent = Event(), Event()
        client, _ = self.talk(script)
        self.assertEqual(client.ask(verb).code, 200)
        answered.set()
        self.assertTrue(sent.wait(TIMEOUT))
        self.assertTrue(self.gateway.rests())
        return client

    def test_they_are_dropped(self) -> None:
        """pyftpdlib's 421 and 425 between commands, and any other, never answer the next command."""
        for verb, extra in (
            (b"NOOP", b"421 Passive data channel timed out."),
            (b"CWD", b"425 Rejected data connection from foreign address."),
            (b"PWD", b"226 Transfer complete."),
            (b"SYST", b"550 What?"),
            (b"CDUP", b"331 Password?"),
            (b"HELP", b"150 Opening."),
        ):
            self.assertTrue(self.surplus(verb, extra).in_step(), extra)

    def test_a_verb_that_was_answered_twice(self) -> None:
        """Behind the same verb in the next session a NOOP takes what may come late."""

        def script(control: Control) -> None:
            control.answer(b"MKD", b"257 Made.")
            control.expect(b"NOOP")
            control.say(b"250 Made it, really.", b"200 Fine.")
            echo_site(control)

        self.assertTrue(self.surplus(b"MKD", b"250 Made it.").in_step())
        client, served = self.talk(script)
        self.assertEqual(client.ask(b"MKD").code, 257)
        self.assertTrue(client.in_step())
        served.result(TIMEOUT)

    def test_a_greeting_that_was_said_twice(self) -> None:
        """The next session asks nothing before its login: many servers answer NOOP there by 530."""

        def script(control: Control) -> None:
            control.say(b"220 Ready.", b"220 Really.")
            control.answer(b"USER", b"331 Go on.", b"331 Go on, do.")
            control.answer(b"PASS", b"230 In.")
            echo_site(control)

        for _ in range(2):
            self.serve(script)
            self.assertTrue(self.enter().in_step())

    def test_duplicate_226_in_one_segment(self) -> None:
        """A second 226 in the same segment does not answer the PASV that waits behind."""

        def script(control: Control) -> None:
            port = control.data()
            control.answer(b"RETR", b"150 Here.")
            port.open().close()
            control.say(b"226 Done.", b"226 Done.")
            verb, _ = control.command()
            if verb == b"NOOP":  # both were read before the data's end
                control.say(b"200 Fine.")
                verb, _ = control.command()
            assert verb == b"EPSV"
            control.say(b"229 Extended (|||50123|)")
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
            assert self.gateway.quiet(control)
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

    @impatient(quit=1.0)
    def test_quit_without_answer(self) -> None:
        """A server that closes at QUIT without a word, or never answers it: 221."""
        for script in (lambda c: c.expect(b"QUIT"), Control.until_end):
            client, _ = self.talk(script)
            self.assertEqual(client.ask(b"QUIT").code, 221)
            self.assertEqual(client.rest(), b"")


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
