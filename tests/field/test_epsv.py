"""EPSV, EPRT and their elder kin: no answer, a useless one, a mode unknown (field.md rows 5 and 6)."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

from tests.tls.peers import ending
from tests.wire.peers import (
    BLOCK,
    PATIENT,
    TIMEOUT,
    Client,
    Control,
    DataPort,
    FakeServer,
    Script,
    SharedCases,
    WireTestCase,
    echo_site,
    impatient,
    listener,
    port_of,
    six,
)

FORGETFUL = PATIENT + "[data]\nremember = 0.000001\n"  # each test begins anew
EXTENDED = {b"EPSV": b"PASV", b"EPRT": b"PORT"}


class Refusing(SharedCases):
    """A server that has no use of the newer verb; the subclasses choose modes and families."""

    client_active = False
    newer = b"EPSV"

    def transfers(self, client: Client) -> None:
        """One download."""
        prepared = client.port() if self.client_active else client.pasv()
        self.assertEqual(client.ask(b"RETR f").code, 150)
        data = prepared.accept()[0] if self.client_active else prepared
        self.assertEqual(ending(data), (BLOCK, "end"))
        self.assertEqual(client.code(), 226)
        self.assertTrue(client.in_step())

    def sends(self, control: Control, port: DataPort) -> None:
        """The server's part of it."""
        control.answer(b"RETR", b"150 Here.")
        with port.open() as data:
            data.sendall(BLOCK)
        control.say(b"226 Done.")
        echo_site(control)

    def falls_back(self, *answers: bytes) -> None:
        """The newer verb is answered so; the elder one follows."""

        def script(control: Control) -> None:
            control.answer(self.newer, *answers)
            verb, argument = control.command()
            assert verb == EXTENDED[self.newer], verb
            self.sends(control, self.agreed(control, argument or b""))

        client, served = self.talk(script)
        self.transfers(client)
        served.result(TIMEOUT)

    def agreed(self, control: Control, argument: bytes) -> DataPort:
        """The answer to the elder verb."""
        if self.newer == b"EPSV":
            port = DataPort("127.0.0.1")
            assert port.listener is not None
            control.say(b"227 Passive (%b)." % six("127.0.0.1", port_of(port.listener)))
            return port
        high, low = argument.split(b",")[4:]
        control.say(b"200 Good.")
        return DataPort(str(control.sock.getpeername()[0]), int(high) * 256 + int(low))

    def test_refused(self) -> None:
        """By whichever code."""
        for code in (425, 500, 501, 502, 503, 504, 522, 530, 550):
            self.falls_back(b"%d No." % code)


class Passive(Refusing):
    """What EPSV alone can be answered."""

    @impatient(extended=2.0)
    def test_unanswered(self) -> None:
        """After the short wait: a 227 is PASV's."""
        self.falls_back()

    def test_useless(self) -> None:
        """An address of the other verb, none, or no port."""
        for answer in (
            b"227 Passive (127,0,0,1,200,1).",
            b"229 Extended.",
            b"229 Extended (|||)",
            b"229 Extended (|||0|)",
            b"229 Extended (|||70000|)",
            b"228 Long Passive (1,2,3)",
        ):
            self.falls_back(answer)

    @impatient(extended=2.0)
    def test_other_2xx(self) -> None:
        """A 200 is no answer: one that comes behind it is, and else PASV is asked."""
        self.falls_back(b"200 Yes.")
        self.falls_back(b"200 Yes.", b"500 EPSV?")


class PassiveTests(Passive, WireTestCase):
    """Passive client."""

    toml = FORGETFUL


class ActiveClientTests(Passive, WireTestCase):
    """Active client."""

    toml = FORGETFUL
    client_active = True


class ActiveServerTests(Refusing, WireTestCase):
    """Passive client, active server."""

    toml = FORGETFUL
    newer = b"EPRT"
    mode = "active"


class BothActiveTests(Refusing, WireTestCase):
    """Both active."""

    toml = FORGETFUL
    newer = b"EPRT"
    mode = "active"
    client_active = True


