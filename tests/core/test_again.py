"""A client that tries again: nothing of the attempt before may reach the wrong server."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from ftpalg.core.actions import Authenticate, Dial, SendCommand, SendReply
from ftpalg.core.events import (
    AccountAccepted,
    CommandReceived,
    Event,
    ReplyReceived,
    ServerConnected,
    ServerUnreachable,
)
from ftpalg.core.session import Session
from ftpalg.core.session_settings import Rules
from ftpalg.core.wire.commands import Command
from ftpalg.core.wire.replies import reply
from ftpalg.core.wire.user_at_host import DEFAULT_DIALECTS, Dialect
from tests.core.ladder import CLIENT, FIXED, SERVER, LadderTest
from tests.core.openings import ROUTED, USABLE
from tests.core.scripts import (
    ACCOUNT_AT,
    ACCOUNT_AT_USER,
    ACCOUNTS,
    AS_USER,
    AT,
    AUTH_RULES,
    AUTHORIZE,
    CHECK_POINT,
    GATEWAY,
    OPENED,
    RAPTOR,
    REACHED,
    READY,
    SITE,
)

FAILED = "P <- S  530 No.\nC <- P  530 No."
UNREACHED = """
    P ..    dials one.example:21
    P ..    unreachable
    P ..    hangs up on the server
    C <- P  434 The server cannot be reached.
"""


def refused(script: str) -> str:
    """The script up to the server's answer to the password, which is now 530."""
    return f"{script.rpartition('P <- S  230')[0]}\n{FAILED}"


def unreached(script: str) -> str:
    """The script up to its dial, which now fails."""
    return f"{script.partition(REACHED)[0]}\n{UNREACHED}"


def hung(script: str) -> str:
    """The script, where the server's connection is closed before its first answer."""
    return script.replace("C <- P", "P ..  hangs up on the server\nC <- P", 1)


