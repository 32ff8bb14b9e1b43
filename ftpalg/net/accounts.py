"""Accounts at the gateway: who a client is, by the credentials checkers of Twisted's strcred.

A refusal tells a client nothing: an unknown account and a wrong password take the same time.  No
password gets into a message, and no exception's text either, which may quote one.  Checkers that block
are asked in a thread: one that has ``blocks = True``, as ``unix`` has.  Hashed passwords are compared in
threads of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from importlib.util import find_spec
from typing import NamedTuple

from twisted.cred.checkers import ICredentialsChecker, InMemoryUsernamePasswordDatabaseDontUse
from twisted.cred.credentials import IUsernamePassword, UsernamePassword
from twisted.cred.error import UnauthorizedLogin
from twisted.internet.defer import CancelledError, Deferred, maybeDeferred

from ftpalg.config import SettingsError
from ftpalg.core.value import value
from ftpalg.core.wire.user_at_host import IsAccount
from ftpalg.net.accounts_file import AccountsFile, BadAccounts
from ftpalg.net.guesses import Barred, Guess, Guesses
from ftpalg.net.reactors import Timing
from ftpalg.net.threads import Busy, Question
from ftpalg.net.unix_accounts import UnixAccounts

SETTING = "accounts.auth"
UNIX_NEEDS = ("crypt", "spwd")
"""The modules that ``unix`` works with."""
FORBIDDEN = frozenset(b"\0\r\n")
"""What ends a name for one reader and not for another."""


Ask = Callable[[str, Question], Deferred[object]]
"""Asks a question for a peer, whose turn may come later.  Raises Busy."""


class CannotCheck(Exception):
    """A checker cannot tell whether a password is right.  The text says why; it goes to the log."""


def _unheard(text: str) -> None:
    """Where nobody looks at the checkers any more."""


def checkers_of(
    descriptions: Iterable[str], warned: Callable[[str], None] = _unheard
) -> list[ICredentialsChecker]:
    """The checkers that strcred's descriptions name, like ``file:/etc/ftpalg/accounts``.

    ``warned`` is told of what cannot be read any more later.  Raise SettingsError with every fault;
    none quotes an argument, which may hold a password.
    """
    found: list[ICredentialsChecker] = []
    faults: list[str] = []
    for description in descriptions:
        try:
            found.append(_checker_of(description, warned))
        except SettingsError as error:
            faults += [f"{SETTING}: {fault}" for fault in error.faults]
    if faults:
        raise SettingsError(faults)
    return found


def _checker_of(description: str, warned: Callable[[str], None]) -> ICredentialsChecker:
    kind, _, argument = description.partition(":")
    if kind == "file":
        return _file_of(argument, warned)
    if kind == "memory":
        return _in_memory(argument)
    if kind == "unix":
        return _of_unix()
    from twisted.cred import strcred  # which brings Twisted's plug-ins

    try:
        factory = strcred.findCheckerFactory(kind)
    except strcred.InvalidAuthType:
        raise SettingsError([f"{kind}: no such kind of accounts; use one of {_known()}"]) from None
    try:
        checker: ICredentialsChecker = factory.generateChecker(argument)
    except SettingsError:
        raise
    except Exception:  # each plug-in raises what it likes
        form = factory.argStringFormat.rstrip(".")
        raise SettingsError([f"{kind}: cannot use what follows the colon; give: {form}"]) from None
    if IUsernamePassword not in checker.credentialInterfaces:
        raise SettingsError([f"{kind}: checks no passwords; use one of {_known()}"])
    return checker


def is_account_of(checkers: Iterable[ICredentialsChecker]) -> IsAccount | None:
    """Tells whether one of these knows an account of that name; None where none could tell."""
    knowing: list[Callable[[bytes], bool]] = []
    for checker in checkers:
        if isinstance(checker, AccountsFile):
            knowing.append(checker.knows)
        elif isinstance(checker, InMemoryUsernamePasswordDatabaseDontUse):
            knowing.append(checker.users.__contains__)
    if not knowing:
        return None
    return lambda name: any(knows(name) for knows in knowing) or None


def _known() -> str:
    """The kinds that check passwords."""
    from twisted.cred import strcred

    return ", ".join(
        sorted(
            factory.authType
            for factory in strcred.findCheckerFactories()
            if IUsernamePassword in factory.credentialInterfaces
        )
    )


def _file_of(file: str, warned: Callable[[str], None]) -> AccountsFile:
    """strcred's own looks for its file at the first login only, and cuts passwords at a colon."""
    if not file:
        raise SettingsError(["file: write file:PATH"])
    try:
        return AccountsFile(file, warned)
    except BadAccounts as error:
        raise SettingsError([str(error)]) from None


