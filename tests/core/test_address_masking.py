"""Rule 4 in the text of replies."""

from __future__ import annotations

from ftpalg.core.events import Link
from ftpalg.core.session import Session
from ftpalg.core.session_settings import Rules
from ftpalg.core.wire.replies import Reply
from tests.core.ladder import CLIENT, CLIENT6, SERVER, SERVER6, LadderTest


def masked(text: bytes, client: Link = CLIENT, server: Link | None = SERVER) -> bytes:
    """A line of a server as the client of such a session sees it."""
    desk = Session(Rules(), client).desk
    desk.server = server
    return desk.masked(Reply(150, (b"150 " + text,))).text


class Masking(LadderTest):
    """``masked``."""

    def test_addresses_of_the_leg(self) -> None:
        """The server's address becomes ours, ours at the server the client's; whole words only."""
        for text, shown in (
            (b"198.51.100.9", b"192.0.2.1"),
            (b"from 198.51.100.1, to 198.51.100.9.", b"from 192.0.2.7, to 192.0.2.1."),
            (b"<198.51.100.1> [198.51.100.9]", b"<192.0.2.7> [192.0.2.1]"),
            (b"198.51.100.11 1198.51.100.1", b"198.51.100.11 1198.51.100.1"),
            (b"198.51.100.1.log x198.51.100.1", b"198.51.100.1.log x198.51.100.1"),
            (b"file \xff\xe9", b"file \xff\xe9"),
        ):
            self.assertEqual(masked(text), shown)

    def test_ipv6(self) -> None:
        """The same for IPv6."""
        self.assertEqual(
            masked(b"[2001:db8:9::1] 2001:db8:9::9", CLIENT6, SERVER6),
            b"[2001:db8::7] 2001:db8::1",
        )

    def test_appended(self) -> None:
        """wu-ftpd's address with a port goes, whoever's it is; sizes and names stay."""
        for text, shown in (
            (b"Opening f (10.1.2.3,4567) (12 bytes).", b"Opening f (12 bytes)."),
            (b"Opening f (10.1.2.3:4567).", b"Opening f."),
            (b"Opening f (10.1.2.3, 4567).", b"Opening f."),
            (b"Opening f (10,1,2,3,17,215).", b"Opening f."),
            (b"Opening f(1).txt (1234 bytes).", b"Opening f(1).txt (1234 bytes)."),
        ):
            self.assertEqual(masked(text), shown)

    def test_without_a_server(self) -> None:
        """Before a server is connected there is nothing of it to hide."""
        self.assertEqual(masked(b"198.51.100.9 (10.1.2.3:4567)", server=None), b"198.51.100.9")

    def test_every_line(self) -> None:
        """All lines of a reply are treated; the code stays."""
        desk = Session(Rules(), CLIENT).desk
        desk.server = SERVER
        found = desk.masked(Reply(211, (b"211-198.51.100.1", b" 198.51.100.9", b"211 End")))
        self.assertEqual(found, Reply(211, (b"211-192.0.2.7", b" 192.0.2.1", b"211 End")))
