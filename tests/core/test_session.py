"""What a session is to its driver: its value, and what it is asked."""

from __future__ import annotations

from ftpalg.core.events import CommandReceived, LegEnded, ServerLost, Side
from ftpalg.core.facts import About, Peer
from ftpalg.core.phases import Phase
from ftpalg.core.routes import ServerTls
from ftpalg.core.session import Session
from ftpalg.core.session_settings import Rules
from ftpalg.core.wire.commands import Command
from tests.core.ladder import CLIENT, FIXED, Ladder, LadderTest
from tests.core.openings import GREETED, PASV_EPSV, RELAYED, RETR, STORED


class Outside(LadderTest):
    """What a driver asks a session."""

    def test_skips_text(self) -> None:
        """Text without a code is passed over, but never while AUTH is asked."""
        for rules, script, skips in (
            (Rules(server=FIXED), "C <- P  220 Welcome.", True),
            (Rules(server=FIXED, server_tls=ServerTls.EXPLICIT), "P -> S  AUTH TLS", False),
        ):
            made = self.ladder(rules).play(GREETED.partition("C <- P")[0], script)
            self.assertIs(made.session.skips_text, skips, script)

    def test_asks_nothing(self) -> None:
        """Between two answers, and only there, the server has been asked for nothing."""
        for script, nothing in (("", True), ("C -> P  NOOP\nP -> S  NOOP", False)):
            made = self.logged_in().play(script)
            self.assertIs(made.session.asks_nothing, nothing, script)

    def test_ends_anywhere(self) -> None:
        """Another code may end a reply whose text decides nothing here, and no other."""
        for script, anywhere in (
            ("", False),
            ("C -> P  DELE f\nP -> S  DELE f", True),
            ("C -> P  PASV\nP -> S  EPSV", False),
            (PASV_EPSV + RETR, True),
        ):
            made = self.logged_in().play(script)
            self.assertIs(made.session.ends_anywhere, anywhere, script)

    def test_leaves_well(self) -> None:
        """A client that has said QUIT behind its transfer, either way, meant to go."""
        for script, well in (
            (STORED, False),
            (f"{STORED}\nC -> P  QUIT", True),
            (f"{RELAYED}\nC -> P  QUIT", True),
            ("C -> P  QUIT\nP -> S  QUIT", False),
        ):
            self.assertIs(self.logged_in().play(script).session.leaves_well, well, script)

    def test_over(self) -> None:
        """Over once the connections are being closed."""
        made = self.logged_in()
        self.assertFalse(made.session.over)
        self.assertTrue(made.play("P ..  client lost\nP ..  hangs up").session.over)

    def test_about_both_peers(self) -> None:
        """Facts are told with both peers: the server's once it is there, and whether it is hidden."""
        made = self.ladder()
        peer = Peer("192.0.2.7", 40000)
        named = "ftp.example:21"
        self.assertEqual(made.session.about("s1"), About("s1", peer, None, named, False))
        made.play(GREETED)
        server = Peer("198.51.100.9", 21)
        self.assertEqual(made.session.about("s1"), About("s1", peer, server, named, False))
        self.assertIs(made.session.about("s1"), made.session.about("s1"))
        made = self.ladder(Rules(server=FIXED, parent="proxy")).play(GREETED)
        self.assertEqual(made.session.about("s1"), About("s1", peer, server, named, True))

    def test_value(self) -> None:
        """Another session that is given the value of one goes on as that would have."""
        for script in ("", PASV_EPSV, RELAYED, f"{STORED}\nC -> P  QUIT"):
            made = self.logged_in().play(script)
            other = Session(made.session.desk.rules, CLIENT)
            self.assertNotEqual(other.value, made.session.value)
            other.value = made.session.value
            for event in (
                LegEnded(Side.SERVER),
                CommandReceived(Command(b"ABOR")),
                ServerLost("x"),
            ):
                self.assertEqual(other.handle(event), made.session.handle(event), event)
            self.assertEqual(other.value, made.session.value)


class AtRest(LadderTest):
    """Between two commands, and nowhere else."""

    def rests(self, made: Ladder, script: str) -> bool:
        """Whether it is at rest behind that script."""
        return made.play(script).session.at_rest

    def test_entering(self) -> None:
        """Not while a server is reached or checks a password; between the commands it is."""
        made = self.ladder()
        self.assertFalse(made.play("P ..  dials ftp.example:21").session.at_rest)
        self.assertFalse(self.rests(made, "P ..  connected"))
        self.assertTrue(self.rests(made, "P <- S  220 Welcome.\nC <- P  220 Welcome."))
        self.assertFalse(self.rests(made, "C -> P  USER bob\nP -> S  USER bob"))
        self.assertTrue(self.rests(made, "P <- S  331 Password.\nC <- P  331 Password."))

    def test_naming(self) -> None:
        """A client that has yet to name its server is at rest."""
        made = self.ladder(Rules())
        self.assertTrue(self.rests(made, "C <- P  220 ftpalg ready; log in as user@server."))

    def test_commands(self) -> None:
        """Not while one is answered or waits for its turn."""
        made = self.after_login("")
        self.assertTrue(made.session.at_rest)
        self.assertFalse(self.rests(made, "C -> P  NOOP\nP -> S  NOOP\nC -> P  PWD"))
        self.assertFalse(self.rests(made, "P <- S  200 Here.\nC <- P  200 Here.\nP -> S  PWD"))
        self.assertTrue(self.rests(made, 'P <- S  257 "/"\nC <- P  257 "/"'))

    def test_transfers(self) -> None:
        """A port that was opened holds nobody; a transfer does, up to its last reply."""
        made = self.after_login(PASV_EPSV)
        self.assertTrue(made.session.at_rest)
        made = self.after_login(RELAYED)
        self.assertFalse(made.session.at_rest)
        self.assertFalse(self.rests(made, "P ..  server leg ended\nP ..  starts settle"))

    def test_over(self) -> None:
        """One that is over is not told to go again."""
        made = self.after_login("P ..  client done\nP ..  hangs up")
        self.assertIs(made.session.desk.phase, Phase.OVER)
        self.assertFalse(made.session.at_rest)
