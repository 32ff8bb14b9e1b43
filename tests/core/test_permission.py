"""Rules for commands in a session: what is asked of them, of the server, and what the client hears."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ftpalg.core.actions import Tell
from ftpalg.core.facts import CommandBarred, Shadowed
from ftpalg.core.permits import Ruling, Wanted
from ftpalg.core.session_settings import Rules
from ftpalg.core.stages.permission import Standing
from ftpalg.core.wire.commands import Command
from tests.core.ladder import CLIENT, FIXED, SERVER, Ladder, LadderTest, actions
from tests.core.openings import GREETED, LOGIN, PASV_EPSV, RETR, USABLE

NO = Ruling(550, "No.", "f.toml:3: access.commands[0]")
KEEPS = frozenset(b"NOOP TYPE PASV EPSV PORT REST QUIT USER PASS PWD ABOR FEAT".split())


class Said:
    """Rules that refuse what has ``secret`` in its path, and note what they are asked."""

    def __init__(self, *, paths: bool = True, holds: bool = True) -> None:
        self.holds = holds
        self.asked: list[Wanted] = []
        self._paths = paths

    def minds(self, command: Command) -> bool:
        """Not what keeps a session going."""
        return command.verb not in KEEPS

    def needs_place(self, command: Command) -> bool:
        """Where the name is relative."""
        relative = not (command.argument or b"").startswith(b"/")
        return self._paths and (relative or command.verb == b"RNFR")

    def judge(self, wanted: Wanted) -> Ruling:
        """The whole path counts; a name that is not known is refused."""
        self.asked.append(wanted)
        name = wanted.command.argument or b""
        known = name.startswith(b"/") or bool(wanted.place) or not self._paths
        path = name if name.startswith(b"/") else wanted.place + b"/" + name
        return Ruling() if known and b"secret" not in path else NO


class Permitting(LadderTest):
    """A session under such rules."""

    def setUp(self) -> None:
        self.said = Said()

    def under(self, script: str, said: Said | None = None) -> Ladder:
        """Play a script behind a login."""
        rules = replace(Rules(server=FIXED), permits=said or self.said)
        return self.logged_in(rules).play(script)

    def barred(self, made: Ladder) -> list[CommandBarred]:
        """What the observers are told."""
        facts = [one.fact for one in actions(made, Tell)]
        return [one for one in facts if isinstance(one, CommandBarred)]


class Judged(Permitting):
    """What passes and what does not."""

    def test_what_is_judged(self) -> None:
        """What the rules allow goes as it is; what they do not mind they are not asked about."""
        self.under(
            f"""
            C -> P  DELE /pub/x
            P -> S  DELE /pub/x
            P <- S  250 Gone.
            C <- P  250 Gone.
            {USABLE}
            """
        )
        (one,) = self.said.asked
        expected = Wanted(
            CLIENT.peer, "", "bob", FIXED, SERVER.peer, Command(b"DELE", b"/pub/x"), b""
        )
        self.assertEqual(one, expected)

    def test_refused(self) -> None:
        """The server never sees it, the client hears the sentence, the observers learn the rule."""
        made = self.under(f"C -> P  DELE /secret/x\nC <- P  550 No.\n{USABLE}")
        command = Command(b"DELE", b"/secret/x")
        self.assertEqual(self.barred(made), [CommandBarred(command, 550, "No.", NO.rule)])

    def test_pipelined(self) -> None:
        """Each in its turn, with its own answer."""
        self.under(
            """
            C -> P  DELE /pub/x
            P -> S  DELE /pub/x
            C -> P  DELE /secret/x
            C -> P  MKD /y
            P <- S  250 Gone.
            C <- P  250 Gone.
            C <- P  550 No.
            P -> S  MKD /y
            P <- S  257 "/y" made.
            C <- P  257 "/y" made.
            """
        )

    def test_before_login(self) -> None:
        """Nothing but the login goes to a server before it; nobody knows yet whose rules hold."""
        rules = replace(Rules(server=FIXED), permits=self.said)
        self.ladder(rules).play(
            GREETED, "C -> P  SIZE /x\nC <- P  530 Log in first.", LOGIN, USABLE
        )
        self.assertEqual(self.said.asked, [])

    def test_another_user(self) -> None:
        """USER behind a login would change whose rules hold, perhaps: it is refused."""
        text = "503 Already logged in; QUIT and connect again to change."
        self.under(f"C -> P  USER eve\nC <- P  {text}\n{USABLE}")

    def test_none(self) -> None:
        """Without rules nothing is asked, nor followed."""
        made = self.logged_in().play(
            """
            C -> P  PWD
            P -> S  PWD
            P <- S  257 "/pub" is it.
            C <- P  257 "/pub" is it.
            C -> P  DELE secret
            P -> S  DELE secret
            P <- S  250 Gone.
            C <- P  250 Gone.
            """
        )
        self.assertEqual(made.session.permission.state, Standing())

    def test_through_parent(self) -> None:
        """The address of a parent is not the server's."""
        rules = Rules(server=FIXED, parent="office", permits=self.said)
        self.logged_in(rules).play("C -> P  DELE /secret\nC <- P  550 No.")
        self.assertEqual(self.said.asked[-1].address, "")


