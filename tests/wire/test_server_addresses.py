"""Rule 4 towards servers: no address that one names is dialled or shown, and only it gets in."""

from __future__ import annotations

import socket
from typing import Any

from tests.wire.addresses import Cases
from tests.wire.peers import (
    TIMEOUT,
    Client,
    Control,
    DataPort,
    dialled,
    echo_site,
    epsv_port,
    listener,
    pasv_port,
    port_of,
    six,
    stranger,
)


class ServerReplyTests(Cases):
    """227 and 229 in the forms that servers have, and in the forms that attackers have."""

    alone = "229"

    def told(self, reply: bytes, verb: bytes = b"PASV") -> tuple[Client, Any]:
        """A server that answers EPSV or PASV with this; ``@@`` and ``##`` stand for the port."""

        def script(control: Control) -> list[str]:
            port = DataPort("127.0.0.1")
            assert port.listener is not None
            number = port_of(port.listener)
            if verb == b"PASV":
                control.answer(b"EPSV", b"502 Unknown.")
            control.expect(verb)
            pair = b"%d,%d" % (number >> 8, number & 255)
            control.say(reply.replace(b"@@", pair).replace(b"##", b"%d" % number))
            control.answer(b"RETR", b"150 Go.")
            data = port.open()
            data.sendall(b"file")
            data.close()
            control.say(b"226 Done.")
            echo_site(control)
            return []

        # traits are remembered for a server, so each form is told by a server of its own
        client, served = self.talk(script)
        return client, served

    def works(self, reply: bytes, verb: bytes) -> None:
        """The transfer goes through, to the control connection's own peer."""
        client, _ = self.told(reply, verb)
        self.fetch(client, client.pasv())
        self.assertTrue(client.in_step())

    def test_229_forms(self) -> None:
        """Delimiters, missing bars, an address inside, text around."""
        for form in (
            b"229 Extended (|||##|)",
            b"229 Ok (!!!##!)",
            b"229 Ok (||##|)",
            b"229 Ok (|1|10.0.0.1|##|)",
            b"229 |||##|",
            b"229 (|||##|) and text (1)",
            b"229-More\r\n229 Ok (|||##|)",
        ):
            self.works(form, b"EPSV")

    def test_229_without_port(self) -> None:
        """Ports beyond 65535, below 1024 or missing: a 4xx or 5xx and the session goes on."""
        for form in (
            b"229 (|||70000|)",
            b"229 (|||0|)",
            b"229 (|||22|)",
            b"229 Ok",
            b"229 (|||123456789|)",
        ):

            def script(control: Control, form: bytes = form) -> None:
                control.answer(b"EPSV", form)
                verb, _ = control.command()
                while verb in (b"PASV", b"EPRT", b"PORT"):  # trying the other verbs is as good
                    control.say(b"502 No.")
                    verb, _ = control.command()
                assert verb == b"SITE"
                control.say(b"200 here")

            client, _ = self.talk(script)
            self.assertGreaterEqual(client.ask(b"PASV").code, 400)
            self.assertTrue(client.in_step())


class Server227Tests(ServerReplyTests):
    """The same for servers without EPSV, in a gateway of their own: the refusal is remembered."""

    alone = "227"

    def told(self, reply: bytes, verb: bytes = b"PASV") -> tuple[Client, Any]:
        def script(control: Control) -> list[bytes]:
            port = DataPort("127.0.0.1")
            assert port.listener is not None
            number = port_of(port.listener)
            found, _ = control.command()
            asked = [found]
            if found == b"EPSV":
                control.say(b"500 EPSV not understood")
                control.expect(b"PASV")
            pair = b"%d,%d" % (number >> 8, number & 255)
            control.say(reply.replace(b"@@", pair))
            control.answer(b"RETR", b"150 Go.")
            data = port.open()
            data.sendall(b"file")
            data.close()
            control.say(b"226 Done.")
            echo_site(control)
            return asked

        return self.talk(script)

    def test_229_forms(self) -> None:
        """227 without parentheses, with text, with ``=``, spaces, and evil addresses."""
        asked = []
        for form in (
            b"227 Entering Passive Mode (127,0,0,1,@@).",
            b"227 Entering Passive Mode 127,0,0,1,@@",
            b"227 =127,0,0,1,@@",
            b"227 Passive (0,0,0,0,@@) have fun",
            b"227 Passive (10,1,2,3,@@)",
            b"227 Passive (8,8,8,8,@@)",
            b"227 Passive ( 127, 0, 0, 1, @@ )",
            b"227 Passive (255,255,255,255,@@)",
            b"227-Passive\r\n mode\r\n227 Ok (127,0,0,1,@@)",
        ):
            client, served = self.told(form)
            self.fetch(client, client.pasv())
            self.assertTrue(client.in_step())
            asked += served.result(TIMEOUT)
        self.assertEqual(asked, [b"EPSV"] + [b"PASV"] * 8)

    def test_229_without_port(self) -> None:
        """Numbers beyond 255, too few of them, ports below 1024: 4xx or 5xx, and in step."""
        for form in (
            b"227 (127,0,0,1,256,1)",
            b"227 (1,2,3)",
            b"227 ok",
            b"227 (127,0,0,1,0,22)",
            b"227 (127,0,0,1,0,0)",
        ):

            def script(control: Control, form: bytes = form) -> None:
                if control.command()[0] == b"EPSV":
                    control.say(b"500 EPSV not understood")
                    control.expect(b"PASV")
                control.say(form)
                echo_site(control)

            client, _ = self.talk(script)
            self.assertGreaterEqual(client.ask(b"PASV").code, 400)
            self.assertTrue(client.in_step())

    def test_endless_digits(self) -> None:
        """A 227 of sixty thousand digits neither breaks the session's neighbours nor stalls them."""
        for form in (b"227 " + b"1" * 60000, b"227 (127,0,0,1,4," + b"9" * 9000 + b")"):

            def script(control: Control, form: bytes = form) -> None:
                if control.command()[0] == b"EPSV":
                    control.say(b"500 EPSV not understood")
                    control.expect(b"PASV")
                control.say(form)
                echo_site(control)

            other, _ = self.talk(echo_site)
            client, _ = self.talk(script)
            before = self.gateway.cpu
            client.send(b"PASV\r\n")
            self.assertTrue(other.in_step())
            self.assertLess(self.gateway.cpu - before, 1.0)
            self.assertGreaterEqual(client.code(), 400)
            self.assertTrue(client.in_step())


