"""Pinholes: each expected data connection as an element of an nftables set, and no open port range.

The firewall's rule accepts what is in the set: ``ip saddr . tcp dport @data4``.  An element is
``peer . port`` with a timeout, so that none stays when we are killed.  Orders take effect in the
order in which they were given; all that wait go to the kernel in one transaction.

libnftables through ctypes: it comes with nft, speaks nft's language and needs four functions, where
pyroute2 knows no set of concatenated keys and Debian's own module is outside of every venv.  A
transaction takes 0.2 ms; 80 ms under nft 1.0.6 beside interval sets of 20,000 elements, which it
reads anew each time.  Hence the thread.
"""

from __future__ import annotations

import ctypes
import socket
from collections.abc import Callable
from ipaddress import ip_address

from twisted.internet.interfaces import IReactorFromThreads
from twisted.python.threadpool import ThreadPool

from ftpalg.core.wire.addresses import normal
from ftpalg.net.c_stderr import unheard

Order = tuple[str, Callable[[str], None]]
"""nft's commands, and who is told what is wrong with them, or nothing."""

EXAMPLES = {4: "192.0.2.1", 6: "2001:db8::1"}  # RFC 5737, RFC 3849: nobody's

NETLINK_NETFILTER = 12  # linux/netlink.h

REMEDIES = (
    ("not permitted", "run with the capability CAP_NET_ADMIN"),
    ("family not supported", "let it have AF_NETLINK (RestrictAddressFamilies= in its unit)"),
    ("libnftables", "install nftables"),
    (
        "",
        "nft '{table} {{ set {name} {{ type ipv{version}_addr . inet_service; flags timeout; }}; }}'",
    ),
)
"""What to do about an error with these words; the first that fits."""


class Nft:
    """nft's language, run by libnftables; for one thread at a time."""

    def __init__(self) -> None:
        self._library: ctypes.CDLL | None = None
        self._context: ctypes.c_void_p | None = None

    def run(self, commands: str) -> str:
        """Run commands as one transaction: all of them or none.  What is wrong, or nothing."""
        try:
            library = self._library or self._load()
        except OSError as error:
            return error.strerror or str(error)
        with unheard():  # "Operation not permitted (you must be root)", beside the error itself
            failed = library.nft_run_cmd_from_buffer(self._context, commands.encode("ascii"))
        if not failed:
            return ""
        said: bytes = library.nft_ctx_get_error_buffer(self._context)
        return said.decode("utf-8", "replace")

    def _load(self) -> ctypes.CDLL:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER):
            pass  # libnftables ends the process where it can have none
        library = ctypes.CDLL("libnftables.so.1")
        library.nft_ctx_new.restype = ctypes.c_void_p
        library.nft_ctx_get_error_buffer.restype = ctypes.c_char_p
        self._library, self._context = library, ctypes.c_void_p(library.nft_ctx_new(0))
        library.nft_ctx_buffer_error(self._context)  # instead of standard error
        return library


def sets_of(table: str, ipv4_set: str, ipv6_set: str) -> dict[int, str]:
    """The whole name of each IP version's set; ``table`` is its family and name."""
    return {4: f"{table} {ipv4_set}", 6: f"{table} {ipv6_set}"}


def fault_of(sets: dict[int, str], run: Callable[[str], str]) -> str:
    """Why the sets cannot be used, with the remedy, or nothing.  Blocks."""
    for version, full_name in sets.items():
        element = f"{full_name} {{ {EXAMPLES[version]} . 9"
        wrong = run(f"add element {element} timeout 1s }}\ndelete element {element} }}")
        if wrong:
            table, _, name = full_name.rpartition(" ")
            remedy = next(remedy for words, remedy in REMEDIES if words in wrong)
            remedy = remedy.format(version=version, table=f"table {table}", name=name)
            return f"the nftables set {full_name} cannot be used: {_reason(wrong)}; {remedy}"
    return ""