def _in_memory(words: str) -> ICredentialsChecker:
    """strcred's own takes a password with colons for several accounts."""
    name, _, password = words.partition(":")
    if not (name and password):
        raise SettingsError(["memory: write memory:name:password"])
    checker = InMemoryUsernamePasswordDatabaseDontUse()
    checker.users = {_bytes(name): _bytes(password)}
    return checker


def _of_unix() -> UnixAccounts:
    """strcred's own holds the whole process while it hashes a password."""
    if not all(find_spec(module) for module in UNIX_NEEDS):
        needs = " and ".join(UNIX_NEEDS)
        raise SettingsError(
            [f"unix: needs {needs}, which left Python with 3.13; use file or ldap instead"]
        )
    return UnixAccounts()


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")


def _unseen() -> None:
    """Where nobody is barred."""


def _at_once(peer: str, question: Question) -> Deferred[object]:
    """An answer that does not wait for its turn."""
    return maybeDeferred(question)


@value
class Accounts(NamedTuple):
    """The accounts that some checkers know; they are asked in their order.

    A refusal takes ``delay`` seconds at least.  ``ask`` asks those that block, ``hash`` those that
    have to hash the password first.  ``guesses`` says how long each login waits before that.
    """

    reactor: Timing
    checkers: Sequence[ICredentialsChecker]
    delay: float
    ask: Ask = _at_once
    hash: Ask = _at_once
    guesses: Guesses | None = None

    def check(
        self,
        account: bytes,
        password: bytes,
        accepted: Callable[[str], None],
        refused: Callable[[str], None],
        busy: Callable[[], None],
        peer: str = "",
        barred: Callable[[], None] = _unseen,
    ) -> Check:
        """Ask whether the password is the account's; exactly one of the four is called, once.

        ``accepted`` gets the account's name as its checker gives it, UTF-8 with surrogateescape,
        at once: that may be before this returns.  ``refused`` gets the reason, for the log only,
        when the delay is over and the last checker has answered.  ``busy`` is called where one of
        them could not be asked and none of the others knows the account.  ``peer`` is whose turn it
        has to be.  ``barred`` is called where too many of this peer, or for this account, were wrong, and
        where a ban has come before the answer: of so many as are asked at once it stops the rest.
        """
        credentials = UsernamePassword(account, password)
        told = Told(accepted, refused, busy, barred)
        return Check(self, credentials, told, peer)

    def asked(
        self, checker: ICredentialsChecker, credentials: UsernamePassword, peer: str
    ) -> Deferred[object]:
        """What a checker makes of them, in time."""
        if isinstance(checker, AccountsFile):
            guess = checker.guess(credentials)
            return self.hash(peer, guess.answer) if guess.slow else maybeDeferred(guess.answer)
        ask = self.ask if getattr(checker, "blocks", False) else _at_once
        return ask(peer, lambda: checker.requestAvatarId(credentials))


@value
class Told(NamedTuple):
    """Who hears what came of a check (``Accounts.check``)."""

    accepted: Callable[[str], None]
    refused: Callable[[str], None]
    busy: Callable[[], None]
    barred: Callable[[], None]


