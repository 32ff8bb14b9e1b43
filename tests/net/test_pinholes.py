"""Orders for the firewall: their words, their batches, their failures; no kernel is asked here."""

from __future__ import annotations

import threading
from queue import SimpleQueue

from twisted.internet.defer import Deferred
from twisted.trial.unittest import TestCase

from ftpalg.net.pinholes import Pinholes
from tests.net.pairs import REACTOR

PATIENCE = 5.0


class Kernel:
    """Takes commands as libnftables does; ``gate`` holds them up, ``faults`` refuse some."""

    def __init__(self) -> None:
        self.ran: list[str] = []
        self.threads: set[threading.Thread] = set()
        self.faults: dict[str, str] = {}
        self.gate = threading.Event()
        self.gate.set()
        self.entered: SimpleQueue[None] = SimpleQueue()

    def run(self, commands: str) -> str:
        """Note the commands."""
        self.entered.put(None)
        assert self.gate.wait(PATIENCE)
        self.threads.add(threading.current_thread())
        self.ran.append(commands)
        return next((fault for words, fault in self.faults.items() if words in commands), "")


class PinholesCase(TestCase):
    """Pinholes before a kernel that can be asked what it was told."""

    timeout = PATIENCE

    def setUp(self) -> None:
        self.kernel = Kernel()
        self.failures: list[str] = []
        self.pinholes = Pinholes(
            REACTOR, "inet ftpalg", "data4", "data6", self.failures.append, self.kernel.run
        )
        self.addCleanup(self.pinholes.stop)

    def opened(self, peer: str, port: int, seconds: float = 20.0) -> Deferred[str]:
        """Open one; fires with what is told about it."""
        found: Deferred[str] = Deferred()
        self.pinholes.open(peer, port, seconds, found.callback)
        return found


class Words(PinholesCase):
    """What the kernel is told."""

    async def test_open(self) -> None:
        """The element is renewed with its timeout; a fraction of a second counts."""
        self.assertEqual(await self.opened("192.0.2.7", 50000, 1.5), "")
        self.assertEqual(
            self.kernel.ran[0].splitlines(),
            [
                "add element inet ftpalg data4 { 192.0.2.7 . 50000 }",
                "delete element inet ftpalg data4 { 192.0.2.7 . 50000 }",
                "add element inet ftpalg data4 { 192.0.2.7 . 50000 timeout 1500ms }",
            ],
        )

    async def test_counted(self) -> None:
        """Each peer and port that is let in counts once, until it is closed."""
        for _ in range(2):
            await self.opened("192.0.2.7", 50000)
        await self.opened("192.0.2.7", 50001)
        self.assertEqual(self.pinholes.let_in, {("192.0.2.7", 50000), ("192.0.2.7", 50001)})
        for _ in range(2):
            self.pinholes.close("192.0.2.7", 50000)
        self.assertEqual(self.pinholes.let_in, {("192.0.2.7", 50001)})

    async def test_families(self) -> None:
        """IPv6 has a set of its own; an IPv4 address is one however it is written, a zone is none."""
        for peer, element in (
            ("2001:db8::7", "data6 { 2001:db8::7 . 21 }"),
            ("::ffff:192.0.2.7", "data4 { 192.0.2.7 . 21 }"),
            ("fe80::1%; flush ruleset", "data6 { fe80::1 . 21 }"),
        ):
            await self.opened(peer, 21)
            first = self.kernel.ran[-1].splitlines()[0]
            self.assertEqual(first, f"add element inet ftpalg {element}")

    def test_no_injection(self) -> None:
        """Only an address and a number become words of a command."""
        for peer in ("", "localhost", "192.0.2.7 . 5 }; flush ruleset", "192.0.2.0/24"):
            with self.assertRaises(ValueError):
                self.pinholes.open(peer, 21, 1.0, self.fail)
        with self.assertRaises(ValueError):
            self.pinholes.close("192.0.2.7", "21 }")  # type: ignore[arg-type]
        self.pinholes.stop()
        self.assertEqual("".join(self.kernel.ran), "")


