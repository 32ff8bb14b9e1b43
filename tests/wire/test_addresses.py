"""Rule 4: no address found in a payload is dialled or shown, and only the peers get in."""

from __future__ import annotations

import socket
from itertools import pairwise
from secrets import randbelow
from typing import Any

from tests.wire.peers import (
    QUICK,
    TIMEOUT,
    Client,
    Control,
    DataPort,
    WireTestCase,
    dialled,
    drained,
    echo_site,
    epsv_port,
    exactly,
    listener,
    pasv_port,
    port_of,
    six,
)


def one_file(control: Control, rounds: int = 1) -> list[str]:
    """Serve a file that many times; the peers' addresses on the data connections."""
    seen = []
    for _ in range(rounds):
        port = control.data()
        control.answer(b"RETR", b"150 Go.")
        data = port.open()
        seen.append(str(data.getpeername()[0]))
        data.sendall(b"file")
        data.close()
        control.say(b"226 Done.")
    echo_site(control)
    return seen


class Cases(WireTestCase):
    """What the classes here share."""

    def fetch(self, client: Client, data: socket.socket, early: bool = False) -> None:
        """The rest of a download whose data connection is there."""
        if not early:
            self.assertEqual(client.ask(b"RETR f").code, 150)
        self.assertEqual(drained(data), (b"file", "end"))
        self.assertEqual(client.code(), 226)