class WrongServerTests(Cases):
    """An active server's data connection is checked like a client's."""

    mode = "active"

    def test_wrong_peer_on_server_side(self) -> None:
        """A stranger on the port named in PORT to the server is refused; the server is served."""

        def script(control: Control) -> str:
            verb, argument = control.command()
            number = dialled(verb, argument or b"")
            control.say(b"200 Good.")
            ending = stranger("127.0.0.3", number)[1]
            control.answer(b"RETR", b"150 Go.")
            data = socket.create_connection(("127.0.0.1", number), TIMEOUT)
            data.sendall(b"file")
            data.close()
            control.say(b"226 Done.")
            echo_site(control)
            return ending

        client, served = self.talk(script)
        self.fetch(client, client.pasv())
        self.assertTrue(client.in_step())
        self.assertEqual(served.result(TIMEOUT), "reset")

    def test_server_refuses_eprt(self) -> None:
        """EPRT refused by the server: PORT follows, with an address of our own and a new port."""

        def script(control: Control) -> list[bytes]:
            verb, _ = control.command()
            seen = [verb]
            if verb == b"EPRT":
                control.say(b"500 Unknown.")
            else:
                control.say(b"200 Good.")
                return seen
            verb, argument = control.command()
            assert verb == b"PORT" and argument is not None and argument.startswith(b"127,0,0,1,")
            control.say(b"200 Good.")
            return [*seen, verb]

        client, served = self.talk(script)
        pasv_port(client.ask(b"PASV"))
        self.assertIn(served.result(TIMEOUT), ([b"EPRT", b"PORT"], [b"PORT"]))

    def test_server_refuses_port(self) -> None:
        """A server that refuses both: a refusal to the client, and in step."""

        def script(control: Control) -> None:
            while True:
                verb, argument = control.command()
                if verb == b"SITE":
                    control.say(b"200 " + (argument or b""))
                    return
                assert verb in (b"EPRT", b"PORT")
                control.say(b"550 Not you.")

        client, _ = self.talk(script)
        self.assertGreaterEqual(client.ask(b"PASV").code, 400)
        self.assertTrue(client.in_step())


class ClientModeTests(Cases):
    """``--server-mode client``: the server is asked for what the client asked."""

    mode = "client"

    def test_follows_the_client(self) -> None:
        """PASV becomes PASV, EPSV EPSV, PORT PORT, EPRT EPRT, each with addresses made anew."""

        def script(control: Control) -> list[bytes]:
            seen = []
            for _ in range(4):
                verb, argument = control.command()
                seen.append(verb)
                port = DataPort("127.0.0.1")
                assert port.listener is not None
                if verb == b"EPSV":
                    control.say(b"229 (|||%d|)" % port_of(port.listener))
                elif verb == b"PASV":
                    control.say(b"227 (%b)" % six("127.0.0.1", port_of(port.listener)))
                else:
                    assert argument is not None and dialled(verb, argument) != theirs
                    control.say(b"200 Good.")
            echo_site(control)
            return seen

        waiting = listener()
        theirs = port_of(waiting)
        client, served = self.talk(script)
        pasv_port(client.ask(b"PASV"))
        epsv_port(client.ask(b"EPSV"))
        self.assertEqual(client.ask(b"PORT " + six("127.0.0.1", theirs)).code, 200)
        self.assertEqual(client.ask(b"EPRT |1|127.0.0.1|%d|" % theirs).code, 200)
        self.assertTrue(client.in_step())
        self.assertEqual(served.result(TIMEOUT), [b"PASV", b"EPSV", b"PORT", b"EPRT"])