class Check:
    """One login that is being checked; ``answered`` are the checkers that have, by their number.

    ``sure`` is False where one of them could not tell.
    """

    def __init__(
        self, accounts: Accounts, credentials: UsernamePassword, told: Told, peer: str
    ) -> None:
        self._told = told
        self.answered: list[int] = []
        self.sure = True
        self._over = False
        self._seen = False  # whether a checker may have looked at the password
        self._reason: str | None = None
        self._guess: Guess | None = None
        self._timer = accounts.reactor.callLater(accounts.delay, self._refuse)
        self._asking = Deferred.fromCoroutine(self._begin(accounts, credentials, peer))

    def cancel(self) -> None:
        """Give up; nothing is called any more.  What was asked counts as wrong: nobody waited to hear."""
        self._end()
        if self._guess is not None:
            (self._guess.wrong if self._seen else self._guess.nothing)()
        self._asking.cancel()

    async def _begin(self, accounts: Accounts, credentials: UsernamePassword, peer: str) -> None:
        """Wait as long as the wrong ones before make it."""
        guesses = accounts.guesses
        try:
            if guesses is not None:
                self._guess = guesses.begin(peer, credentials.username)
        except Barred:
            self._end()
            self._told.barred()
            return
        except Busy:
            self._end()
            self._told.busy()
            return
        if self._guess is not None and self._guess.wait:
            try:
                await _after(accounts.reactor, self._guess.wait)
            except CancelledError:
                return
        await self._ask(accounts, credentials, peer)

    async def _ask(self, accounts: Accounts, credentials: UsernamePassword, peer: str) -> None:
        reasons, told_no = unfit(credentials.username, credentials.password), True
        guess, unasked = self._guess, False
        if not reasons:
            told_no, self._seen = False, True
        for at, checker in enumerate(() if reasons else accounts.checkers):
            try:
                name, reason, sure = await _answer(
                    partial(accounts.asked, checker, credentials, peer)
                )
            except Busy:
                unasked = True
                continue
            self.answered.append(at)
            if self._over:
                return
            if name:
                self._end()
                if guess is not None and guess.banned:
                    guess.nothing()
                    self._told.barred()
                    return
                if guess is not None:
                    guess.right()
                self._told.accepted(name)
                return
            told_no, self.sure = told_no or sure, self.sure and sure
            reasons.append(f"accounts.auth[{at}]: {reason}")
        if guess is not None:
            (guess.wrong if told_no else guess.nothing)()
        if unasked:
            self._end()
            self._told.busy()
            return
        self._reason = "; ".join(reasons)
        self._refuse()

    def _refuse(self) -> None:
        """Comes twice, with the last answer and with the end of the delay; the later one refuses."""
        if self._reason is not None and not self._timer.active():
            self._end()
            if self._guess is not None and self._guess.banned:
                self._told.barred()
            else:
                self._told.refused(self._reason)

    def _end(self) -> None:
        self._over = True
        if self._timer.active():
            self._timer.cancel()


def unfit(name: bytes, password: bytes) -> list[str]:
    """Why no checker should see these."""
    if not name or not password:
        return ["no name or no password"]  # which LDAP takes for an anonymous bind, and accepts
    if FORBIDDEN.intersection(name):
        return ["a NUL, CR or LF in the name"]
    return []


def _after(reactor: Timing, seconds: float) -> Deferred[None]:
    """Then; it can be cancelled."""
    waited: Deferred[None] = Deferred(lambda _: call.cancel())
    call = reactor.callLater(seconds, waited.callback, None)
    return waited


async def _answer(ask: Callable[[], Deferred[object]]) -> tuple[str, str, bool]:
    """The account's name, or why there is none, and whether that is sure.  Raise Busy."""
    try:
        avatar = await ask()
    except Busy:
        raise
    except UnauthorizedLogin:
        return "", "unknown account or wrong password", True
    except CannotCheck as error:
        return "", str(error), False
    except Exception as error:
        return "", f"could not tell{detail(error)}", False
    if isinstance(avatar, bytes):
        avatar = avatar.decode("utf-8", "surrogateescape")
    if isinstance(avatar, str) and avatar:
        return avatar, "", True
    return "", "named no account", True  # ANONYMOUS, for one


def detail(error: Exception) -> str:
    """What the system says of a fault; no other text, which may hold the password."""
    text = error.strerror if isinstance(error, OSError) else None
    return f": {text}" if text else ""
