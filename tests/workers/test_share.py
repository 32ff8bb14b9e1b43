"""What of the settings is one worker's."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config.loading import structure
from ftpalg.life.admin_socket import path_of
from ftpalg.life.state import folder_of
from ftpalg.workers.share import environment_of, share_of

RAW = {
    "workers": 2,
    "state": "/s",
    "data": {"client-ports": "50000-50009", "server-ports": "50010-50029"},
    "admin": {"socket": "/a/admin.sock", "listen": "127.0.0.1:9", "agent": "127.0.0.1:8"},
    "log": {"format": "text"},
}


class Shares(SynchronousTestCase):
    """The settings and the environment."""

    def setUp(self) -> None:
        self.settings = structure(RAW, "f")

    def test_ports(self) -> None:
        """Both ranges are cut."""
        data = [share_of(self.settings, worker, 2).data for worker in (1, 2)]
        self.assertEqual([one.client_ports for one in data], [(50000, 50004), (50005, 50009)])
        self.assertEqual([one.server_ports for one in data], [(50010, 50019), (50020, 50029)])
        self.assertRaises(ValueError, share_of, self.settings, 1, 11)

    def test_admin(self) -> None:
        """No worker is asked by anybody but the supervisor, whatever systemd says."""
        environ = {"RUNTIME_DIRECTORY": "/run/f", "STATE_DIRECTORY": "/lib/f", "PATH": "p"}
        for settings in (self.settings, structure({"workers": 2}, "f")):
            for worker in (1, 2):
                own = share_of(settings, worker, 2)
                self.assertEqual((own.admin.listen, own.admin.agent), ("", ""))
                self.assertIsNone(path_of(own, environment_of(environ)))

    def test_state(self) -> None:
        """The supervisor alone keeps it."""
        environ = {
            "STATE_DIRECTORY": "/lib/f",
            "NOTIFY_SOCKET": "n",
            "LISTEN_FDS": "1",
            "PATH": "p",
        }
        self.assertEqual(environment_of(environ), {"PATH": "p"})
        for settings in (self.settings, structure({"workers": 2}, "f")):
            own = share_of(settings, 1, 2)
            self.assertIsNone(folder_of(own, environment_of(environ)))

    def test_lines(self) -> None:
        """Records for the supervisor are JSON; those for another place are as they are set."""
        other = structure({**RAW, "log": {"to": "syslog", "format": "text"}}, "f")
        for settings, lines, form in (
            (self.settings, False, "text"),
            (self.settings, True, "json"),
            (other, True, "text"),
        ):
            self.assertEqual(share_of(settings, 1, 2, lines).log.format.value, form)
