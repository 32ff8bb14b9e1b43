"""The gateway under what its units forbid: system calls, families of addresses, capabilities.

There is no systemd here that would start it; ``tests.units.sandbox`` loads the same filters, made of the
unit files and of the groups of system calls that the systemd here knows.
"""

from __future__ import annotations

import ftplib
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from threading import Event
from time import monotonic

from twisted.trial.unittest import SkipTest

from ftpalg import certificate
from ftpalg.life.capabilities import NUMBERS
from ftpalg.life.upgrade_request import CREDENTIALS, ask
from tests.life.programs import Foreground, LifeCase
from tests.life.test_upgrading import end
from tests.units import sandbox
from tests.units.files import MISSING, variant
from tests.wire.gateways import STARTS
from tests.wire.peers import BIN, BLOCK, TIMEOUT, TREE, Control, drained

TABLE = """
table inet ftpalg {
  set data4 { type ipv4_addr . inet_service; flags timeout; }
  set data6 { type ipv6_addr . inet_service; flags timeout; }
}
"""
ROOT = os.geteuid() == 0
FORBIDDEN = """
import ctypes, errno, json, os, socket

def refused(call, *arguments):
    try:
        call(*arguments)
    except OSError as error:
        return errno.errorcode[error.errno]
    return ""

libc = ctypes.CDLL(None, use_errno=True)
def bare(name, *arguments):
    if getattr(libc, name)(*arguments) < 0:
        raise OSError(ctypes.get_errno(), name)

print(json.dumps({
    "chroot": refused(os.chroot, "/"),
    "mount": refused(bare, "mount", b"none", b"/mnt", b"tmpfs", 0, None),
    "setuid": refused(os.setuid, os.geteuid()),
    "nice": refused(os.nice, 1),
    "bpf": refused(bare, "syscall", 321, 0, 0, 0),
    "AF_PACKET": refused(socket.socket, socket.AF_PACKET, socket.SOCK_RAW),
    "AF_NETLINK": refused(socket.socket, socket.AF_NETLINK, socket.SOCK_RAW, 12),
}))
"""
OF_KERNEL = """
import json, sys
from twisted.internet.defer import Deferred
from twisted.internet.task import react
from ftpalg.net.legs.sockets import make_transparent, socket
from ftpalg.net.pinholes import Pinholes

async def main(reactor):
    failures, told = [], Deferred()
    pinholes = Pinholes(reactor, "inet ftpalg", "data4", "data6", failures.append)
    wrong = pinholes.check()
    pinholes.open("192.0.2.1", 5000, 60, told.callback)
    told = await told
    pinholes.stop()
    with socket.socket() as sock:
        try:
            make_transparent(sock)
            sock.bind(("192.0.2.77", 0))
            transparent = ""
        except OSError as error:
            transparent = error.strerror
    print(json.dumps({"check": wrong, "told": told, "failures": failures, "bound": transparent}))

react(lambda reactor: Deferred.fromCoroutine(main(reactor)))
"""


def library_missing() -> str:
    """Why no filter can be loaded, or nothing."""
    try:
        sandbox.library()
    except OSError:
        return "libseccomp is not there (Debian: libseccomp2)"
    return ""


class Confined(Foreground):
    """Under the unit of a variant."""

    prefix = "ftpalg-units-"

    def __init__(
        self,
        name: str,
        text: str,
        environment: Mapping[str, str] = {},
        sockets: Mapping[str, int] = {},
    ) -> None:
        python = sys.executable
        self.program = (python, "-m", "tests.units.sandbox", name, str(BIN / "ftpalg"), "run")
        self.descriptors = tuple(sockets.values())
        handed = ",".join(f"{one}={number}" for one, number in sockets.items())
        more = {sandbox.SOCKETS: handed} if sockets else {}
        super().__init__(text, {**environment, **more})


def said(gateway: Foreground, words: str, times: int) -> bool:
    """True once the log holds these words that often; who writes it may be a later program."""
    stop = monotonic() + TIMEOUT
    while gateway.whole_log().count(words) < times and monotonic() < stop:
        Event().wait(0.01)
    return gateway.whole_log().count(words) >= times


