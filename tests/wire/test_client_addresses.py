"""Rule 4 towards clients: no address that one names is dialled, and only it gets in."""

from __future__ import annotations

from itertools import pairwise

from tests.wire.addresses import Cases, one_file
from tests.wire.peers import (
    TIMEOUT,
    Control,
    drained,
    echo_site,
    epsv_port,
    listener,
    pasv_port,
    port_of,
    six,
    stranger,
    untouched,
)


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
        self.assertTrue(self.gateway.rests())
        self.assertTrue(untouched(victim))

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

    def test_wrong_peer_first(self) -> None:
        """A connection from 127.0.0.2 is refused, and the right one still served."""
        client, _ = self.talk(one_file)
        port = pasv_port(client.ask(b"PASV"))
        for _ in range(3):
            self.assertEqual(stranger("127.0.0.2", port), (b"", "reset"))
        self.fetch(client, client.reach(port))
        self.assertTrue(client.in_step())

    def test_wrong_peer_during_transfer(self) -> None:
        """A thief between 150 and the client's own connection gets nothing."""
        client, _ = self.talk(one_file)
        port = pasv_port(client.ask(b"PASV"))
        self.assertEqual(client.ask(b"RETR f").code, 150)
        self.assertEqual(stranger("127.0.0.2", port), (b"", "reset"))
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
                control.data(closed=True)
            one_file(control)

        client, _ = self.talk(script)
        ports = [pasv_port(client.ask(b"PASV")) for _ in range(4)]
        data = client.pasv()
        self.assertFalse(self.gateway.listened_on() & set(ports))
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
        self.assertNotIn(port, self.gateway.listened_on())
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
        self.assertTrue(self.gateway.rests())
        self.assertTrue(untouched(waiting))
        self.assertTrue(client.in_step())

    def test_ports_are_random(self) -> None:
        """Data ports cannot be foretold from the ones before, and lie in the range."""
        client, _ = self.talk(lambda control: [control.data(closed=True) for _ in range(8)])
        ports = [pasv_port(client.ask(b"PASV")) for _ in range(8)]
        steps = {b - a for a, b in pairwise(ports)}
        self.assertGreater(len(steps), 4, ports)
        self.assertTrue(all(49152 <= port <= 65534 for port in ports), ports)

    def test_port_closes_with_the_session(self) -> None:
        """An unused data port does not outlive its session."""
        client, served = self.talk(lambda control: (control.data(), control.until_end()))
        port = pasv_port(client.ask(b"PASV"))
        self.assertIn(port, self.gateway.listened_on())
        client.close()
        served.result(TIMEOUT)
        self.assertTrue(self.gateway.until(lambda: port not in self.gateway.listened_on()))

    def test_227_in_one_write(self) -> None:
        """The 227 has exactly five commas and arrives as one segment."""
        client, _ = self.talk(lambda control: (control.data(), control.until_end()))
        client.send(b"PASV\r\n")
        line = client.sock.recv(4096)
        self.assertRegex(line, rb"\A227 Entering Passive Mode \(127,0,0,1,\d+,\d+\)\.?\r\n\Z")