class Again(LadderTest):
    """A client that failed says its whole login again, on the same connection.

    Perl's Net::FTP does where login() is called twice.  Nothing of it may be taken for the
    server's: the password that comes next is the gateway's.
    """

    ALL = (
        (ACCOUNTS, CHECK_POINT),
        (ACCOUNTS, RAPTOR),
        (ACCOUNTS, ACCOUNT_AT_USER),
        (ACCOUNTS, GATEWAY + AT),
        (
            replace(ACCOUNTS, dialects=(Dialect.ACCOUNT_USER_SERVER,)),
            CHECK_POINT.replace("bob@gus", "gus@bob").replace("secret@gp", "gp@secret"),
        ),
        (
            replace(ACCOUNTS, dialects=(Dialect.ACCOUNT_COLON_USER,)),
            CHECK_POINT.replace("bob@gus", "gus:bob").replace("secret@gp", "gp:secret"),
        ),
    )

    def test_after_a_wrong_password(self) -> None:
        """The server is left, and the login begins anew."""
        for rules, script in self.ALL:
            made = self.ladder(rules).play(READY, refused(script))
            made.play(hung(script), USABLE)

    def test_after_a_failed_dial(self) -> None:
        """The same where no server is there."""
        for rules, script in (*self.ALL, (ACCOUNTS, GATEWAY + SITE), (ACCOUNTS, GATEWAY + OPENED)):
            self.ladder(rules).play(READY, unreached(script), script, USABLE)

    def test_another_server(self) -> None:
        """Also where another server is named now."""
        for script in (CHECK_POINT, RAPTOR, ACCOUNT_AT_USER):
            first = unreached(script).replace("one.example", "two.example")
            self.ladder(ACCOUNTS).play(READY, first, script, USABLE)

    def test_authorize(self) -> None:
        """J needs its account once: AUTH comes after the login, and says nothing new then."""
        failed = unreached(AUTHORIZE)
        self.ladder(AUTH_RULES).play(
            READY, failed, AT, "C -> P  AUTH gus\nC <- P  502 TLS is not offered here.", USABLE
        )

    def test_account_alone(self) -> None:
        """Before a server is named the account may be changed by saying it anew."""
        made = self.ladder(ACCOUNTS).play(READY, GATEWAY, AS_USER)
        made.play("P ..  refuses account: no\nC <- P  530 Login incorrect.")
        made.play("C -> P  OPEN one.example\nC <- P  530 Log in at the gateway first.")

    def test_account_behind_the_servers_user(self) -> None:
        """C, D, F: with the server open a USER of the account's name, where another was said."""
        for script in (GATEWAY + SITE, GATEWAY + OPENED, ACCOUNT_AT_USER):
            made = self.ladder(ACCOUNTS).play(READY, refused(script), hung(GATEWAY), AT, USABLE)
            self.assertEqual(made.session.desk.account, "gus")

    def test_same_name_at_the_server(self) -> None:
        """With the server known a USER of the account's name is the server's user."""
        named = "USER gus\nP <- S  331 Password for gus."
        opened = f"C -> P  OPEN one.example\n{REACHED}\nC <- P  220 One."
        for script in (
            f"{opened}\nC -> P  USER gus\nP -> S  {named}",
            f"C -> P  USER gus@one.example\n{REACHED}\nP -> S  {named}",
        ):
            made = self.ladder(ACCOUNTS).play(READY, GATEWAY)
            made.play(script, "C <- P  331 Password for gus.")
        made = self.ladder(ACCOUNTS).play(READY, unreached(CHECK_POINT))
        made.play(f"C -> P  USER gus@one.example\n{REACHED}\nP -> S  {named}\nC <- P  331…")
        made = self.ladder(ACCOUNTS).play(READY, ACCOUNT_AT)
        made.play(f"C -> P  USER gus\nP -> S  {named}\nC <- P  331 Password for gus.")
        fixed = self.ladder(Rules(accounts=True, server=FIXED)).play(READY, GATEWAY)
        fixed.play(
            f"""
            C -> P  USER gus
            P ..    dials ftp.example:21
            P ..    connected
            P <- S  220 Welcome.
            P -> S  {named}
            C <- P  331 Password for gus.
            """
        )

    def test_mail_address_at_the_server(self) -> None:
        """F: the server's user may look like the account at another server."""
        self.ladder(ACCOUNTS).play(
            READY,
            ACCOUNT_AT,
            "C -> P  USER gus@corp.example\nP -> S  USER gus@corp.example",
            "P <- S  331 Password.\nC <- P  331 Password.",
        )

    def test_unreadable(self) -> None:
        """What cannot be read as an account either is refused as ever."""
        self.ladder(ACCOUNTS).play(
            READY, GATEWAY, "C -> P  USER gus@-x\nC <- P  501 The server's name cannot be read…"
        )


class Stale(LadderTest):
    """Stale words never leak."""

    def test_password_of_an_attempt(self) -> None:
        """E: the password for a server that was not reached is not sent to the next."""
        made = self.ladder(ACCOUNTS).play(READY, unreached(CHECK_POINT))
        made.play(
            """
            C -> P  USER eve@two.example
            P ..    dials two.example:21
            P ..    connected
            P <- S  220 Two.
            P -> S  USER eve
            P <- S  331 Password.
            C <- P  331 Password.
            """
        )

    def test_password_that_was_not_wanted(self) -> None:
        """Nor to the same server with another user, where the first was refused at USER."""
        self.ladder(ACCOUNTS).play(
            READY,
            CHECK_POINT.partition("P <- S  331")[0],
            """
            P <- S  530 No such user.
            C <- P  530 No such user.
            C -> P  USER eve
            P -> S  USER eve
            P <- S  331 Password.
            C <- P  331 Password.
            """,
        )