class Batches(PinholesCase):
    """What waits goes together, in another thread."""

    async def test_together(self) -> None:
        """While one transaction runs, all further orders wait and make up the next, in order."""
        self.kernel.gate.clear()
        first = self.opened("192.0.2.7", 1)
        self.kernel.entered.get(timeout=PATIENCE)
        second = self.opened("192.0.2.7", 2)
        self.pinholes.close("192.0.2.7", 1)
        third = self.opened("192.0.2.7", 3)
        self.kernel.gate.set()
        for found in (first, second, third):
            self.assertEqual(await found, "")
        self.assertEqual(len(self.kernel.ran), 2)
        ports = [line.split()[8] for line in self.kernel.ran[1].splitlines()]
        self.assertEqual(ports, ["2", "2", "2", "1", "1", "3", "3", "3"])
        self.assertEqual(len(self.kernel.threads), 1)
        self.assertNotIn(threading.current_thread(), self.kernel.threads)

    async def test_one_fails(self) -> None:
        """An order that cannot be carried out takes no other with it, and says why."""
        self.kernel.faults[". 2 "] = "Error: Could not process rule: Full\nadd element\n  ^^^\n"
        self.kernel.gate.clear()
        first = self.opened("192.0.2.7", 1)
        self.kernel.entered.get(timeout=PATIENCE)
        second, third = self.opened("192.0.2.7", 2), self.opened("192.0.2.7", 3)
        self.kernel.gate.set()
        self.assertEqual(await first, "")
        self.assertEqual(await second, "Could not process rule: Full")
        self.assertEqual(await third, "")
        self.assertIn(". 3 timeout", self.kernel.ran[-1])

    async def test_close_fails(self) -> None:
        """A pinhole that could not be closed is told to whoever watches."""
        self.kernel.faults["delete"] = "Error: No buffer space\n"
        self.pinholes.close("192.0.2.7", 5)
        await self.opened("192.0.2.7", 6)
        self.assertEqual(
            self.failures,
            ["the pinhole from 192.0.2.7 to port 5 stays until it times out: No buffer space"],
        )

    async def test_callback_fails(self) -> None:
        """An error in one order's callback is logged and spoils no other order."""
        self.pinholes.open("192.0.2.7", 1, 1.0, lambda _: 1 // 0)  # type: ignore[arg-type]
        self.assertEqual(await self.opened("192.0.2.7", 2), "")
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_stop(self) -> None:
        """What was ordered is still carried out; the thread has ended."""
        self.kernel.gate.clear()
        self.pinholes.close("192.0.2.7", 1)
        self.kernel.entered.get(timeout=PATIENCE)
        self.pinholes.close("192.0.2.7", 2)
        self.kernel.gate.set()
        self.pinholes.stop()
        self.pinholes.stop()
        self.assertIn(". 1 ", self.kernel.ran[0])
        self.assertIn(". 2 ", self.kernel.ran[1])
        workers = self.kernel.threads - {threading.current_thread()}
        self.assertFalse(any(worker.is_alive() for worker in workers))


class Checks(PinholesCase):
    """The look at the sets before the start."""

    def test_good(self) -> None:
        """An element of each set is added and taken away again."""
        self.assertEqual(self.pinholes.check(), "")
        self.assertEqual(
            [line.split()[0] for text in self.kernel.ran for line in text.splitlines()],
            ["add", "delete", "add", "delete"],
        )

    def test_faults(self) -> None:
        """Each names the set, nft's reason and the remedy."""
        for said, remedy in (
            ("netlink: Error: Operation not permitted\n", "run with the capability CAP_NET_ADMIN"),
            (
                "Address family not supported by protocol",
                "let it have AF_NETLINK (RestrictAddressFamilies= in its unit)",
            ),
            ("libnftables.so.1: cannot open shared object file", "install nftables"),
            (
                "Error: No such file or directory\nadd element\n",
                "nft 'table inet ftpalg { set data6"
                " { type ipv6_addr . inet_service; flags timeout; }; }'",
            ),
        ):
            self.kernel.faults["data6"] = said
            reason = said.partition("\n")[0].removeprefix("Error: ")
            self.assertEqual(
                self.pinholes.check(),
                f"the nftables set inet ftpalg data6 cannot be used: {reason}; {remedy}",
            )


class Threadless(PinholesCase):
    """The system has no thread left for a while."""

    async def test_none_left(self) -> None:
        """The order fails, and the next one is carried out."""

        def start(thread: threading.Thread) -> None:
            raise RuntimeError("can't start new thread")

        without = self.patch(threading.Thread, "start", start)
        self.assertEqual(await self.opened("192.0.2.7", 1), "the system has no thread left")
        without.restore()
        self.assertEqual(await self.opened("192.0.2.7", 2), "")