class ClientAddressTests(Cases):
    """PORT and EPRT from clients."""

    def refused(self, *commands: bytes) -> list[int]:
        """Codes of commands none of which may reach the server."""
        client, _ = self.talk(echo_site)
        codes = [client.ask(command).code for command in commands]
        self.assertTrue(client.in_step())
        return codes

    def test_foreign(self) -> None:
        """Somebody else's address: 5xx, and nothing is dialled there."""
        victim = listener("127.0.0.9")
        where = six("127.0.0.9", port_of(victim))
        client, _ = self.talk(echo_site)
        for command in (b"PORT " + where, b"EPRT |1|127.0.0.9|%d|" % port_of(victim)):
            self.assertIn(client.ask(command).code, (500, 501, 504))
        self.assertIn(client.ask(b"RETR f").code, (425, 503))
        self.assertTrue(client.in_step())
        victim.settimeout(0.2)
        self.assertRaises(TimeoutError, victim.accept)

    def test_public_and_zero(self) -> None:
        """Addresses of elsewhere and of nowhere are refused alike."""
        codes = self.refused(
            b"PORT 8,8,8,8,20,20",
            b"PORT 0,0,0,0,20,20",
            b"PORT 255,255,255,255,20,20",
            b"EPRT |1|0.0.0.0|5000|",
        )
        self.assertTrue(set(codes) <= {500, 501, 504}, codes)

    def test_privileged(self) -> None:
        """Ports below 1024: 504 (RFC 2577), 0 included."""
        codes = self.refused(
            b"PORT 127,0,0,1,0,22",
            b"PORT 127,0,0,1,3,255",
            b"PORT 127,0,0,1,0,0",
            b"EPRT |1|127.0.0.1|25|",
        )
        self.assertTrue(set(codes) <= {500, 504}, codes)

    def test_malformed_port(self) -> None:
        """PORT arguments that cannot be read: 501."""
        for bad in (
            b"PORT",
            b"PORT ",
            b"PORT 1,2,3",
            b"PORT 127,0,0,1,20,256",
            b"PORT 127,0,0,1,20,20,20",
            b"PORT a,b,c,d,e,f",
            b"PORT 127.0.0.1.20.20",
            b"PORT 127,0,0,1,-1,20",
            b"PORT 999,0,0,1,20,20",
            b"PORT 127,0,0,1,20,",
            b"PORT 127,0,0,1,0000000020,20",
        ):
            self.assertEqual(self.refused(bad), [501], bad)

    def test_malformed_eprt(self) -> None:
        """EPRT arguments that cannot be read: 501."""
        for bad in (
            b"EPRT",
            b"EPRT ",
            b"EPRT |",
            b"EPRT |1|127.0.0.1|",
            b"EPRT |1|127.0.0.1|x|",
            b"EPRT |1|localhost|5000|",
            b"EPRT |1|127.0.0.1|70000|",
            b"EPRT |1|127.0.0.1|5000",
            b"EPRT |1|::1|5000|",
        ):
            self.assertEqual(self.refused(bad), [501], bad)

    def test_other_protocols(self) -> None:
        """EPRT of an unknown or other family: 522 with (1,2) and no other parentheses."""
        client, _ = self.talk(echo_site)
        for bad in (b"EPRT |3|127.0.0.1|5000|", b"EPRT |2|::1|5000|", b"EPSV 2", b"EPSV 3"):
            found = client.ask(bad)
            self.assertEqual(found.code, 522, bad)
            self.assertEqual(found.text.count(b"("), 1)
            self.assertRegex(found.text, rb"\((1,2|1|2)\)")
        self.assertTrue(client.in_step())

    def test_odd_delimiters(self) -> None:
        """EPRT with any delimiter from ASCII 33 to 126."""
        client, served = self.talk(lambda control: one_file(control, 4))
        for mark in (b"!", b"~", b"/", b"#"):
            waiting = listener()
            command = mark.join((b"EPRT ", b"1", b"127.0.0.1", b"%d" % port_of(waiting), b""))
            self.assertEqual(client.ask(command).code, 200)
            self.assertEqual(client.ask(b"RETR f").code, 150)
            self.fetch(client, waiting.accept()[0], early=True)
        self.assertTrue(client.in_step())
        served.result(TIMEOUT)

    def test_epsv_all(self) -> None:
        """EPSV ALL is not forwarded; afterwards PORT, PASV and EPRT are 5xx and EPSV works."""
        client, _ = self.talk(one_file)
        self.assertEqual(client.ask(b"EPSV ALL").code, 200)
        for command in (b"PASV", b"PORT 127,0,0,1,20,20", b"EPRT |1|127.0.0.1|5140|"):
            self.assertGreaterEqual(client.ask(command).code, 500)
        self.fetch(client, client.reach(epsv_port(client.ask(b"EPSV"))))
        self.assertTrue(client.in_step())

    def test_epsv_one(self) -> None:
        """EPSV 1 is EPSV on IPv4."""
        client, _ = self.talk(one_file)
        self.fetch(client, client.reach(epsv_port(client.ask(b"EPSV 1"))))
        self.assertTrue(client.in_step())

    def test_p_at_sw(self) -> None:
        """P@SW is PASV."""
        client, _ = self.talk(one_file)
        self.fetch(client, client.reach(pasv_port(client.ask(b"P@SW"))))
        self.assertTrue(client.in_step())

    def test_server_to_server_verbs(self) -> None:
        """CPSV, SSCN, LPRT and LPSV are 502 and do not reach the server."""
        codes = self.refused(b"CPSV", b"SSCN ON", b"LPRT 4,4,127,0,0,1,2,20,20", b"LPSV")
        self.assertEqual(set(codes), {502})