class Tried(Permitting):
    """Rules that are only tried."""

    def test_told(self) -> None:
        """What they would do is told, and nothing else is different."""
        told = Shadowed("f.toml:3: access.commands[0]", "refuse it: No.", differs=True)
        said = Said(paths=False, holds=False)
        judge: Callable[[Wanted], Ruling] = lambda wanted: Ruling(tried=told)  # noqa: E731
        self.patch(said, "judge", judge)
        rules = replace(Rules(server=FIXED), permits=said)
        made = self.ladder(rules).play(
            GREETED,
            """
            C -> P  SIZE /x
            P -> S  SIZE /x
            P <- S  530 Log in.
            C <- P  530 Log in.
            """,
            LOGIN,
            """
            C -> P  SIZE /x
            P -> S  SIZE /x
            P <- S  213 5
            C <- P  213 5
            C -> P  USER eve
            P -> S  USER eve
            P <- S  530 No.
            C <- P  530 No.
            """,
        )
        self.assertEqual([one.fact for one in actions(made, Tell)].count(told), 1)


class Places(Permitting):
    """Where the client is: the server is asked."""

    def test_asked_once(self) -> None:
        """Before the first name that begins there; then it is known."""
        self.under(
            """
            C -> P  DELE x
            P -> S  PWD
            P <- S  257 "/pub" is it.
            P -> S  DELE x
            P <- S  250 Gone.
            C <- P  250 Gone.
            C -> P  DELE y
            P -> S  DELE y
            P <- S  250 Gone.
            C <- P  250 Gone.
            """
        )
        self.assertEqual([one.place for one in self.said.asked], [b"/pub", b"/pub"])

    def test_the_clients_own(self) -> None:
        """What the server has told the client is known, too."""
        self.under(
            """
            C -> P  PWD
            P -> S  PWD
            P <- S  257 "/secret" is it.
            C <- P  257 "/secret" is it.
            C -> P  DELE x
            C <- P  550 No.
            """
        )

    def test_moved(self) -> None:
        """Behind CWD it is asked again: a link may have led elsewhere."""
        for moves in ("CWD /pub/link", "CDUP", "RNTO /y", "SITE CPTO /x", "XFOO"):
            code = "250"
            self.under(
                f"""
                C -> P  PWD
                P -> S  PWD
                P <- S  257 "/pub" is it.
                C <- P  257 "/pub" is it.
                C -> P  {moves}
                P -> S  {moves}
                P <- S  {code} Done.
                C <- P  {code} Done.
                C -> P  DELE x
                P -> S  PWD
                P <- S  257 "/secret" is it.
                C <- P  550 No.
                {USABLE}
                """
            )

    def test_not_told(self) -> None:
        """A server that does not say is not asked again, and names that begin there are refused."""
        for answer in ("502 Unknown.", "257 ok", '250 "/pub" is it.', "257 'HLQ.'"):
            self.under(
                f"""
                C -> P  DELE x
                P -> S  PWD
                P <- S  {answer}
                C <- P  550 No.
                C -> P  DELE y
                C <- P  550 No.
                {USABLE}
                C -> P  DELE /y
                P -> S  DELE /y
                P <- S  250 Gone.
                C <- P  250 Gone.
                """
            )

    def test_slowly(self) -> None:
        """A server that takes its time, and one that leaves meanwhile."""
        self.under(
            """
            C -> P  DELE x
            P -> S  PWD
            P <- S  120 Soon.
            P <- S  257 "/" is it.
            P -> S  DELE x
            P <- S  250 Gone.
            C <- P  250 Gone.
            """
        )
        made = self.under("C -> P  DELE x\nP -> S  PWD\nC -> P  NOOP")
        self.assertIn("idle", {timer.value for timer in made.running})

    def test_renaming(self) -> None:
        """The place is asked before RNFR, since nothing may stand between it and RNTO."""
        self.under(
            """
            C -> P  RNFR /a
            P -> S  PWD
            P <- S  257 "/pub" is it.
            P -> S  RNFR /a
            P <- S  350 Go on.
            C <- P  350 Go on.
            C -> P  RNTO b
            P -> S  RNTO b
            P <- S  250 Renamed.
            C <- P  250 Renamed.
            """
        )
        self.under("C -> P  RNTO b\nC <- P  550 No.")

    def test_not_begun(self) -> None:
        """Where the server has no RNFR, or has got another command since, nothing is renamed by us."""
        for between in (
            "C -> P  RNFR /pub/a\nP -> S  RNFR /pub/a\nP <- S  550 Gone.\nC <- P  550 Gone.",
            "C -> P  RNFR /secret\nC <- P  550 No.",
            f"""
            C -> P  RNFR /pub/a
            P -> S  RNFR /pub/a
            P <- S  350 Go on.
            C <- P  350 Go on.
            {USABLE}
            """,
        ):
            self.under(
                f"""
                C -> P  PWD
                P -> S  PWD
                P <- S  257 "/pub" is it.
                C <- P  257 "/pub" is it.
                {between}
                C -> P  RNTO /secret/b
                C <- P  550 No.
                """
            )

    def test_named_by_one(self) -> None:
        """Both names are judged."""
        self.under(
            """
            C -> P  RNFR /a
            P -> S  PWD
            P <- S  257 "/pub" is it.
            P -> S  RNFR /a
            P <- S  350 Go on.
            C <- P  350 Go on.
            C -> P  RNTO /secret/b
            P -> S  RNTO /a
            P <- S  250 It has its name.
            C <- P  550 No.
            C -> P  RNTO /b
            P -> S  RNTO /b
            P <- S  503 RNFR comes first.
            C <- P  503 RNFR comes first.
            """
        )