def confined(name: str, *words: str, prefix: tuple[str, ...] = ()) -> str:
    """What a program prints under the unit of a variant."""
    done = subprocess.run(
        [*prefix, sys.executable, "-m", "tests.units.sandbox", name, *words],
        cwd=TREE,
        env={**os.environ, "PYTHONPATH": str(TREE)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if done.returncode:
        raise AssertionError(done.stderr[-2000:])
    return done.stdout


class Sandbox(LifeCase):
    """All that the gateway does, and nothing that it need not do."""

    def setUp(self) -> None:
        if why := MISSING or library_missing():
            raise SkipTest(why)
        super().setUp()

    def serve(
        self,
        name: str,
        text: str,
        environment: Mapping[str, str] = {},
        sockets: Mapping[str, int] = {},
    ) -> Confined:
        """A gateway under that variant, ready."""
        gateway = Confined(name, text, environment, sockets)
        self.addCleanup(gateway.stop)
        gateway.serve()
        return gateway

    def transfer(self, gateway: Foreground) -> None:
        """A file comes whole."""
        client, data, more, ended = self.downloading(gateway)
        more.set()
        self.assertEqual(drained(data), (BLOCK, "end"))
        self.assertEqual(client.code(), 226)
        client.sock.close()
        ended.result(TIMEOUT)

    def status_of(self, gateway: Foreground) -> dict[str, str]:
        """What the kernel knows of the process."""
        text = Path(f"/proc/{gateway.process.pid}/status").read_text("ascii")
        return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)

    def test_forbidden(self) -> None:
        """What nobody asks for is refused, netlink but for the pinholes."""
        expected = {
            **dict.fromkeys(("chroot", "mount", "setuid", "nice", "bpf"), "EPERM"),
            **dict.fromkeys(("AF_PACKET", "AF_NETLINK"), "EAFNOSUPPORT"),
        }
        said = json.loads(confined("plain", sys.executable, "-c", FORBIDDEN))
        self.assertEqual(said, expected)
        said = json.loads(confined("pinholes", sys.executable, "-c", FORBIDDEN))
        self.assertEqual(said, {**expected, "AF_NETLINK": ""})

    def test_transfer(self) -> None:
        """Plain data, in the kernel, under the filters, with the unit's capabilities alone."""
        gateway = self.serve("plain", self.text())
        status = self.status_of(gateway)
        self.assertEqual((status["Seccomp"], status["NoNewPrivs"]), ("2", "1"))
        if ROOT:
            bit = 1 << NUMBERS["CAP_NET_BIND_SERVICE"]
            self.assertEqual(int(status["CapEff"], 16), bit)
        self.transfer(gateway)
        self.assertNotIn("Traceback", gateway.whole_log())

    def test_tls(self) -> None:
        """TLS on both sides, through two gateways; the second one verifies the first one's certificate."""
        chain, key = certificate.make_pair(["127.0.0.1"], self.scratch)
        tls = f'[client-tls]\nmode = "require"\ncertificate = "{chain}"\nprivate-key = "{key}"\n'
        first = self.serve("plain", self.text(tls))
        ca = self.scratch / certificate.CA_FILE
        text = self.text(f'[server-tls]\nca = "{ca}"\n' + tls)
        text = re.sub('server = ".*"', f'server = "ftpes://127.0.0.1:{first.ports[0]}"', text)
        second = self.serve("plain", text)

        def script(control: Control) -> None:
            control.login()
            port = control.data()
            control.answer(b"RETR", b"150 Here it comes.")
            with port.open() as data:
                data.sendall(BLOCK)
            control.say(b"226 All of it.")
            control.until_end()

        self.server.then(script)
        trusting = ssl.create_default_context(cafile=str(ca))
        with ftplib.FTP_TLS(context=trusting, timeout=TIMEOUT) as client:
            client.connect(*second.address)
            client.login("joe", "secret")
            client.prot_p()
            got: list[bytes] = []
            with client.transfercmd("RETR file") as data:
                while piece := data.recv(65536):
                    got.append(piece)
                data.unwrap()  # type: ignore[attr-defined]
            self.assertEqual(b"".join(got), BLOCK)
            self.assertTrue(client.voidresp().startswith("226"))

    def test_no_callbacks(self) -> None:
        """Without memory that is writable and executable there is no TLS of pyOpenSSL's: one sentence says
        so.  Where this fails the unit can have MemoryDenyWriteExecute=yes."""
        drop_in = self.scratch / "more.conf"
        drop_in.write_text("[Service]\nMemoryDenyWriteExecute=yes\n", "ascii")
        gateway = Confined("plain", self.text(), {sandbox.DROP_IN: str(drop_in)})
        self.addCleanup(gateway.stop)
        self.assertEqual(gateway.status(STARTS), 2)
        said = gateway.whole_log()
        self.assertIn("server-tls: TLS needs memory that is writable and executable", said)
        self.assertNotIn("Traceback", said)

    def test_notify(self) -> None:
        """All that is said comes from the main process (NotifyAccess=main), over an upgrade and after it,
        and the watchdog is fed when the main process changes."""
        self.assertEqual(variant("plain").value("NotifyAccess"), "main")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
            manager.settimeout(TIMEOUT)
            manager.bind(str(self.scratch / "notify"))
            environment = {
                "NOTIFY_SOCKET": str(self.scratch / "notify"),
                "WATCHDOG_USEC": "3000000",
            }
            gateway = self.serve("plain", self.text(), environment)
            main, wanted = gateway.process.pid, ["READY=1", "WATCHDOG=1", "MAINPID=", "WATCHDOG=1"]
            while wanted:
                words, more, _, _ = manager.recvmsg(4096, 64)
                ((_, _, credentials),) = more
                text = words.decode("ascii")
                self.assertEqual(CREDENTIALS.unpack(credentials)[0], main, text)
                if wanted[0] in text:
                    wanted.pop(0)
                    if wanted == ["MAINPID=", "WATCHDOG=1"]:
                        self.assertEqual(ask(main), "")
                        self.addCleanup(end, gateway.successor())
                if "MAINPID=" in text:
                    self.assertIn("WATCHDOG=1", text)
                    main = gateway.successor()
                    self.assertIn(f"MAINPID={main}", text)

    def test_low_port(self) -> None:
        """Port 21 of its own, by the one capability; none is left over for a warning."""
        if not ROOT:
            raise SkipTest("only root can keep CAP_NET_BIND_SERVICE")
        found = confined(
            "plain",
            *(sys.executable, "-c", "import socket; socket.socket().bind(('127.0.0.1', 21))"),
            prefix=("unshare", "--net"),
        )
        self.assertEqual(found, "")

    def test_kernel(self) -> None:
        """Pinholes by libnftables and addresses of others by IP_TRANSPARENT, each under its drop-in."""
        if not ROOT:
            raise SkipTest("a network of its own takes root")
        table = self.scratch / "table.nft"
        table.write_text(TABLE, "ascii")
        rules = 'nft -f "$0" && exec "$@"'
        prefix = ("unshare", "--net", "sh", "-c", rules, str(table))
        for name in ("pinholes and tproxy", "socket, pinholes"):
            said = json.loads(confined(name, sys.executable, "-c", OF_KERNEL, prefix=prefix))
            self.assertEqual(said, {"check": "", "told": "", "failures": [], "bound": ""}, name)
        said = json.loads(confined("tproxy", sys.executable, "-c", OF_KERNEL, prefix=prefix))
        self.assertEqual(said["bound"], "")
        self.assertIn("let it have AF_NETLINK", said["check"])

    def test_socket(self) -> None:
        """systemd's socket and no capability at all: it serves, reloads, is upgraded, reloads again,
        stops, and the socket stands still."""
        with socket.create_server(("127.0.0.1", 0)) as theirs:
            port = theirs.getsockname()[1]
            text = self.text(listen='"systemd:ftp"')
            gateway = self.serve("socket", text, sockets={"ftp": theirs.fileno()})
            self.assertEqual(gateway.ports, [port])
            if ROOT:
                status = self.status_of(gateway)
                self.assertEqual({status["CapEff"], status["CapBnd"]}, {"0" * 16})
            self.transfer(gateway)
            gateway.process.send_signal(signal.SIGHUP)
            self.assertTrue(gateway.logged("settings reloaded"), gateway.whole_log()[-2000:])
            self.transfer(gateway)
            self.assertEqual(ask(gateway.process.pid), "")
            pid = gateway.successor()
            self.addCleanup(end, pid)
            self.assertEqual(gateway.status(), 0)
            self.transfer(gateway)
            os.kill(pid, signal.SIGHUP)
            self.assertTrue(said(gateway, "settings reloaded", 2), gateway.whole_log()[-2000:])
            self.transfer(gateway)
            os.kill(pid, signal.SIGTERM)
            self.assertTrue(said(gateway, " stopped: ", 2))
            with socket.create_connection(("127.0.0.1", port), TIMEOUT):
                theirs.settimeout(TIMEOUT)
                theirs.accept()[0].close()