class PassivePortTests(Cases):
    """The gateway's data ports towards clients."""

    def thief(self, client: Client, port: int) -> socket.socket | None:
        """A connection from another address; None where it was reset before connect returned."""
        try:
            return client.reach(port, "127.0.0.2")
        except ConnectionResetError:
            return None

    def test_wrong_peer_first(self) -> None:
        """A connection from 127.0.0.2 is refused, and the right one still served."""
        client, _ = self.talk(one_file)
        port = pasv_port(client.ask(b"PASV"))
        thieves = [thief for _ in range(3) if (thief := self.thief(client, port))]
        for thief in thieves:
            self.assertEqual(drained(thief), (b"", "reset"))
        self.fetch(client, client.reach(port))
        self.assertTrue(client.in_step())

    def test_wrong_peer_during_transfer(self) -> None:
        """A thief between 150 and the client's own connection gets nothing."""
        client, _ = self.talk(one_file)
        port = pasv_port(client.ask(b"PASV"))
        self.assertEqual(client.ask(b"RETR f").code, 150)
        thief = self.thief(client, port)
        self.assertTrue(thief is None or drained(thief) == (b"", "reset"))
        self.fetch(client, client.reach(port), early=True)
        self.assertTrue(client.in_step())

    def test_second_connection(self) -> None:
        """One port serves one connection: a second of the same client is refused."""
        client, _ = self.talk(one_file)
        port = pasv_port(client.ask(b"PASV"))
        data = client.reach(port)
        try:
            second = client.reach(port)
        except (ConnectionRefusedError, ConnectionResetError):
            pass
        else:
            self.assertEqual(drained(second), (b"", "reset"))
        self.fetch(client, data)
        self.assertTrue(client.in_step())

    def test_several_pasv(self) -> None:
        """Each PASV replaces the port before it; the last one serves."""

        def script(control: Control) -> None:
            for _ in range(4):
                control.data().refuse()
            one_file(control)

        client, _ = self.talk(script)
        ports = [pasv_port(client.ask(b"PASV")) for _ in range(4)]
        data = client.pasv()
        for port in ports:
            self.assertRaises(ConnectionRefusedError, client.reach, port)
        self.fetch(client, data)
        self.assertTrue(client.in_step())

    def test_connected_port_is_replaced(self) -> None:
        """A data connection that was open when the next PASV came is given up, not used."""

        def script(control: Control) -> None:
            control.data()
            one_file(control)

        client, _ = self.talk(script)
        old = client.pasv()
        data = client.pasv()
        self.assertEqual(drained(old)[0], b"")
        self.fetch(client, data)
        self.assertTrue(client.in_step())

    def test_pasv_then_port(self) -> None:
        """PORT after PASV: the passive port closes and the client is dialled."""

        def script(control: Control) -> None:
            control.data()
            one_file(control)

        client, _ = self.talk(script)
        port = pasv_port(client.ask(b"PASV"))
        waiting = client.port()
        self.assertRaises(ConnectionRefusedError, client.reach, port)
        self.assertEqual(client.ask(b"RETR f").code, 150)
        self.fetch(client, waiting.accept()[0], early=True)
        self.assertTrue(client.in_step())

    def test_port_then_epsv(self) -> None:
        """EPSV after PORT: the client's port is not dialled any more."""

        def script(control: Control) -> None:
            control.data()
            one_file(control)

        client, _ = self.talk(script)
        waiting = client.port()
        self.fetch(client, client.reach(epsv_port(client.ask(b"EPSV"))))
        waiting.settimeout(0.2)
        self.assertRaises(TimeoutError, waiting.accept)
        self.assertTrue(client.in_step())

    def test_ports_are_random(self) -> None:
        """Data ports cannot be foretold from the ones before, and lie in the range."""
        client, _ = self.talk(lambda control: [control.data().refuse() for _ in range(8)])
        ports = [pasv_port(client.ask(b"PASV")) for _ in range(8)]
        steps = {b - a for a, b in pairwise(ports)}
        self.assertGreater(len(steps), 4, ports)
        self.assertTrue(all(49152 <= port <= 65534 for port in ports), ports)

    def test_port_closes_with_the_session(self) -> None:
        """An unused data port does not outlive its session."""
        client, served = self.talk(lambda control: (control.data(), control.until_end()))
        port = pasv_port(client.ask(b"PASV"))
        address = client.sock.getsockname()[0]
        client.close()
        served.result(TIMEOUT)
        self.assertRaises(
            ConnectionRefusedError, socket.create_connection, ("127.0.0.1", port), 1, (address, 0)
        )

    def test_227_in_one_write(self) -> None:
        """The 227 has exactly five commas and arrives as one segment."""
        client, _ = self.talk(lambda control: (control.data(), control.until_end()))
        client.send(b"PASV\r\n")
        line = client.sock.recv(4096)
        self.assertRegex(line, rb"\A227 Entering Passive Mode \(127,0,0,1,\d+,\d+\)\.?\r\n\Z")


