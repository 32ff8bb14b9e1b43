"""``ftpalg check --here``."""

from __future__ import annotations

import os
import socket
import tomllib
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

from ftpalg.cli import here, machine
from ftpalg.cli.here import faults_of_machine
from ftpalg.config import Limits, structure
from ftpalg.life.descriptors import descriptors
from ftpalg.net import secret_places
from tests.cli.cases import CommandCase

DAY = timedelta(days=1)


class Here(CommandCase):
    """What this machine and user lack."""

    def setUp(self) -> None:
        super().setUp()
        self.patch(here, "most_descriptors", lambda: 10**9)

    def looked(self, text: str) -> tuple[list[str], list[tuple[str, str]]]:
        """The faults, and the warnings with their names."""
        faults, warnings = faults_of_machine(structure(tomllib.loads(text), "x"))
        return [one.sentence for one in faults], [(one.id, one.sentence) for one in warnings]

    def certificates(self, begin: timedelta, end: timedelta) -> str:
        """Settings with a certificate that is valid for that time."""
        certificate, key = self.pair(begin, end)
        return (
            f"[client-tls]\nmode = 'offer'\ncertificate = '{certificate}'\nprivate-key = '{key}'\n"
            "[[listeners]]\nendpoint = 'tcp:0:interface=127.0.0.1'"
        )

    def test_nothing(self) -> None:
        """Sound settings on this machine; systemd's sockets are not looked for."""
        for endpoint in ("127.0.0.1:0", "tcp:0:interface=127.0.0.1", "systemd:control"):
            found = self.looked(f"server = 'ftp://127.0.0.2'\nlisten = ['{endpoint}']")
            self.assertEqual(found, ([], []), endpoint)

    def test_metrics(self) -> None:
        """Their port is bound too, and their package has to be there; neither is looked at without it."""
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen(1)
            port = taken.getsockname()[1]
            (fault,), _ = self.looked(f"[admin]\nlisten = '127.0.0.1:{port}'")
            self.assertIn(f"admin.listen: cannot listen on 127.0.0.1:{port}: Address", fault)
        self.patch(here, "find_spec", lambda name: None)
        (fault,), _ = self.looked("[admin]\nlisten = '127.0.0.1:0'")
        self.assertIn("admin.listen: metrics need prometheus-client", fault)
        self.assertIn("pip install 'ftpalg[metrics]'", fault)
        self.assertEqual(self.looked("")[0], [])

    def test_busy_port(self) -> None:
        """A port that somebody has is told with who, as a warning where it is a gateway that runs; a free
        one can be had afterwards."""
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen(1)
            port = taken.getsockname()[1]
            (fault,), _ = self.looked(f"listen = ['127.0.0.1:{port}']")
            self.assertIn(f"listen[0]: cannot listen on 127.0.0.1:{port}: Address already", fault)
            self.assertIn("held by PID ", fault)
            self.patch(machine, "running", lambda: [os.getpid()])
            found, ((name, words),) = self.looked(f"listen = ['127.0.0.1:{port}']")
            self.assertEqual((found, name), ([], "held-by-gateway"))
            self.assertIn(f"listen[0]: 127.0.0.1:{port} is held by PID {os.getpid()} ", words)
        self.assertEqual(self.looked(f"listen = ['127.0.0.1:{port}']"), ([], []))
        with socket.socket() as again:
            again.bind(("127.0.0.1", port))

    def test_busy_agent(self) -> None:
        """The agent's port is looked at, too; without one nothing is."""
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            words = f"listen = ['127.0.0.1:0']\n[admin]\nagent = '127.0.0.1:{port}'"
            (fault,), _ = self.looked(words)
        self.assertIn(f"admin.agent: cannot listen on 127.0.0.1:{port}: Address already", fault)
        self.assertEqual(self.looked("listen = ['127.0.0.1:0']"), ([], []))

    def test_foreign_address(self) -> None:
        """An address that this machine does not have, to listen on or to call from."""
        found, _ = self.looked(
            "server = 'ftp://127.0.0.1'\nlisten = ['192.0.2.77:0']\nsource-address = '192.0.2.78'"
        )
        self.assertEqual(len(found), 2)
        self.assertIn("this machine has no address 192.0.2.77", found[0])
        self.assertIn("source-address: cannot be used: ", found[1])

    def test_capabilities(self) -> None:
        """What needs CAP_NET_ADMIN is told where it is missing, and not where it is there."""
        text = (
            "access.clients = ['10.0.0.0/8']\nlisten = ['tcp:0:interface=127.0.0.1']\n"
            "intercept = 'tproxy'\nsource-address = 'client'"
        )
        self.patch(here, "has_capability", lambda name: False)
        found, _ = self.looked(text)
        self.assertEqual([one.count("needs CAP_NET_ADMIN") for one in found], [1, 1])
        self.patch(here, "has_capability", lambda name: True)
        self.assertEqual(self.looked(text), ([], []))

    def test_certificates(self) -> None:
        """Expired, not yet valid, and the three steps before the end."""
        hour = timedelta(hours=1)
        for begin, end, faults, names in (
            (-9 * DAY, -hour, ["has expired on"], []),
            (hour, 9 * DAY, ["is not valid before"], []),
            (-DAY, 1 * DAY, [], ["expires-1"]),
            (-DAY, 2 * DAY, [], ["expires-7"]),
            (-DAY, 8 * DAY, [], ["expires-21"]),
            (-DAY, 22 * DAY, [], []),
        ):
            found, warnings = self.looked(self.certificates(begin, end))
            self.assertEqual([name for name, _ in warnings], names, end)
            self.assertEqual(len(found), len(faults), found)
            for fault, words in zip(found, faults, strict=True):
                self.assertIn("client-tls.certificate: ", fault)
                self.assertIn(words, fault)

    def test_password_files(self) -> None:
        """One that is missing, empty, or open to everybody."""
        empty = self.file("", "empty")
        wide = self.folder / "wide"
        wide.write_text("secret\n", "utf-8")
        wide.chmod(0o644)
        parents = "".join(
            f"[[parents]]\nname = '{at}'\nurl = 'socks5://127.0.0.1'\nuser = 'u'\npassword-{line}\n"
            for at, line in enumerate(
                (f"file = '{self.folder}/none'", f"file = '{empty}'", f"file = '{wide}'",
                 "credential = 'x'")
            )
        )  # fmt: skip
        found, warnings = self.looked("listen = ['127.0.0.1:0']\n" + parents)
        self.assertIn("parents[0].password-file: ", found[0])
        self.assertIn("No such file", found[0])
        self.assertIn("parents[1].password-file: ", found[1])
        self.assertIn(
            "parents[3].password-credential: credential x: systemd has given no", found[2]
        )
        self.assertEqual(len(found), 3)
        self.assertEqual([name for name, _ in warnings], ["open-secret"])
        self.assertIn("parents[2].password-file: ", warnings[0][1])
        self.assertNotIn("secret\n", str(warnings))

    def test_keys(self) -> None:
        """A key that everybody may read; a mounted secret has a mode that nobody here can change.

        A file of accounts is told by the settings' own warnings.
        """
        text = self.certificates(-DAY, 99 * DAY)
        key = Path(tomllib.loads(text)["client-tls"]["private-key"])
        key.chmod(0o644)
        accounts = self.folder / "accounts"
        accounts.write_text("joe:s3cret\n")
        accounts.chmod(0o644)
        text = f"accounts.auth = ['file:{accounts}']\n{text}"
        self.assertEqual([name for name, _ in self.looked(text)[1]], ["open-secret"])
        self.patch(secret_places, "MOUNTED", key.parent)
        self.assertEqual(self.looked(text), ([], []))

    def test_names(self) -> None:
        """A name that cannot be looked up is told; one that never is answered, within a bound."""
        asked: list[str] = []

        def addresses_of(name: str) -> tuple[list[str], str]:
            asked.append(name)
            if name == "slow.example":
                raise TimeoutError
            return ([], f"{name} is unknown") if name == "no.example" else (["192.0.2.1"], "")

        self.patch(here, "addresses_of", addresses_of)
        found, _ = self.looked(
            "server = 'ftp://yes.example'\ndata.client-address = 'no.example'\n"
            "listen = ['127.0.0.1:0']\n[[routes]]\nserver = ['ftp://slow.example', 'ftp://127.0.0.1']"
        )
        self.assertEqual(sorted(asked), ["no.example", "slow.example", "yes.example"])
        self.assertEqual(
            found,
            [
                "routes[0].server: slow.example cannot be looked up: no answer within 5 s",
                "data.client-address: no.example cannot be looked up: no.example is unknown",
            ],
        )

    def test_descriptors(self) -> None:
        """Too few are a warning with the numbers; enough are none."""
        text = "limits.sessions = 100\nlimits.sessions-per-peer = 100\nlisten = ['127.0.0.1:0']"
        self.patch(here, "most_descriptors", lambda: 663)
        ((name, sentence),) = self.looked(text)[1]
        self.assertEqual(name, "descriptors")
        self.assertEqual(sentence, descriptors(Limits(sessions=100), 663).warning)
        self.patch(here, "most_descriptors", lambda: 664)
        self.assertEqual(self.looked(text), ([], []))

    def test_logs(self) -> None:
        """A folder is no log; a daemon of logs that is not there hears nothing."""
        listen = "listen = ['127.0.0.1:0']\n[log]\n"
        found = self.looked(f"{listen}to = 'file:{self.folder}'\nxferlog = '{self.folder}'")
        said = f"this user cannot write into {self.folder}"
        self.assertEqual(found, ([f"log.to: {said}", f"log.xferlog: {said}"], []))
        self.assertEqual(self.looked(f"{listen}to = 'file:{self.file('x', 'log')}'"), ([], []))
        for to, name in (("syslog", "SYSLOG"), ("journald", "JOURNAL")):
            self.patch(here, name, str(self.folder / "no"))
            wanted = [f"log.to = '{to}': there is no {self.folder}/no"]
            self.assertEqual(self.looked(f"{listen}to = '{to}'"), (wanted, []))
            self.patch(here, name, str(self.folder))
            self.assertEqual(self.looked(f"{listen}to = '{to}'"), ([], []))

    def test_pinholes(self) -> None:
        """Sets of nftables that cannot be used are told, with nft's reason."""
        found, _ = self.looked(
            "listen = ['127.0.0.1:0']\n[pinholes]\ntable = 'inet ftpalg-no-such-table'"
        )
        self.assertEqual(len(found), 1)
        self.assertIn("pinholes.table: the nftables set inet ftpalg-no-such-table data4", found[0])

    def test_folders(self) -> None:
        """Files that the gateway is to write into folders that are not there."""
        missing = self.folder / "none"
        found, _ = self.looked(
            f"listen = ['127.0.0.1:0']\nstate = '{missing}/s'\n[log]\nto = 'file:{missing}/l'\n"
            f"xferlog = '{self.folder}/x'\n"
        )
        self.assertEqual([one.split(":")[0] for one in found], ["log.to", "state"])

    def socket_at(self, path: Path | str) -> tuple[list[str], list[tuple[str, str]]]:
        """What is said of an admin socket there."""
        return self.looked(f"listen = ['127.0.0.1:0']\n[admin]\nsocket = '{path}'")

    def test_admin_socket(self) -> None:
        """What the start would say, and nothing else; nothing is made or taken away for it."""
        free = self.folder / "run" / "a.sock"
        self.assertEqual(self.socket_at(free), ([], []))  # the gateway makes the folder
        self.assertFalse(free.parent.exists())
        long = "x" * 120
        file = self.file("x", "file")
        for path, wanted in (
            (self.folder / "none" / "none" / "a", "there is no folder"),
            (file, "something else than a socket is there"),
            (self.folder, "something else than a socket is there"),
            (f"{file}/a", "is no folder"),
            (self.folder / long, "it has more than 107 bytes"),
        ):
            faults, warnings = self.socket_at(path)
            self.assertEqual((len(faults), warnings), (1, []), faults)
            self.assertIn(
                f'admin.socket = "{path}": {wanted}', faults[0].replace(f"{file} is", "is")
            )

    def test_admin_socket_held(self) -> None:
        """One that nobody listens on is replaced; that of a gateway which runs is no fault."""
        path = self.folder / "a.sock"
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(str(path))
            self.assertEqual(self.socket_at(path), ([], []))
            other.listen()
            (sentence,), _ = self.socket_at(path)
            self.assertIn(f"admin.socket: PID {os.getpid()} ", sentence)
            self.patch(here, "running", lambda: [os.getpid()])
            faults, ((name, sentence),) = self.socket_at(path)
            self.assertEqual((faults, name), ([], "held-by-gateway"))
            self.assertIn("a gateway that runs", sentence)

    def test_admin_socket_open_folder(self) -> None:
        """Where everybody may put a socket of theirs there; not where only owners may take away."""
        for mode, wanted in ((0o777, ["open-folder"]), (0o1777, []), (0o770, [])):
            self.folder.chmod(mode)
            faults, warnings = self.socket_at(self.folder / "a.sock")
            self.assertEqual((faults, [one for one, _ in warnings]), ([], wanted))
        self.folder.chmod(0o700)

    def test_whole_command(self) -> None:
        """Through the command: faults with their place and status 2; nothing is listened on without it."""
        path = self.file("server = 'ftp://127.0.0.1'\nlisten = ['192.0.2.77:0']\n")
        status, _, err = self.run_it("check", "--here", path)
        self.assertEqual(status, 2)
        self.assertIn(f"{path}:2:11: listen[0]: cannot listen on 192.0.2.77:0: ", err)
        self.assertEqual(self.run_it("check", path)[0], 0)
        self.assertFalse(ip_address("192.0.2.77").is_loopback)
