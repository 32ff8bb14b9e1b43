"""Which of the gateway's own addresses a client is told."""

from __future__ import annotations

import socket
from secrets import randbelow

from tests.wire.addresses import Cases, one_file
from tests.wire.peers import PATIENT, Control, drained, echo_site, pasv_port


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
        PATIENT
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
            control.data(closed=True)
            echo_site(control)

        taken = [socket.create_server(("127.0.0.1", FIRST + n)) for n in range(4)]
        try:
            client, _ = self.talk(script)
            self.assertIn(client.ask(b"PASV").code, (421, 425, 450))
            self.assertTrue(client.in_step())
        finally:
            for sock in taken:
                sock.close()