class ServerReplyTests(Cases):
    """227 and 229 in the forms that servers have, and in the forms that attackers have."""

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
                if verb == b"PASV":  # trying the other verb is as good
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
            client.send(b"PASV\r\n")
            other.sock.settimeout(2.0)
            self.assertTrue(other.in_step())
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
            stranger = socket.create_connection(("127.0.0.1", number), TIMEOUT, ("127.0.0.3", 0))
            ending = drained(stranger)[1]
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


class ReachedAddressTests(Cases):
    """Data connections come from, and listen on, the address that the client reached."""

    interfaces = ("127.0.0.5", "127.0.0.1")

    def test_active_data_comes_from_there(self) -> None:
        """A client that reached 127.0.0.5 is dialled from 127.0.0.5."""
        client, _ = self.talk(one_file)
        waiting = client.port()
        self.assertEqual(client.ask(b"RETR f").code, 150)
        data, address = waiting.accept()
        self.assertEqual(address[0], "127.0.0.5")
        self.fetch(client, data, early=True)
        self.assertTrue(client.in_step())

    def test_227_names_it(self) -> None:
        """227 names 127.0.0.5, and the port is not open on another address."""
        client, _ = self.talk(one_file)
        found = client.ask(b"PASV")
        self.assertIn(b"(127,0,0,5,", found.text)
        port = pasv_port(found)
        self.assertRaises(ConnectionRefusedError, socket.create_connection, ("127.0.0.1", port), 1)
        self.fetch(client, client.reach(port))
        self.assertTrue(client.in_step())

    def test_server_addresses_are_not_shown(self) -> None:
        """Replies to transfer commands that name the server leg's addresses name the client's."""

        def script(control: Control) -> None:
            port = control.data()
            peer = port_of_gateway(control)
            control.answer(b"RETR", b"150 Opening for f (127.0.0.1,%d)." % peer)
            data = port.open()
            data.close()
            control.say(b"226 Done.")
            echo_site(control)

        client, _ = self.talk(script)
        data = client.pasv()
        found = client.ask(b"RETR f")
        self.assertNotIn(b"127.0.0.1,", found.text)
        self.assertEqual(drained(data)[1], "end")
        self.assertEqual(client.code(), 226)
        self.assertTrue(client.in_step())


def port_of_gateway(control: Control) -> int:
    """The gateway's port on this control connection."""
    return int(control.sock.getpeername()[1])


def free_block(size: int) -> int:
    """The first of some neighbouring ports that are all free."""
    while True:
        first = 20000 + randbelow(12000)  # below the ports that outgoing connections take
        socks = []
        try:
            for port in range(first, first + size):
                socks.append(socket.create_server(("127.0.0.1", port)))
        except OSError:
            continue
        finally:
            for sock in socks:
                sock.close()
        return first


FIRST = free_block(4)


