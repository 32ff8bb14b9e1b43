"""Waits that are the server's right (field.md row 8)."""

from __future__ import annotations

from threading import Event

from tests.field.cells import ALL, PLAIN, SECURE, Cases, everywhere
from tests.tls.peers import ending, finish
from tests.wire.patience import shortened
from tests.wire.peers import BLOCK, PATIENT, TIMEOUT, Closed, Control, echo_site

WAIT = 2.5
"""What no peer here reaches, if it stalls for a while."""
ACTIVE_SERVER = tuple(one for one in ALL if one.mode == "active")


class Lines(Cases):
    """z/OS waits for a data set: one 125 of several lines, which come one by one."""

    def test_one_by_one(self) -> None:
        """Each line reaches the client before the next one is said; no address of the server's side."""
        heard = Event()
        for verb in (b"RETR", b"STOR", b"LIST"):

            def script(control: Control, verb: bytes = verb) -> None:
                port = self.port(control)
                control.expect(verb)
                for line in (b"125-Data set is held.", b" Waiting (127.0.0.1,2048)", b"Waiting"):
                    control.say(line)
                    assert heard.wait(TIMEOUT)
                    heard.clear()
                control.say(b"125 Here.")
                self.moved(control, port.open(), verb)

            client, served = self.session(script)
            prepared = self.prepare(client)
            client.send(verb + b" f\r\n")
            lines = []
            for _ in range(3):
                lines.append(client.line())
                heard.set()
            self.assertEqual(lines, [b"125-Data set is held.", b" Waiting", b" Waiting"])
            self.assertEqual(client.line(), b"125 Here.")
            self.moves(client, self.open(client, prepared), verb)
            served.result(TIMEOUT)

    def test_refused_behind_them(self) -> None:
        """A data connection that fails meanwhile does not keep the end of the reply back."""

        def script(control: Control) -> None:
            port = self.port(control)
            control.answer(b"RETR", b"125-Data set is held.")
            assert heard.wait(TIMEOUT)
            port.refuse()
            control.say(b"125 Go on.", b"450 Not to be had.")
            echo_site(control)

        heard = Event()
        client, _ = self.session(script)
        prepared = self.prepare(client)
        client.send(b"RETR f\r\n")
        self.assertEqual(client.line()[:4], b"125-")
        heard.set()
        self.assertEqual(client.line()[:4], b"125 ")
        self.assertEqual(client.code(), 450)
        prepared.close()
        self.assertTrue(client.in_step())


class Bounded(Cases):
    """Such lines count as those of any reply."""

    more = "[limits]\nreply-lines = 100\n"

    def test_endless(self) -> None:
        """One too many ends the session; what the client has read is a whole reply even so."""

        def script(control: Control) -> None:
            port = self.port(control)
            control.answer(b"RETR", *[b"125-Wait."] * 150)
            control.until_end()
            port.refuse()

        client, _ = self.session(script)
        prepared = self.prepare(client)
        client.send(b"RETR f\r\n")
        found = []
        try:
            while True:
                found.append(client.line()[:4])
        except Closed:
            pass
        self.assertEqual(found.count(b"125-"), 100)
        self.assertEqual(found[-1], b"421 ")
        prepared.close()


class AtWork(Cases):
    """A server whose lines come slowly: each of them counts as a word of it."""

    timers = shortened(PATIENT, final_reply=WAIT, idle=WAIT, stalled=WAIT)
    LINES = 6

    def slowly(self, control: Control, line: bytes) -> None:
        """Longer than any wait, all in all; never as long as one."""
        for _ in range(self.LINES):
            control.say(line)
            assert control.silent(WAIT / 5)

    def test_any_reply(self) -> None:
        """Of a command that is no transfer."""

        def script(control: Control) -> None:
            control.expect(b"SITE")
            self.slowly(control, b"214-Help")
            control.say(b"214 End.")
            echo_site(control)

        client, _ = self.session(script)
        found = client.ask(b"SITE HELP")
        self.assertEqual((found.code, len(found.lines)), (214, self.LINES + 1))
        self.assertTrue(client.in_step())

    def test_held(self) -> None:
        """z/OS, with the data connection standing: nothing stalls, and the file comes in the end."""
        for verb in (b"RETR", b"STOR"):

            def script(control: Control, verb: bytes = verb) -> None:
                data = self.port(control).open()
                control.expect(verb)
                self.slowly(control, b"125-Data set is held.")
                control.say(b"125 Here.")
                self.moved(control, data, verb)

            client, served = self.session(script)
            prepared = self.prepare(client)
            client.send(verb + b" f\r\n")
            self.assertEqual(len(client.reply().lines), self.LINES + 1)
            self.moves(client, self.open(client, prepared), verb)
            served.result(TIMEOUT)

    def test_stores(self) -> None:
        """An upload's last words."""
        for line in (b"150 Storing.", b"226-Storing."):

            def script(control: Control, line: bytes = line) -> None:
                port = self.port(control)
                control.answer(b"STOR", b"150 Here.")
                data = self.shaken(port.open())
                assert ending(data) == (BLOCK, "end")
                finish(data)
                self.slowly(control, line)
                control.say(b"226 Stored.")
                echo_site(control)

            client, _ = self.session(script)
            prepared = self.prepare(client)
            self.assertEqual(client.ask(b"STOR f").code, 150)
            data = self.open(client, prepared)
            data.sendall(BLOCK)
            finish(data)
            found = client.code()
            while found == 150:
                found = client.code()
            self.assertEqual(found, 226)
            self.assertTrue(client.in_step())


class Dials(Cases):
    """A server in active mode that dials late, behind its 1xx (job output), and shakes hands late."""

    timers = shortened(PATIENT, data_open=0.3)

    def test_late(self) -> None:
        """timeouts.stalled, not timeouts.data-open, is for it."""
        for verb in (b"RETR", b"STOR"):
            waited = Event()

            def script(control: Control, verb: bytes = verb, waited: Event = waited) -> None:
                port = self.port(control)
                control.answer(verb, b"125 The job runs.")
                assert waited.wait(TIMEOUT)
                self.moved(control, port.open(), verb)

            client, served = self.session(script)
            prepared = self.prepare(client)
            self.assertEqual(client.ask(verb + b" f").code, 125)
            self.assertTrue(client.silent(0.5))
            waited.set()
            self.moves(client, self.open(client, prepared), verb)
            served.result(TIMEOUT)


globals().update(everywhere(Lines))
globals().update(everywhere(Bounded, ALL[:1]))
globals().update(everywhere(AtWork, (*PLAIN[:2], SECURE[1])))
globals().update(everywhere(Dials, ACTIVE_SERVER))
