"""What a parent is asked for, and what is judged before it is."""

from __future__ import annotations

from ftpalg.config import Parent
from ftpalg.config.tables import ParentUrl
from ftpalg.core.routes import Server
from ftpalg.net.reach.attempt import Way
from tests.net.reaches import NAME, REFUSED, ReachCase, Socket, socks


class Named(ReachCase):
    """Servers that a client named, behind a parent."""

    UNKNOWN = "ftp.example is not known here."

    def setUp(self) -> None:
        super().setUp()
        self.by_name = self.UNKNOWN

    def test_judged_address(self) -> None:
        """The name is resolved and judged here, and the parent is asked for the judged address."""
        self.reach(way=Way(socks()))
        self.assertEqual((self.resolver.asked, self.tried), ([NAME], []))
        self.forbidden = {"127.0.0.1": "That is forbidden."}
        self.resolver.answer("::ffff:127.0.0.1", "::ffff:198.51.100.7")
        server = Server(NAME, 2121)
        self.assertEqual(self.judged, [(server, "127.0.0.1"), (server, "198.51.100.7")])
        self.assertEqual(self.tried, [("192.0.2.99", 1080)])
        self.attempts[0].opened(Socket())
        self.assertEqual(self.asked[0].server, Server("198.51.100.7", 2121))
        self.asked[0].done()
        self.assertEqual(self.told.reached[0][1], server)
        self.assertEqual(self.told.ways[0].asked, "198.51.100.7")

    def test_all_forbidden(self) -> None:
        """Where every address is forbidden, nobody is dialled or asked."""
        self.forbidden = {"127.0.0.1": "That is forbidden."}
        self.reach(way=Way(socks()))
        self.resolver.answer("127.0.0.1")
        self.assertEqual((self.tried, self.parents_resolver.asked), ([], []))
        self.assertEqual(self.told.failed[0][1], "That is forbidden.")

    def test_unknown(self) -> None:
        """A name that does not resolve here is answered with what would let the parent look it up."""
        self.reach(way=Way(socks()))
        self.resolver.answer()
        self.assertEqual((self.tried, self.judged), ([], []))
        self.assertEqual(self.told.failed, [(f"no address for {NAME}", self.UNKNOWN)])

    def test_address(self) -> None:
        """An address is judged though a parent calls it; a forbidden one is not asked for."""
        self.forbidden = {"127.0.0.1": "That is forbidden."}
        self.reach(Server("127.0.0.1"), Server("::FFFF:127.0.0.1"), way=Way(socks()))
        self.assertEqual((self.tried, len(self.judged)), ([], 2))
        self.assertEqual(self.told.failed[0][1], "That is forbidden.")

    def test_each_address(self) -> None:
        """Every address is asked for at every address of the parent, the parent's first."""
        parent = socks(server=Server("proxy.example", 1080))
        self.reach(way=Way(parent))
        self.resolver.answer("198.51.100.7", "198.51.100.8")
        self.parents_resolver.answer("192.0.2.98", "192.0.2.99")
        for attempt in range(4):
            self.attempts[attempt].opened(Socket())
            self.asked[attempt].failed(REFUSED)
        self.assertEqual(
            [(theirs[0], a.server.host) for theirs, a in zip(self.tried, self.asked, strict=True)],
            [
                ("192.0.2.98", "198.51.100.7"),
                ("192.0.2.99", "198.51.100.7"),
                ("192.0.2.98", "198.51.100.8"),
                ("192.0.2.99", "198.51.100.8"),
            ],
        )

    def test_ftp(self) -> None:
        """An FTP parent, whom the login tells the server, is told the judged address, IPv4 first."""
        self.reach(way=Way(Parent("old", ParentUrl("ftp", Server("192.0.2.99", 21)))))
        self.resolver.answer("2001:db8::7", "198.51.100.7")
        self.attempts[0].opened(Socket())
        self.assertEqual(self.told.reached[0][1], Server("198.51.100.7", 2121))


class ByName(ReachCase):
    """Servers whose name the parent may be told."""

    def test_parent_resolves(self) -> None:
        """There is no address to judge, and the parent's is not judged."""
        self.reach(way=Way(socks()))
        self.assertEqual(self.judged, [(Server(NAME, 2121), "")])
        self.assertEqual((self.resolver.asked, self.parents_resolver.asked), ([], []))
        self.assertEqual(self.tried, [("192.0.2.99", 1080)])
        self.attempts[0].opened(Socket())
        self.assertEqual(self.asked[0].server, Server(NAME, 2121))
        self.asked[0].done()
        self.assertEqual(self.told.ways[0].asked, NAME)

    def test_forbidden_name(self) -> None:
        """A name that is forbidden as such is not told."""
        self.forbidden = {"": "That name is forbidden."}
        self.reach(way=Way(socks()))
        reasons = f"{NAME}: not allowed: That name is forbidden."
        self.assertEqual(self.told.failed, [(reasons, "That name is forbidden.")])
        self.assertEqual((self.tried, self.resolver.asked), ([], []))


class TheParent(ReachCase):
    """The parent itself."""

    def test_own_listener(self) -> None:
        """One that is this gateway is not dialled, in whichever spelling; the log has the cause."""
        self.own = [("192.0.2.99", 1080)]
        for host in ("192.0.2.99", "::ffff:192.0.2.99"):
            self.reach(way=Way(socks(server=Server(host, 1080))))
            words = "parent office is this gateway itself"
            self.assertEqual((self.told.failed.pop(), self.tried), ((words, ""), []))

    def test_name(self) -> None:
        """Its name is the administrator's, looked up apart from those of clients."""
        self.reach(way=Way(socks(server=Server("proxy.example", 1080))))
        self.assertEqual(
            (self.resolver.asked, self.parents_resolver.asked), ([], ["proxy.example"])
        )
        self.parents_resolver.answer()
        self.assertEqual(self.told.failed, [("no address for proxy.example", "")])

    def test_asked_alone(self) -> None:
        """Once one of its addresses takes the connection no other is tried until it has answered."""
        self.reach(way=Way(socks(server=Server("proxy.example", 1080))))
        self.parents_resolver.answer("192.0.2.98", "192.0.2.99", "192.0.2.97")
        self.reactor.advance(0.31)
        self.assertEqual(len(self.attempts), 2)
        self.attempts[1].opened(Socket())
        self.assertEqual(self.attempts[0].aborted, 1)
        self.reactor.advance(5)
        self.assertEqual(len(self.attempts), 2)
        self.asked[0].failed("the SOCKS parent refuses: not allowed")
        self.assertEqual(self.tried[2:], [("192.0.2.98", 1080)])
        self.attempts[2].opened(Socket())
        self.asked[1].done()
        self.assertEqual([text.split(",")[0] for text in self.warnings], ["192.0.2.99"])
        self.nothing_left()

    def test_dead(self) -> None:
        """An address of it that was overtaken is tried last."""
        self.reach(way=Way(socks(server=Server("proxy.example", 1080))))
        self.parents_resolver.answer("192.0.2.98", "192.0.2.99")
        self.reactor.advance(0.31)
        self.attempts[1].opened(Socket())
        self.asked[0].done()
        self.assertEqual([text.split(",")[0] for text in self.warnings], ["192.0.2.98"])
        self.nothing_left()