class AdvertisedTests(Cases):
    """``client-address`` is what 227 says."""

    toml = (
        QUICK
        + f'''[data]
client-address = "203.0.113.7"
client-ports = "{FIRST}-{FIRST + 3}"
'''
    )

    def test_advertised(self) -> None:
        """227 shows the configured address; the port lies in the configured range and works."""
        client, _ = self.talk(one_file)
        found = client.ask(b"PASV")
        self.assertIn(b"(203,0,113,7,", found.text)
        port = pasv_port(found)
        self.assertTrue(FIRST <= port <= FIRST + 3)
        self.fetch(client, client.reach(port))
        self.assertTrue(client.in_step())

    def test_ports_used_up(self) -> None:
        """With every port of the range taken: 4xx, and the session goes on."""

        def script(control: Control) -> None:
            control.data().refuse()
            echo_site(control)

        taken = [socket.create_server(("127.0.0.1", FIRST + n)) for n in range(4)]
        try:
            client, _ = self.talk(script)
            self.assertIn(client.ask(b"PASV").code, (421, 425, 450))
            self.assertTrue(client.in_step())
        finally:
            for sock in taken:
                sock.close()


class V6ClientTests(Cases):
    """A client on IPv6, a server on IPv4 (RFC 6384)."""

    interfaces = ("::1",)

    def test_epsv(self) -> None:
        """EPSV works; the server sees IPv4 only."""
        client, served = self.talk(one_file)
        self.fetch(client, client.reach(epsv_port(client.ask(b"EPSV"))))
        self.assertTrue(client.in_step())
        self.assertEqual(served.result(TIMEOUT), ["127.0.0.1"])

    def test_epsv_two(self) -> None:
        """EPSV 2 works, EPSV 1 is 522, EPSV ALL is 504; neither of these reaches the server."""
        client, _ = self.talk(one_file)
        self.assertEqual(client.ask(b"EPSV 1").code, 522)
        self.assertEqual(client.ask(b"EPSV ALL").code, 504)
        self.fetch(client, client.reach(epsv_port(client.ask(b"EPSV 2"))))
        self.assertTrue(client.in_step())

    def test_eprt(self) -> None:
        """EPRT with the client's own IPv6 address works, in any spelling."""
        client, _ = self.talk(lambda control: one_file(control, 2))
        for spelled in (b"::1", b"0:0:0:0:0:0:0:1"):
            waiting = listener("::1")
            self.assertEqual(client.ask(b"EPRT |2|%b|%d|" % (spelled, port_of(waiting))).code, 200)
            self.assertEqual(client.ask(b"RETR f").code, 150)
            self.fetch(client, waiting.accept()[0], early=True)
        self.assertTrue(client.in_step())

    def test_foreign_eprt(self) -> None:
        """EPRT to another IPv6 address, or to an IPv4 one, is refused."""
        client, _ = self.talk(echo_site)
        for bad in (
            b"EPRT |2|2001:db8::1|5000|",
            b"EPRT |1|127.0.0.1|5000|",
            b"EPRT |2|::ffff:127.0.0.1|5000|",
        ):
            self.assertGreaterEqual(client.ask(bad).code, 500)
        self.assertTrue(client.in_step())

    def test_pasv_and_port_cannot_be(self) -> None:
        """PASV and PORT have no meaning on IPv6: refused, and in step."""
        client, _ = self.talk(echo_site)
        self.assertGreaterEqual(client.ask(b"PASV").code, 400)
        self.assertGreaterEqual(client.ask(b"PORT 127,0,0,1,20,20").code, 500)
        self.assertTrue(client.in_step())

    def test_algs(self) -> None:
        """ALGS STATUS64, ENABLE64, DISABLE64 are 216, anything else 504 (RFC 6384)."""
        client, _ = self.talk(echo_site)
        for word in (b"STATUS64", b"ENABLE64", b"DISABLE64", b"status64"):
            found = client.ask(b"ALGS " + word)
            self.assertRegex(found.text, rb"\A216 (NONE|EPSV|EPSVEPRT)( |\Z)")
        self.assertEqual(client.ask(b"ALGS").code, 504)
        self.assertEqual(client.ask(b"ALGS ON").code, 504)
        self.assertTrue(client.in_step())


