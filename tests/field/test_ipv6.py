"""The cases of data connections over IPv6: on the client's leg, on the server's, on both (rows 1 to 13)."""

from __future__ import annotations

import socket
from typing import Any

from tests.field import test_epsv
from tests.field.cells import PLAIN, SECURE, Cases, Combination, everywhere
from tests.field.test_closed_port import ClosedClient, ClosedPort
from tests.field.test_early import Early, Late
from tests.field.test_patience import Lines
from tests.field.test_refused import Promised, Refused, Unused
from tests.field.test_taken import Taken
from tests.tls.peers import ending
from tests.wire import test_drains, test_quit
from tests.wire.patience import shortened
from tests.wire.peers import (
    BLOCK,
    PATIENT,
    TIMEOUT,
    Control,
    FakeServer,
    WireTestCase,
    bound,
    dialled,
    echo_site,
    exactly,
    impatient,
    reset,
    stranger,
)


def missing(host: str = "::1") -> str | None:
    """Why nothing can be tried here."""
    try:
        bound(host).close()
    except OSError as error:
        return f"no {host} here: {error.strerror}"
    return None


def other_address() -> str:
    """An IPv6 address of this machine beside ::1; none that needs a zone."""
    try:
        with open("/proc/net/if_inet6", encoding="ascii") as table:
            rows = [line.split() for line in table]
    except OSError:
        return ""
    for digits, _, _, scope, flags, _ in rows:
        if scope == "00" and not int(flags, 16) & 0x48:  # neither tentative nor a duplicate
            return ":".join(digits[at : at + 4] for at in range(0, 32, 4))
    return ""


FAMILIES = {
    "SixToFour": ("::1", "127.0.0.1"),
    "FourToSix": ("127.0.0.1", "::1"),
    "Six": ("::1",) * 2,
}


TIMERS = shortened(PATIENT, abort=0.1, settle=0.1, abort_pause=0.1, last_word=0.1)
"""For all the cells, which share their gateways: what shall come at once does not come by a clock."""


def across(cases: type[Any], combinations: tuple[Combination, ...], *names: str) -> None:
    """The test classes of a case in these families."""
    for name in names:
        interface, host = FAMILIES[name]
        found = everywhere(
            cases, combinations, interface=interface, host=host, skip=missing(), timers=TIMERS
        )
        for key, case in found.items():
            globals()[key + name] = type(key + name, (case,), {"__module__": __name__})


class LastWord(Cases):
    """A second 150 on a download that its client has left, and nothing more (row 12, Pure-FTPd)."""

    def test_nothing_more(self) -> None:
        """426 long before the final reply's time is over, and in step by a NOOP."""

        def script(control: Control) -> None:
            port = self.port(control)
            control.answer(b"RETR", b"150 Here.")
            data = port.open()
            data.sendall(BLOCK)
            assert ending(data)[1] == "reset"
            control.say(b"150 Again.")
            control.answer(b"NOOP", b"200 Yes.")
            echo_site(control)

        client, served = self.session(script)
        prepared = self.prepare(client)
        self.assertEqual(client.ask(b"RETR f").code, 150)
        data = self.open(client, prepared)
        exactly(data, len(BLOCK))
        reset(data)
        self.assertEqual(client.code(), 426)
        self.assertTrue(client.in_step())
        served.result(TIMEOUT)


across(Early, PLAIN[:1], "FourToSix")
across(Early, PLAIN[1:2], "Six")
across(Late, PLAIN[:1], "SixToFour")
across(Late, SECURE[2:3], "Six")
across(Taken, PLAIN[:2], "SixToFour", "Six")
across(Refused, PLAIN[:1], "SixToFour")
across(Refused, PLAIN[2:], "Six")
across(Promised, PLAIN[1:3], "Six")
across(Unused, PLAIN[:1], "Six")
across(ClosedPort, PLAIN[:1], "FourToSix")
across(ClosedClient, PLAIN[1:2], "SixToFour")
across(Lines, PLAIN[1:3], "Six")
across(LastWord, PLAIN[:1], "SixToFour")


class Six(WireTestCase):
    """A client over IPv6."""

    skip = missing()
    interfaces = ("::1",)


class Drains(test_drains.Drains, Six):
    """Row 2: both legs over IPv6."""

    fixed = "::1"


class Quits(test_quit.PassiveTests, Six):
    """Row 11: the same."""

    fixed = "::1"


class Passive(test_epsv.Refusing, Six):
    """Row 5: a server on IPv4 that has no use of EPSV, which is all that the client can say."""

    toml = test_epsv.FORGETFUL


class BothActive(test_epsv.BothActiveTests, Six):
    """The same of EPRT."""


class PassiveLessons(test_epsv.Lessons):
    """Rows 5 and 6: a server on IPv6, where EPSV is all of passive mode."""

    skip = missing()
    host = "::1"

    def test_no_use_of_it(self) -> None:
        """Refused as unknown, or of no use: the next session is active at once."""
        for bad in (b"500 What?", b"502 No.", b"229 Extended.", b"229 Extended (|||0|)"):
            self.learns(bad, b"200 Good.", then=b"EPRT")

    @impatient(extended=2.0)
    def test_unanswered(self) -> None:
        """Behind its silence EPRT's 200 could be its own: 421, and the next session is active."""
        self.learns(b"", b"200 Good.", then=b"EPRT")

    def test_control_closed(self) -> None:
        """A server, or a firewall before it, that hangs up."""
        server = FakeServer(self.host)
        self.addCleanup(server.close)
        client, _ = self.session(server, lambda control: control.expect(b"EPSV"))
        self.assertEqual(client.ask(b"PASV").code, 421)
        self.assertEqual(self.asked(server), b"EPRT")

    def test_neither(self) -> None:
        """A server that hung up at both is asked as the settings say."""
        server = FakeServer(self.host)
        self.addCleanup(server.close)
        for verb in (b"EPSV", b"EPRT"):
            client, served = self.session(server, lambda control: control.command()[0])
            self.assertEqual(client.ask(b"PASV").code, 421)
            self.assertEqual(served.result(TIMEOUT), verb)
        self.assertEqual(self.asked(server), b"EPSV")


TRUSTED = other_address()


class Trusted(Six):
    """Row 13: data from another address than the control connection's."""

    skip = missing() or (None if TRUSTED else "no IPv6 address here beside ::1")
    mode = "active"
    fixed = "::1"
    toml = PATIENT + f'[data]\nclient-networks = ["{TRUSTED or "::1"}/128"]\n'

    def test_clients(self) -> None:
        """The client's comes from an address that is trusted for it, and not for the server."""

        def script(control: Control) -> str:
            verb, argument = control.command()
            port = dialled(verb, argument or b"")
            control.say(b"200 Good.")
            how = stranger(TRUSTED, port, "::1")[1]
            control.answer(b"RETR", b"150 Go.")
            with socket.create_connection(("::1", port), TIMEOUT) as data:
                data.sendall(BLOCK)
            control.say(b"226 Done.")
            echo_site(control)
            return how

        client, served = self.talk(script)
        data = client.reach(client.passive(), TRUSTED)
        self.assertEqual(client.ask(b"RETR f").code, 150)
        self.assertEqual(ending(data), (BLOCK, "end"))
        self.assertEqual(client.code(), 226)
        self.assertTrue(client.in_step())
        self.assertEqual(served.result(TIMEOUT), "reset")