SAYS = {
    "B": ("USER gus", "PASS gp", "USER {user}@{host}", "PASS secret"),
    "C": ("USER gus", "PASS gp", "SITE {host}", "USER {user}", "PASS secret"),
    "D": ("USER gus", "PASS gp", "OPEN {host}", "USER {user}", "PASS secret"),
    "E": ("USER {user}@gus@{host}", "PASS secret@gp"),
    "F": ("USER gus@{host}", "PASS gp", "USER {user}", "PASS secret"),
    "G": ("USER {user}@{host} gus", "PASS secret", "ACCT gp"),
    "L": ("USER gus@{user}@{host}", "PASS gp@secret"),
    "N": ("USER gus:{user}@{host}", "PASS gp:secret"),
}
DIALECTS = {
    "L": (Dialect.ACCOUNT_USER_SERVER,),
    "N": (Dialect.ACCOUNT_COLON_USER,),
}
ATTEMPT = st.fixed_dictionaries(
    {
        "user": st.sampled_from(("bob", "eve", "bob@corp.example")),
        "host": st.sampled_from(("one.example", "two.example")),
        "fails": st.sampled_from(("dial", "greeting", "USER", "PASS", "nothing")),
    }
)


class Attempts(LadderTest):
    """Whatever fails, and however often: each password goes to whom it is for."""

    @given(st.sampled_from(sorted(SAYS)), st.lists(ATTEMPT, max_size=4))
    def test_passwords(self, dialect: str, attempts: list[dict[str, str]]) -> None:
        """A client tries again in its dialect until it is in; then it is where it wanted to be."""
        rules = replace(ACCOUNTS, dialects=DIALECTS.get(dialect, DEFAULT_DIALECTS), bad_logins=99)
        session = Session(rules, CLIENT)
        session.start()
        for attempt in attempts:
            self.host = ""
            for line in SAYS[dialect]:
                verb, argument = line.format(**attempt).encode().split(b" ", 1)
                told = self.settle(session, CommandReceived(Command(verb, argument)), attempt)
                if told >= 400:
                    break
            self.assertEqual(
                told >= 400, attempt["fails"] != "nothing", (dialect, line, told, attempts)
            )
            if told < 400:
                self.assertTrue(session.desk.logged_in)
                self.assertEqual((self.host, self.user), (attempt["host"], attempt["user"]))
                return

    def settle(self, session: Session, event: Event, attempt: dict[str, str]) -> int:
        """Be the checker, the network and the server until the client's command is answered."""
        told, events = 0, [event]
        while events:
            for action in session.handle(events.pop(0)):
                if isinstance(action, SendReply):
                    told = action.reply.code
                elif isinstance(action, Authenticate):
                    self.assertEqual((action.account, action.password), (b"gus", b"gp"))
                    events.append(AccountAccepted("gus"))
                elif isinstance(action, Dial):
                    self.host = action.servers[0].host
                    events += self.reached(attempt["fails"])
                elif isinstance(action, SendCommand):
                    events.append(self.answer(action.command, attempt["fails"]))
        return told

    def reached(self, fails: str) -> list[Event]:
        """A dial, up to the greeting."""
        if fails == "dial":
            return [ServerUnreachable("refused")]
        greeting = reply(421, "Full.") if fails == "greeting" else reply(220, "Hello.")
        return [ServerConnected(SERVER), ReplyReceived(greeting)]

    def answer(self, command: Command, fails: str) -> Event:
        """The server's answer."""
        verb, argument = command.verb.decode(), (command.argument or b"").decode()
        if verb == "USER":
            self.user = argument
        else:
            self.assertEqual((verb, argument), ("PASS", "secret"))
        if verb == fails:
            return ReplyReceived(reply(530, "No."))
        return ReplyReceived(reply(331 if verb == "USER" else 230, "Yes."))


class Scanning(LadderTest):
    """Servers that cannot be reached, one after another."""

    def test_bounded(self) -> None:
        """They count as bad commands, so that a client cannot look for servers through the gateway."""
        ladder = self.ladder(Rules(bad_commands=3)).play(ROUTED)
        for n in range(3):
            ladder.play(
                f"""
                C -> P  USER bob@one.example:{n + 1}
                P ..    dials one.example:{n + 1}
                P ..    unreachable: refused
                P ..    hangs up on the server
                C <- P  434 The server cannot be reached.
                """
                + ("C <- P  421 Too many bad commands; closing.\nP ..  hangs up" if n == 2 else "")
            )