class MappedTests(Cases):
    """A dual-stack listener: an IPv4 client appears as ``::ffff:127.0.0.1``."""

    interfaces = ("::",)

    def test_mapped_client(self) -> None:
        """The client is an IPv4 client: PASV, EPSV 1 and PORT work."""
        client = self.mapped()
        self.fetch(client, client.pasv())
        self.fetch(client, client.reach(epsv_port(client.ask(b"EPSV 1"))))
        waiting = client.port()
        self.assertEqual(client.ask(b"RETR f").code, 150)
        self.fetch(client, waiting.accept()[0], early=True)
        self.assertTrue(client.in_step())

    def mapped(self) -> Client:
        """A logged-in client that came over IPv4."""

        def script(control: Control) -> None:
            control.login()
            one_file(control, 3)

        self.serve(script)
        client = Client(("127.0.0.1", self.gateway.ports[0]))
        self.clients.append(client)
        self.assertEqual(client.code(), 220)
        client.login()
        return client


class V6ServerTests(Cases):
    """A client on IPv4, a server on IPv6."""

    fixed = "::1"

    def test_passive(self) -> None:
        """PASV from the client is EPSV at the server, never PASV."""
        client, served = self.talk(one_file)
        self.fetch(client, client.pasv())
        self.assertTrue(client.in_step())
        self.assertEqual(served.result(TIMEOUT), ["::1"])

    def test_epsv_refused(self) -> None:
        """A server on IPv6 that refuses EPSV is not asked PASV; the client gets a refusal."""

        def script(control: Control) -> None:
            control.answer(b"EPSV", b"502 No.")
            echo_site(control)

        client, _ = self.talk(script)
        self.assertGreaterEqual(client.ask(b"PASV").code, 400)
        self.assertTrue(client.in_step())


class V6ActiveServerTests(Cases):
    """The same with an active server."""

    fixed = "::1"
    mode = "active"

    def test_eprt(self) -> None:
        """The server gets EPRT with family 2 and our IPv6 address."""

        def script(control: Control) -> bytes:
            verb, argument = control.command()
            assert verb == b"EPRT" and argument is not None
            control.say(b"200 Good.")
            control.answer(b"RETR", b"150 Go.")
            data = socket.create_connection(("::1", dialled(verb, argument)), TIMEOUT)
            data.sendall(b"file")
            data.close()
            control.say(b"226 Done.")
            echo_site(control)
            return argument

        client, served = self.talk(script)
        self.fetch(client, client.pasv())
        self.assertTrue(client.in_step())
        self.assertTrue(served.result(TIMEOUT).startswith(b"|2|::1|"))


class PreciseTests(Cases):
    """One more look at what a data connection is made of."""

    def test_early_upload(self) -> None:
        """Bytes that the client sent before STOR are part of the file, none is lost."""

        def script(control: Control) -> tuple[bytes, str]:
            port = control.data()
            control.answer(b"STOR", b"150 Go.")
            found = drained(port.open())
            control.say(b"226 Stored.")
            echo_site(control)
            return found

        client, served = self.talk(script)
        data = client.pasv()
        data.sendall(b"early")
        data.close()
        self.assertEqual(client.ask(b"STOR f").code, 150)
        self.assertEqual(client.code(), 226)
        self.assertTrue(client.in_step())
        self.assertEqual(served.result(TIMEOUT), (b"early", "end"))

    def test_stray_bytes_in_a_download(self) -> None:
        """A client that writes into a download still gets a clean end and 226."""

        def script(control: Control) -> None:
            port = control.data()
            control.answer(b"RETR", b"150 Go.")
            data = port.open()
            data.sendall(b"file")
            data.close()
            control.say(b"226 Done.")
            echo_site(control)

        client, _ = self.talk(script)
        data = client.pasv()
        data.sendall(b"stray")
        self.assertEqual(client.ask(b"RETR f").code, 150)
        self.assertEqual(exactly(data, 4), b"file")
        self.assertEqual(drained(data), (b"", "end"))
        self.assertEqual(client.code(), 226)
        self.assertTrue(client.in_step())