class Pinholes:
    """The pinholes of one gateway.  All methods are for the reactor's thread.

    A set holds a peer and a port once: whoever closes them closes them for all.
    """

    def __init__(
        self,
        reactor: IReactorFromThreads,
        table: str,
        ipv4_set: str,
        ipv6_set: str,
        failed: Callable[[str], None],
        run: Callable[[str], str] | None = None,
    ) -> None:
        """``table`` is its family and name, ``failed`` is told why a pinhole could not be closed.

        ``run`` stands in for ``Nft.run``; it is called in another thread.
        """
        self._reactor = reactor
        self._sets = sets_of(table, ipv4_set, ipv6_set)
        self._failed = failed
        self._run = run or Nft().run
        self.let_in: set[tuple[str, int]] = set()
        """Each peer and port that was let in and has not been closed; the time of some may be over."""
        self._orders: list[Order] = []
        self._busy = False
        # the thread itself starts with the first order, after twistd has forked
        self._pool = _pool()

    def check(self) -> str:
        """Why the sets cannot be used, with the remedy, or nothing.  Blocks; for the start."""
        return fault_of(self._sets, self._run)

    def open(self, peer: str, port: int, seconds: float, done: Callable[[str], None]) -> None:
        """Let the peer connect to the port for that time, anew if it may already.

        ``done`` is called from the reactor: with nothing once the kernel knows, or with why not.
        Raise ValueError where ``peer`` is no address.
        """
        name, element = self._element(peer, port)
        timeout = f"timeout {max(1, round(seconds * 1000))}ms"
        self.let_in.add((peer, port))
        command = f"{_remove(name, element)}\nadd element {name} {{ {element} {timeout} }}"
        self._order(command, done)

    def close(self, peer: str, port: int) -> None:
        """Let the peer connect no more; harmless where it could not anyway."""

        def done(wrong: str) -> None:
            if wrong:
                self._failed(
                    f"the pinhole from {peer} to port {port} stays until it times out: {wrong}"
                )

        self.let_in.discard((peer, port))
        self._order(_remove(*self._element(peer, port)), done)

    def stop(self) -> None:
        """Carry out what was ordered and end the thread; blocks meanwhile.  Later orders are lost."""
        if not self._pool.joined:
            self._pool.stop()
            self._apply(self._take())

    def _element(self, peer: str, port: int) -> tuple[str, str]:
        """The set's full name, and the element in nft's words; only here does input become one."""
        address = ip_address(normal(peer))
        return self._sets[address.version], f"{address} . {port:d}"

    def _order(self, command: str, done: Callable[[str], None]) -> None:
        self._orders.append((command, done))
        if not self._busy:
            self._next()

    def _take(self) -> list[Order]:
        taken, self._orders = self._orders, []
        return taken

    def _next(self) -> None:
        orders = self._take()
        self._busy = bool(orders)
        if orders:
            try:
                self._pool.callInThread(self._apply, orders)
            except RuntimeError:  # the system has none left
                self._busy, self._pool = False, _pool()  # the old one would join what never began
                for _, done in orders:
                    done("the system has no thread left")

    def _apply(self, orders: list[Order]) -> None:
        """Carry out the orders together, or one by one where one of them fails all."""
        wrong = self._run("\n".join(command for command, _ in orders))
        for command, done in orders:
            own = self._run(command) if wrong and len(orders) > 1 else wrong
            self._reactor.callFromThread(done, _reason(own))
        self._reactor.callFromThread(self._next)


def _pool() -> ThreadPool:
    """One thread, from its first order on."""
    made = ThreadPool(0, 1, "nftables")
    made.start()
    return made


def _remove(name: str, element: str) -> str:
    """Remove the element whether it is there or not; ``destroy`` would need nft 1.0.7."""
    return f"add element {name} {{ {element} }}\ndelete element {name} {{ {element} }}"


def _reason(wrong: str) -> str:
    """The first line, without nft's preface; the next ones quote the command."""
    return wrong.partition("\n")[0].removeprefix("Error: ")
