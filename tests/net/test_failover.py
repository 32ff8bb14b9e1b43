"""Reaching a server: every server and address in order, every reason told, nothing left behind."""

from __future__ import annotations

import socket
from errno import EHOSTUNREACH

from ftpalg.core.routes import Server
from ftpalg.net.reach.attempt import Way
from ftpalg.net.reach.names import MOST
from tests.net.reaches import LO, NAME, REFUSED, SILENT, ReachCase, Socket


class InOrder(ReachCase):
    """Which addresses are tried, and when the next one is."""

    def test_address(self) -> None:
        """An address is not resolved."""
        for host in ("192.0.2.1", "2001:db8::1"):
            self.reach(Server(host, 2121))
        self.assertEqual(self.resolver.asked, [])
        self.assertEqual(self.tried, [("192.0.2.1", 2121), ("2001:db8::1", 2121)])
        self.assertEqual([a.ours for a in self.attempts], [("0.0.0.0", 0), ("::", 0)])

    def test_addresses(self) -> None:
        """The addresses of a name are tried one at a time, each once, in the order of the answer."""
        self.reach()
        self.assertEqual(self.resolver.asked, [NAME])
        self.resolver.answer("2001:db8::1", "192.0.2.1", "2001:db8::1", "192.0.2.2")
        hosts = ["2001:db8::1", "192.0.2.1", "192.0.2.2"]
        for number in range(1, 4):
            self.assertEqual(self.tried, [(host, 2121) for host in hosts[:number]])
            self.assertTrue(self.told.nothing)
            self.attempts[-1].failed(REFUSED)
        reasons = "; ".join(f"{host}: {REFUSED}" for host in hosts)
        self.assertEqual(self.told.failed, [(reasons, "")])
        self.nothing_left()

    def test_servers(self) -> None:
        """The next server has its turn when the addresses of the one before are used up."""
        self.reach(Server("a.example", 1), Server("192.0.2.7", 7), Server("b.example", 2))
        self.resolver.answer("192.0.2.1", "192.0.2.2")
        self.attempts[-1].failed(REFUSED)
        self.attempts[-1].failed(REFUSED)
        self.attempts[-1].failed(REFUSED)
        self.resolver.answer("192.0.2.3")
        self.assertEqual(self.resolver.asked, ["a.example", "b.example"])
        hosts = [("192.0.2.1", 1), ("192.0.2.2", 1), ("192.0.2.7", 7), ("192.0.2.3", 2)]
        self.assertEqual(self.tried, hosts)
        sock = Socket()
        self.attempts[-1].opened(sock)
        self.assertEqual(self.told.reached, [(sock, Server("b.example", 2))])
        self.nothing_left()

    def test_success_ends_it(self) -> None:
        """The first that takes a connection is it; no other address is tried, nothing else told."""
        self.reach()
        self.resolver.answer("192.0.2.1", "192.0.2.2", "192.0.2.3")
        self.attempts[0].failed(REFUSED)
        sock = Socket()
        self.attempts[1].opened(sock)
        self.reactor.advance(100)
        self.assertEqual(self.told.reached, [(sock, Server(NAME, 2121))])
        self.assertEqual((len(self.attempts), self.told.failed, sock.sent), (2, [], b""))
        self.nothing_left()

    def test_no_address(self) -> None:
        """A name that resolves to nothing is told as that, and the next server is tried."""
        self.reach(Server("a.example"), Server("b.example"))
        self.resolver.answer()
        self.resolver.answer()
        reasons = "no address for a.example; no address for b.example"
        self.assertEqual((self.told.failed, self.tried), ([(reasons, "")], []))
        self.nothing_left()

    def test_time_for_each(self) -> None:
        """Each address has the whole of its time; the end of one's is nobody else's."""
        self.reach()
        self.resolver.answer("192.0.2.1", "192.0.2.2", "192.0.2.3")
        for _ in range(2):
            self.reactor.advance(0.3)
        self.reactor.advance(9.3)
        self.assertEqual([attempt.aborted for attempt in self.attempts], [0, 0, 0])
        for aborted in ([1, 0, 0], [1, 1, 0], [1, 1, 1]):
            self.assertTrue(self.told.nothing)
            self.reactor.advance(0.3)
            self.assertEqual([attempt.aborted for attempt in self.attempts], aborted)
        reasons = f"192.0.2.1: {SILENT}; 192.0.2.2: {SILENT}; 192.0.2.3: {SILENT}"
        self.assertEqual(self.told.failed, [(reasons, "")])
        self.nothing_left()

    def test_impossible(self) -> None:
        """What the system refuses at once is one more reason, in its words, and no end."""
        self.impossible = {
            "192.0.2.1": OSError(EHOSTUNREACH, "No route to host"),
            "192.0.2.2": OSError("no words"),
        }
        self.reach()
        self.resolver.answer("192.0.2.1", "192.0.2.2", "192.0.2.3")
        self.assertEqual(self.tried, [("192.0.2.3", 2121)])
        self.attempts[0].failed(REFUSED)
        ((reasons, _),) = self.told.failed
        self.assertEqual(
            reasons, f"192.0.2.1: No route to host; 192.0.2.2: no words; 192.0.2.3: {REFUSED}"
        )
        self.nothing_left()

    def test_at_most(self) -> None:
        """Of a name with as many addresses as an answer holds a few are tried, and no more asked for."""
        hosts = [f"127.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}" for n in range(4000)]
        self.forbidden = dict.fromkeys(hosts, "No.")
        self.reach()
        self.resolver.answer(*hosts)
        ((reasons, forbidden),) = self.told.failed
        self.assertEqual((reasons.count("; "), forbidden, self.tried), (MOST - 1, "No.", []))
        self.assertEqual([host for _, host in self.judged], hosts[:MOST])
        self.nothing_left()

    def test_source(self) -> None:
        """A source address is bound to; a server's address of the other family cannot be called."""
        self.reach(way=Way(source="192.0.2.254", transparent=True))
        self.resolver.answer("2001:db8::1", "192.0.2.1")
        (attempt,) = self.attempts
        self.assertEqual((attempt.ours, attempt.theirs[0]), (("192.0.2.254", 0), "192.0.2.1"))
        self.assertEqual((attempt.transparent, attempt.source_port), (True, 0))
        attempt.failed(REFUSED)
        family = "2001:db8::1: the source address 192.0.2.254 is of another family"
        self.assertEqual(self.told.failed, [(f"{family}; 192.0.2.1: {REFUSED}", "")])
        self.nothing_left()

    def test_zone(self) -> None:
        """The zone of a link-local address is its scope, by number or by name; others have none."""
        self.reach()
        self.resolver.answer("fe80::1%7", f"fe80::2%{socket.if_indextoname(LO)}", "fe80::3")
        for attempt in range(3):
            self.attempts[attempt].failed(REFUSED)
        self.assertEqual(
            self.tried, [("fe80::1", 2121, 0, 7), ("fe80::2", 2121, 0, LO), ("fe80::3", 2121)]
        )

    if not LO:
        test_zone.skip = "no interface lo"  # type: ignore[attr-defined]

    def test_unknown_zone(self) -> None:
        """A zone that this machine has not is a reason, and the next address is tried."""
        self.reach()
        self.resolver.answer("fe80::1%nothere", "192.0.2.1")
        self.assertEqual(self.tried, [("192.0.2.1", 2121)])
        self.attempts[0].failed(REFUSED)
        self.assertRegex(self.told.failed[0][0], r"^fe80::1%nothere: [^;]+; 192\.0\.2\.1: ")


