"""What docs/symptoms.rst quotes of transfers that fail."""

from __future__ import annotations

import socket

from tests.wire.clients import Client
from tests.wire.patience import impatient
from tests.wire.servers import Control
from tests.wire.sockets import BLOCK, port_of, reset, six, stranger
from tests.wire.symptoms import SymptomTestCase

PASSIVE, ACTIVE, OTHER, THIRD = "127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.6"
"""Where clients come from: whose server is used in this mode, and who have servers of their own, since
what a server does not know is remembered."""
BALANCER, STRANGER = "127.0.0.5", "127.0.0.9"


def aborted(control: Control) -> None:
    """Answer the ABOR that brings the server back into step."""
    control.answer(b"ABOR", b"426 Aborted.", b"226 Good.")
    control.until_end()


class DataTestCase(SymptomTestCase):
    """One server in either mode, by the client's address; the ladder is in the log."""

    hosts = ("127.0.0.1", "127.0.0.1", "127.0.0.1")
    listeners = ("127.0.0.1",)

    @classmethod
    def settings(cls) -> str:
        return (
            "[log]\nladder = true\n"
            '[[listeners]]\nendpoint = "127.0.0.1:0"\nactive = false\n'
            f'[[routes]]\nclients = ["{PASSIVE}"]\nserver = ["ftp://127.0.0.1:PORT0"]\n'
            f'[[routes]]\nclients = ["{ACTIVE}"]\nserver = ["ftp://127.0.0.1:PORT0"]\n'
            'server-mode = "active"\n'
            f'[[routes]]\nclients = ["{OTHER}"]\nserver = ["ftp://127.0.0.1:PORT1"]\n'
            f'[[routes]]\nclients = ["{THIRD}"]\nserver = ["ftp://127.0.0.1:PORT2"]\n'
        )


class NoConnection(DataTestCase):
    """The data connections do not come about."""

    @impatient(data_open=0.6)
    def test_the_client_does_not_reach_the_data_port(self) -> None:
        """A firewall before the gateway."""

        def script(control: Control) -> None:
            port = control.data()
            control.answer(b"LIST", b"150 Here it comes.")
            aborted(control)
            port.refuse()

        client = self.inside(script, PASSIVE)
        client.ask(b"PASV")
        client.send(b"LIST\r\n")
        self.hears(client, 425)
        self.assertQuoted()

    def test_the_gateway_does_not_reach_the_server_s_data_port(self) -> None:
        """A firewall behind it."""

        def script(control: Control) -> None:
            control.data(closed=True)
            control.answer(b"LIST", b"150 Here it comes.")
            aborted(control)

        client = self.inside(script, PASSIVE)
        client.ask(b"PASV")
        client.send(b"LIST\r\n")
        self.hears(client, 425)
        self.assertQuoted()

    @impatient(stalled=0.6)
    def test_an_active_server_does_not_reach_the_gateway(self) -> None:
        """It says 150 and does not come."""

        def script(control: Control) -> None:
            port = control.data()
            control.answer(b"LIST", b"150 Here it comes.")
            aborted(control)
            port.refuse()

        client = self.inside(script, ACTIVE)
        data = client.pasv()
        client.send(b"LIST\r\n")
        self.hears(client, 425)
        data.close()
        self.assertQuoted()

    def test_the_gateway_does_not_reach_an_active_client(self) -> None:
        """A firewall before the client."""

        def script(control: Control) -> None:
            port = control.data()
            control.answer(b"LIST", b"150 Here it comes.")
            with port.open():
                aborted(control)

        client = self.inside(script, PASSIVE)
        client.port().close()
        client.send(b"LIST\r\n")
        self.hears(client, 425)
        self.assertQuoted()

    def test_port_names_another_address(self) -> None:
        """A client behind NAT."""
        client = self.inside(Control.until_end, PASSIVE)
        client.ask(b"PORT 10,0,0,7,200,1")
        self.assertQuoted()

    def test_active_mode_is_off(self) -> None:
        """A listener that opens no connections to clients."""
        self.serve_at(0, lambda control: control.login().until_end())
        client = self.enter(PASSIVE, which=1)
        client.ask(b"PORT " + six(PASSIVE, 40000))
        self.assertQuoted()

    def test_no_port_and_no_pasv(self) -> None:
        """The default data port."""
        self.inside(Control.until_end, PASSIVE).ask(b"LIST")
        self.assertQuoted()

    @impatient(extended=1.0)
    def test_the_server_gives_no_data_port(self) -> None:
        """Neither EPSV nor PASV is answered."""

        def script(control: Control) -> None:
            control.expect(b"EPSV")
            control.expect(b"PASV")
            control.answer(b"NOOP", b"200 At last.")
            control.until_end()

        client = self.inside(script, THIRD, 2)
        self.assertEqual(client.ask(b"PASV").code, 425)
        self.assertQuoted()

    @impatient(extended=2.0)
    def test_the_first_data_connection_takes_five_seconds(self) -> None:
        """EPSV is not answered, PASV is."""

        def script(control: Control) -> None:
            control.expect(b"EPSV")
            control.data()
            control.until_end()

        self.inside(script, OTHER, 1).ask(b"PASV")
        self.assertQuoted()

    def test_the_gateway_changes_no_byte_of_a_name(self) -> None:
        """Latin-1."""

        def script(control: Control) -> None:
            control.answer(b"SIZE", b"213 1")
            control.until_end()

        self.inside(script, PASSIVE).ask(b"SIZE gr\xfc\xdfe.txt")
        self.assertQuoted()

    @impatient(data_open=2.0)
    def test_data_comes_from_another_address(self) -> None:
        """A client with two addresses."""

        def script(control: Control) -> None:
            port = control.data()
            control.answer(b"LIST", b"150 Here it comes.")
            aborted(control)
            port.refuse()

        client = self.inside(script, PASSIVE)
        port = self.passive(client)
        self.assertEqual(stranger(STRANGER, port), (b"", "reset"))
        client.send(b"LIST\r\n")
        self.hears(client, 425)
        self.assertQuoted()

    def passive(self, client: Client) -> int:
        """The port of a 227."""
        numbers = client.ask(b"PASV").text.rpartition(b"(")[2].rstrip(b").").split(b",")
        return int(numbers[4]) * 256 + int(numbers[5])