class Transfers(Permitting):
    """Commands that move data."""

    def test_refused(self) -> None:
        """The data connection that was ready is closed; the next transfer readies its own."""
        self.under(
            f"""
            {PASV_EPSV}
            C -> P  RETR /secret
            C <- P  550 No.
            P ..    closes client leg
            C -> P  RETR /file
            C <- P  425 Use PORT or PASV first.
            {USABLE}
            """
        )

    def test_restart(self) -> None:
        """REST was for the one that is refused: the next one begins at 0, at the server, too."""
        self.under(
            f"""
            {PASV_EPSV}
            C -> P  REST 100
            P -> S  REST 100
            P <- S  350 Restarting.
            C <- P  350 Restarting.
            C -> P  RETR /secret
            C <- P  550 No.
            P ..    closes client leg
            {PASV_EPSV}
            C -> P  STOR /file
            P -> S  REST 0
            P <- S  350 Restarting.
            P -> S  STOR /file
            P ..    connects to the server's port 50123
            """
        )

    def test_place_behind_pasv(self) -> None:
        """The place is asked between PASV and the command, and REST stands right before it."""
        self.under(
            f"""
            {PASV_EPSV}
            C -> P  REST 100
            P -> S  REST 100
            P <- S  350 Restarting.
            C <- P  350 Restarting.
            C -> P  RETR file
            P -> S  PWD
            P <- S  257 "/pub" is it.
            P -> S  REST 100
            P <- S  350 Restarting.
            P -> S  RETR file
            P ..    connects to the server's port 50123
            """
        )

    def test_allowed(self) -> None:
        """What is allowed goes its way."""
        self.under(f"{PASV_EPSV}\n{RETR.replace('file', '/file')}")