class Judged(ReachCase):
    """Addresses that may not be dialled."""

    def test_very_address(self) -> None:
        """Each address is judged right before it is dialled, in normal spelling, and then only it."""
        self.reach()
        self.resolver.answer("::ffff:192.0.2.1", "2001:DB8::1")
        server = Server(NAME, 2121)
        self.assertEqual(self.judged, [(server, "192.0.2.1")])
        self.assertEqual(self.tried, [("::ffff:192.0.2.1", 2121)])
        self.attempts[0].failed(REFUSED)
        self.assertEqual(self.judged[1:], [(server, "2001:db8::1")])
        self.assertEqual(self.tried[1:], [("2001:DB8::1", 2121)])
        self.assertEqual(self.resolver.asked, [NAME])

    def test_skipped(self) -> None:
        """A forbidden address is passed over; its sentence stays with the failure of the others."""
        self.forbidden = {"127.0.0.1": "That is forbidden."}
        self.reach()
        self.resolver.answer("::ffff:127.0.0.1", "192.0.2.1", "127.0.0.1")
        self.assertEqual(self.tried, [("192.0.2.1", 2121)])
        self.attempts[0].failed(REFUSED)
        words = "not allowed: That is forbidden."
        reasons = f"::ffff:127.0.0.1: {words}; 192.0.2.1: {REFUSED}; 127.0.0.1: {words}"
        self.assertEqual(self.told.failed, [(reasons, "That is forbidden.")])
        self.nothing_left()

    def test_skipped_and_reached(self) -> None:
        """Where an allowed address is reached, the forbidden one is not spoken of."""
        self.forbidden = {"127.0.0.1": "That is forbidden."}
        self.reach()
        self.resolver.answer("127.0.0.1", "192.0.2.1")
        self.attempts[0].opened(Socket())
        self.assertEqual((len(self.told.reached), self.told.failed), (1, []))

    def test_next_server(self) -> None:
        """A server all of whose addresses are forbidden makes room for the next one."""
        self.forbidden = {"127.0.0.1": "That is forbidden."}
        self.reach(Server("127.0.0.1"), Server("192.0.2.1"))
        self.assertEqual(self.tried, [("192.0.2.1", 21)])


