"""Which sessions a filter means."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.admin.filters import BadFilter, filter_of
from ftpalg.admin.session_fields import Seen
from ftpalg.core.ends import Moment
from ftpalg.core.facts import Peer
from tests.admin.cases import known, session


class Filters(SynchronousTestCase):
    """Words, and a few sessions."""

    def setUp(self) -> None:
        one = session("1ngj5dmbz")
        one = one._replace(about=one.about._replace(route="routes[0]", listener="tcp:21"))
        two = session("1ngj6aaaa", "2001:db8::7", Moment.LOGIN)
        two = two._replace(
            draining=True,
            about=two.about._replace(server=None, name="", client=Peer("2001:db8::7%eth0", 1)),
        )
        self.seen = [Seen(one, known("Joe"), 100), Seen(two, known("amy", account="scan"), 100)]

    def fits(self, *words: str) -> list[int]:
        """Which of the two."""
        fits = filter_of(words)
        return [at for at, one in enumerate(self.seen) if fits(one)]

    def test_all(self) -> None:
        """Without a word everybody is meant."""
        self.assertEqual(self.fits(), [0, 1])

    def test_each(self) -> None:
        """Every key, with what fits and what does not."""
        for word, which in (
            ("1ngj5dmbz", [0]),
            ("1NGJ", [0, 1]),
            ("1ngj6", [1]),
            ("gj6", []),
            ("session=1ngj6", [1]),
            ("client=192.0.2.7", [0]),
            ("client=192.0.2.0/24", [0]),
            ("client=192.0.2.1/24", [0]),
            ("client=10.0.0.0/8", []),
            ("client=2001:db8::/32", [1]),
            ("client=::/0", [1]),
            ("client=2001:db8::7%eth0", [1]),  # as who shows it
            ("client=::ffff:192.0.2.7", [0]),
            ("client=::ffff:192.0.2.0/120", [0]),
            ("client=::ffff:0:0/96", [0]),
            ("client=::ffff:192.0.2.8", []),
            ("client=::ffff:0:0/95", []),
            ("server=ftp.example", [0]),
            ("server=FTP.example:21", [0]),
            ("server=*.example", [0]),
            ("server=198.51.100.2", [0]),
            ("server=198.51.100.2:21", [0]),
            ("server=198.51.100.2:22", []),
            ("user=joe", [0]),
            ("user=jo?", [0]),
            ("user=j", []),
            ("account=scan", [1]),
            ("route=routes[0]", [0]),
            ("route=routes*", [0]),
            ("listener=tcp:21", [0]),
            ("state=idle", [0]),
            ("state=login", [1]),
            ("state=draining", [1]),
        ):
            self.assertEqual(self.fits(word), which, word)

    def test_together(self) -> None:
        """Different keys must all fit, of the same key one."""
        self.assertEqual(self.fits("state=idle", "state=login"), [0, 1])
        self.assertEqual(self.fits("1ngj5", "1ngj6"), [0, 1])
        self.assertEqual(self.fits("state=idle", "user=amy"), [])
        self.assertEqual(self.fits("state=login", "user=amy", "client=2001:db8::7"), [1])

    def test_faults(self) -> None:
        """One sentence each, with what might be meant."""
        for word, said in (
            ("cleint=1", "'cleint=1' is no filter: did you mean client=?"),
            (
                "xyzzy=1",
                "the keys are session, client, server, account, user, route, listener, state",
            ),
            ("client=", "there is nothing behind client="),
            ("", "there is nothing behind session="),
            ("client=%eth0", "is neither an address nor a network"),
            ("client=ten", "client='ten' is neither an address nor a network"),
            ("client=192.0.2.0/33", "is neither an address nor a network"),
            ("state=idel", "state='idel' is none of idle"),
            ("state=drained", "state='drained' is none of draining"),
            (
                "state=xyzzy",
                "is none of naming, account, reaching, login, idle, command, data, opaque",
            ),
        ):
            with self.assertRaises(BadFilter) as caught:
                self.fits(word)
            self.assertIn(said, str(caught.exception))