class Lessons(WireTestCase):
    """What one session finds out the next one knows; each lesson at a server of its own."""

    fixed = ""
    host = "127.0.0.1"

    def session(self, server: FakeServer, script: Script) -> tuple[Client, Future[Any]]:
        """A client that is logged in there, and the server's script."""

        def whole(control: Control) -> Any:
            control.login()
            return script(control)

        future = server.then(whole)
        client = self.connect()
        self.assertEqual(client.code(), 220)
        host = f"[{self.host}]" if ":" in self.host else self.host
        client.login(b"joe@%b:%d" % (host.encode(), server.port))
        return client, future

    def asked(self, server: FakeServer) -> bytes:
        """With which verb the server is asked next."""
        client, served = self.session(server, lambda control: control.command()[0])
        client.send(b"PASV\r\n")
        found: bytes = served.result(TIMEOUT)
        client.close()
        return found

    def learns(self, *says: bytes, then: bytes) -> None:
        """The first session hears these answers, one to each verb; the next one asks so."""
        server = FakeServer(self.host)
        self.addCleanup(server.close)
        self.addCleanup(server.forget)

        def script(control: Control) -> None:
            for said in says:
                control.command()
                if said:
                    control.say(said)
            control.until_end()

        client, _ = self.session(server, script)
        client.ask(b"PASV")
        client.close()
        self.assertEqual(self.asked(server), then, says)


class PassiveLessons(Lessons):
    """Of passive mode."""

    @impatient(extended=2.0)
    def test_newer_verb(self) -> None:
        """EPSV that is refused, silent, or of no use."""
        with listener() as waiting:
            good = b"227 Passive (%b)." % six("127.0.0.1", port_of(waiting))
            for bad in (
                b"",
                b"500 What?",
                b"530 Log in.",
                b"229 Extended.",
                b"227 No (1,2,3,4,5,6)",
            ):
                self.learns(bad, good, then=b"PASV")

    def test_control_closed(self) -> None:
        """A server, or a firewall before it, that hangs up."""
        server = FakeServer()
        self.addCleanup(server.close)
        client, _ = self.session(server, lambda control: control.expect(b"EPSV"))
        self.assertEqual(client.ask(b"PASV").code, 421)
        self.assertEqual(self.asked(server), b"PASV")

    def test_port_refused(self) -> None:
        """A 229 whose port nobody listens at."""
        with listener() as gone:
            port = port_of(gone)
        server = FakeServer()
        self.addCleanup(server.close)

        def script(control: Control) -> None:
            control.answer(b"EPSV", b"229 Extended (|||%d|)" % port)
            control.answer(b"RETR", b"425 Nobody came.")
            control.until_end()

        client, _ = self.session(server, script)
        client.pasv()
        self.assertEqual(client.ask(b"RETR f").code, 425)
        client.close()
        self.assertEqual(self.asked(server), b"PASV")

    def test_no_passive_mode(self) -> None:
        """Neither verb of it is known: the next session is active at once, and works (FluentFTP#1255)."""
        for code in (500, 502):
            no = b"%d Unknown." % code
            self.learns(no, no, b"200 Good.", then=b"EPRT")
            self.learns(no, no, no, b"200 Good.", then=b"PORT")

    def test_refusals_that_teach_nothing(self) -> None:
        """No port is free: the next session asks with EPSV again."""
        self.learns(b"450 Full.", b"450 Full.", then=b"EPSV")


class ActiveLessons(Lessons):
    """Of active mode."""

    mode = "active"

    @impatient(extended=2.0)
    def test_newer_verb(self) -> None:
        """EPRT that is refused or silent; behind its silence a 200 could be its own: 421."""
        for bad in (b"500 What?", b"530 Log in.", b"522 No."):
            self.learns(bad, b"200 Good.", then=b"PORT")
        self.learns(b"", b"200 Good.", then=b"PORT")

    def test_no_active_mode(self) -> None:
        """The mirror image."""
        with listener() as waiting:
            no, port = b"502 Unknown.", port_of(waiting)
            self.learns(no, no, b"229 Extended (|||%d|)" % port, then=b"EPSV")
            self.learns(no, no, no, b"227 Passive (%b)." % six("127.0.0.1", port), then=b"PASV")


class OneModeOnly(WireTestCase):
    """Where data.other-mode is off the refusal is told, and names no verb that the client did not say."""

    toml = FORGETFUL + "other-mode = false\n"

    def test_refused(self) -> None:
        """Either way."""

        def script(control: Control) -> None:
            control.answer(b"EPSV", b"502 EPSV command not available.")
            control.answer(b"PASV", b"502 PASV command not available.")
            echo_site(control)

        for command, strange in ((b"PASV", b"EPSV"), (b"PORT ", b"PASV")):
            client, _ = self.talk(script)
            if command == b"PORT ":
                command += six("127.0.0.1", 50000)
            found = client.ask(command)
            self.assertEqual(found.code, 502)
            self.assertNotIn(strange, found.text)
            self.assertTrue(client.in_step())