class Cancelled(ReachCase):
    """Given up at every stage: nothing is called, nothing is left."""

    def over(self) -> None:
        """Nothing was told, nothing is left, and no more is tried."""
        self.reactor.advance(1000)
        self.assertTrue(self.told.nothing)
        self.nothing_left()

    def test_while_resolving(self) -> None:
        """An answer that comes late leads nowhere, not even to a judgement."""
        self.reach().cancel()
        self.assertEqual(self.resolver.given_up, [NAME])
        self.resolver.answer("192.0.2.1")
        self.assertEqual((self.tried, self.judged), ([], []))
        self.over()

    def test_while_resolving_to_nothing(self) -> None:
        """Nor does an empty one lead to the next server."""
        self.reach(Server("a.example"), Server("b.example")).cancel()
        self.resolver.answer()
        self.assertEqual(self.resolver.asked, ["a.example"])
        self.over()

    def test_while_connecting(self) -> None:
        """The attempt is stopped, and no other address is tried; twice is no harm."""
        reach = self.reach()
        self.resolver.answer("192.0.2.1", "192.0.2.2")
        reach.cancel()
        reach.cancel()
        self.assertEqual((self.attempts[0].aborted, len(self.attempts)), (1, 1))
        self.over()

    def test_when_reached(self) -> None:
        """A connection that was handed on is not for the reach to stop."""
        reach = self.reach(Server("192.0.2.1"))
        sock = Socket()
        self.attempts[0].opened(sock)
        reach.cancel()
        self.assertEqual((self.attempts[0].aborted, sock.closed), (0, False))

    def test_when_failed(self) -> None:
        """One that has failed has nothing to stop."""
        reach = self.reach(Server("192.0.2.1"))
        self.attempts[0].failed(REFUSED)
        reach.cancel()
        self.assertEqual(len(self.told.failed), 1)
        self.nothing_left()


class Introduced(ReachCase):
    """The PROXY header."""

    def reached(self, way: Way) -> Socket:
        """The socket of a server that was reached that way."""
        self.reach(Server("192.0.2.1"), way=way)
        sock = Socket()
        self.attempts[-1].opened(sock)
        return sock

    def test_client(self) -> None:
        """It tells the client's address, of either version, before anybody else has the socket."""
        client = ("198.51.100.7", 40123)
        sent: list[bytes] = []
        self.told.callbacks = lambda: (lambda sock, *_: sent.append(sock.sent), self.fail)  # type: ignore[method-assign]
        self.reached(Way(proxy_protocol=1, client=client))
        self.assertEqual(sent, [b"PROXY TCP4 198.51.100.7 192.0.2.1 40123 21\r\n"])
        self.reached(Way(proxy_protocol=2, client=client))
        self.assertEqual(sent[1][:16], b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c")

    def test_other_family(self) -> None:
        """A client of the other family is told as well."""
        sock = self.reached(Way(proxy_protocol=1, client=("2001:db8::7", 40123)))
        self.assertRegex(sock.sent, rb"^PROXY TCP6 2001:db8::7 ::ffff:[^ ]+ 40123 21\r\n$")

    def test_ourselves(self) -> None:
        """Where there is no client the connection is our own."""
        sock = self.reached(Way(proxy_protocol=1))
        self.assertEqual(sock.sent, b"PROXY TCP4 192.0.2.254 192.0.2.1 40000 21\r\n")

    def test_broken(self) -> None:
        """A connection that broke at once is no success: it is closed, and the next is tried."""
        for way in (Way(), Way(proxy_protocol=2, client=("198.51.100.7", 1))):
            self.reach(Server("192.0.2.1"), Server("192.0.2.2"), way=way)
            sock = Socket()
            sock.broken = True
            self.attempts[-1].opened(sock)
            self.assertTrue(sock.closed)
            self.assertEqual(self.tried[-1], ("192.0.2.2", 21))
            self.attempts[-1].failed(REFUSED)
            reasons = f"192.0.2.1: the connection broke at once; 192.0.2.2: {REFUSED}"
            self.assertEqual(self.told.failed.pop(), (reasons, ""))
            self.nothing_left()
