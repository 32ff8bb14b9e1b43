"""resolv.conf: servers, search list, ndots."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.net.reach.resolvconf import LOCAL, Conf, read_conf


class Reading(SynchronousTestCase):
    """The file."""

    def test_whole(self) -> None:
        """Servers in their order, the last of search and domain, the last ndots."""
        found = read_conf(
            "# a comment\nnameserver 192.0.2.1\n nameserver 2001:db8::1  \ndomain old.example\n"
            "search corp.example. example\noptions timeout:1 ndots:2 rotate\noptions ndots:3\n"
        )
        servers = (("192.0.2.1", 53), ("2001:db8::1", 53))
        self.assertEqual(found, Conf(servers, ("corp.example", "example"), 3))

    def test_nothing(self) -> None:
        """Without servers this machine is asked, as the system does."""
        self.assertEqual(read_conf(""), Conf(LOCAL, (), 1))

    def test_hostile(self) -> None:
        """What cannot be understood is left out."""
        found = read_conf(
            "nameserver\nnameserver dns.example\nsearch\noptions ndots:x ndots: ndots:-1\n"
            "options\nsearch . ..\n\0\x85\n"
        )
        self.assertEqual(found, Conf())
        self.assertEqual(read_conf("options ndots:99").ndots, 15)


class Candidates(SynchronousTestCase):
    """What a name may stand for."""

    def test_order(self) -> None:
        """A name with enough dots is tried as it stands first, one without behind the search list."""
        conf = Conf(search=("a.example", "b.example"), ndots=2)
        self.assertEqual(conf.candidates("ftp"), ["ftp.a.example", "ftp.b.example", "ftp"])
        self.assertEqual(conf.candidates("ftp.x"), ["ftp.x.a.example", "ftp.x.b.example", "ftp.x"])
        self.assertEqual(
            conf.candidates("ftp.x.y"), ["ftp.x.y", "ftp.x.y.a.example", "ftp.x.y.b.example"]
        )

    def test_whole(self) -> None:
        """A last dot says that nothing is left out."""
        self.assertEqual(Conf(search=("a.example",)).candidates("ftp."), ["ftp"])