class Broken(DataTestCase):
    """The data connections break."""

    def download(self, sent: bytes) -> tuple[Client, socket.socket, list[socket.socket]]:
        """A client, its data connection, and the server's once it is there."""
        theirs: list[socket.socket] = []

        def script(control: Control) -> None:
            port = control.data()
            control.answer(b"RETR", b"150 Here it comes.")
            data = port.open()
            theirs.append(data)
            data.sendall(sent)
            control.until_end()

        client = self.inside(script, PASSIVE)
        data = client.pasv()
        self.addCleanup(data.close)
        self.assertEqual(client.ask(b"RETR report.csv").code, 150)
        return client, data, theirs

    @impatient(final_reply=1.0)
    def test_the_server_s_data_connection_breaks(self) -> None:
        """A reset in the middle of a download."""
        client, data, theirs = self.download(BLOCK)
        while len(data.recv(len(BLOCK), socket.MSG_PEEK)) < len(BLOCK):
            pass
        reset(theirs[0])
        self.hears(client, 426)
        self.assertQuoted()

    @impatient(stalled=2.0, final_reply=1.0)
    def test_nothing_moves_any_more(self) -> None:
        """Neither side sends or takes a byte."""
        client, _, theirs = self.download(b"x")
        self.hears(client, 426)
        theirs[0].close()
        self.assertQuoted()

    @impatient(final_reply=0.6)
    def test_the_server_never_confirms(self) -> None:
        """The data has ended, and no final reply comes."""
        client, data, theirs = self.download(b"x")
        self.assertEqual(data.recv(1), b"x")
        theirs[0].close()
        self.read_out(client)
        self.assertQuoted()

    def test_the_client_s_data_connection_breaks(self) -> None:
        """A reset in the middle of an upload."""

        def script(control: Control) -> None:
            port = control.data()
            control.answer(b"STOR", b"150 Send it.")
            with port.open() as data:
                data.recv(1)
                control.say(b"426 Torn.")
                control.until_end()

        client = self.inside(script, PASSIVE)
        data = client.pasv()
        self.assertEqual(client.ask(b"STOR report.csv").code, 150)
        data.sendall(b"x")
        reset(data)
        self.hears(client, 426)
        self.assertQuoted()

    @impatient(delivery=0.6)
    def test_the_client_does_not_take_the_last_bytes(self) -> None:
        """A client that has stopped to read."""

        def script(control: Control) -> None:
            port = control.data()
            control.answer(b"RETR", b"150 Here it comes.")
            with port.open() as data:
                data.sendall(b"x" * 600_000)
            control.say(b"226 Done.")
            control.until_end()

        client = self.inside(script, PASSIVE)
        waiting = socket.socket()
        waiting.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        waiting.bind((PASSIVE, 0))
        waiting.listen()
        self.addCleanup(waiting.close)
        client.ask(b"PORT " + six(PASSIVE, port_of(waiting)))
        self.assertEqual(client.ask(b"RETR report.csv").code, 150)
        data, _ = waiting.accept()
        self.addCleanup(data.close)
        self.hears(client, 426)
        self.assertQuoted()


class Proxied(SymptomTestCase):
    """A balancer, behind which EPSV would lead to it; a name of the gateway that does not resolve."""

    @classmethod
    def settings(cls) -> str:
        return (
            f'[proxy-protocol]\nbalancers = ["{BALANCER}"]\n[log]\nladder = true\n'
            '[data]\nclient-address = "ftp.nowhere.invalid"\n'
            f'[[routes]]\nclients = ["{PASSIVE}", "192.0.2.1"]\n'
            'server = ["ftp://127.0.0.1:PORT0"]\n'
            f'[access]\nclients = ["{PASSIVE}", "192.0.2.1"]\n'
        )

    def test_the_gateway_s_own_name_does_not_resolve(self) -> None:
        """Nothing but the inner address could be told."""

        def script(control: Control) -> None:
            control.data()
            control.until_end()

        self.inside(script, PASSIVE).ask(b"PASV")
        self.assertQuoted()

    def test_epsv_would_lead_to_the_balancer(self) -> None:
        """EPSV names no address."""
        self.serve_at(0, lambda control: control.login().until_end())
        client = self.connect(BALANCER)
        client.send(b"PROXY TCP4 192.0.2.1 203.0.113.9 40000 21\r\n")
        self.assertEqual(client.code(), 220)
        client.login()
        client.ask(b"EPSV")
        self.assertQuoted()

    @impatient(handshake=0.3)
    def test_the_balancer_sends_no_proxy_header(self) -> None:
        """It is not told to."""
        self.read_out(self.connect(BALANCER))
        self.assertQuoted("refused: ")
