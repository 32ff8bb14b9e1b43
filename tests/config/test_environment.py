"""Settings from the environment."""

from __future__ import annotations

from pathlib import Path

from attrs import fields
from twisted.trial.unittest import SynchronousTestCase

from ftpalg.config import SettingsError, load, read
from ftpalg.config.environment import from_environment, variables
from ftpalg.config.model import settings_sections
from ftpalg.config.tables import is_key


class Environment(SynchronousTestCase):
    """``FTPALG_SECTION_KEY``."""

    def faults(self, **environment: str) -> list[str]:
        """What is wrong with an environment."""
        return list(self.assertRaises(SettingsError, load, None, {}, environment).faults)

    def test_every_setting(self) -> None:
        """Each has a variable of its own."""
        keys = sum(len(list(filter(is_key, fields(kind)))) for kind in settings_sections().values())
        self.assertEqual(len(variables()), keys - len(settings_sections()) + 1)
        self.assertEqual(
            variables()["FTPALG_CLIENT_TLS_PRIVATE_KEY"], ("client-tls", "private-key")
        )
        self.assertEqual(variables()["FTPALG_SERVER"], ("", "server"))

    def test_values(self) -> None:
        """Texts as they are, all else as in TOML."""
        found = load(
            None,
            {},
            {
                "FTPALG_SERVER": "ftpes://h",
                "FTPALG_SERVER_MODE": "active",
                "FTPALG_TIMEOUTS_IDLE": "5",
                "FTPALG_DATA_SPLICE": "false",
                "FTPALG_LISTEN": '["127.0.0.1:1", ":2"]',
                "FTPALG_CLIENT_TLS_MINIMUM": "1.2",
                "FTPALG_DATA_CLIENT_PORTS": "50000-50009",
                "FTPALG_ROUTES": '[{clients = ["10.0.0.0/8"], server = "ftp://a"}]',
                "FTPALG_LOG_XFERLOG": "/x = [1]",
                "FTPALG_PROXY_PROTOCOL_BALANCERS": '["10.0.0.1"]',
            },
        )
        self.assertEqual(str(found.server), "ftpes://h:21")
        self.assertEqual(found.server_mode.value, "active")
        self.assertEqual((found.timeouts.idle, found.data.splice), (5.0, False))
        self.assertEqual(found.listen, ("127.0.0.1:1", ":2"))
        self.assertEqual(found.data.client_ports, (50000, 50009))
        self.assertEqual(len(found.routes), 1)
        self.assertEqual(found.log.xferlog, Path("/x = [1]"))

    def test_order(self) -> None:
        """Default, file, environment, options: the last one counts, and each value knows its origin."""
        path = Path(self.mktemp())
        path.write_text("[timeouts]\nidle = 1\nlogin = 2\nquit = 3\n", "utf-8")
        environment = {"FTPALG_TIMEOUTS_LOGIN": "20", "FTPALG_TIMEOUTS_QUIT": "30"}
        found = read(path, {"timeouts.quit": 300}, environment)
        waits = found.settings.timeouts
        self.assertEqual((waits.idle, waits.login, waits.quit, waits.drain), (1, 20, 300, 5))
        self.assertEqual(
            found.sources,
            {
                "timeouts.idle": f"{path}:2",
                "timeouts.login": "FTPALG_TIMEOUTS_LOGIN",
                "timeouts.quit": "command line",
            },
        )

    def test_others(self) -> None:
        """A variable that begins with no section's name is somebody else's."""
        others = {"FTPALG_HOME": "/x", "FTPALGX": "y", "FTPALG_": "", "TIMEOUTS_IDLE": "x"}
        self.assertEqual(from_environment(others), ({}, []))

    def test_no_such(self) -> None:
        """One that does is a fault; all are told, with what was meant."""
        self.assertEqual(
            self.faults(
                FTPALG_TIMEOUTS_IDEL="3", FTPALG_CLIENT_TLS_X="1", FTPALG_DATA_CLIENTPORTS="a"
            ),
            [
                "environment: FTPALG_CLIENT_TLS_X: no such setting",
                "environment: FTPALG_DATA_CLIENTPORTS: no such setting; did you mean"
                " FTPALG_DATA_CLIENT_PORTS?",
                "environment: FTPALG_TIMEOUTS_IDEL: no such setting; did you mean"
                " FTPALG_TIMEOUTS_IDLE?",
            ],
        )

    def test_sections(self) -> None:
        """A section's name by itself sets nothing; a list of tables is one variable."""
        self.assertEqual(
            self.faults(
                FTPALG_TIMEOUTS="3", FTPALG_ROUTES_0_SERVER="x", FTPALG_ACCESS_SERVERS_ALLOW="true"
            ),
            [
                "environment: FTPALG_ACCESS_SERVERS_ALLOW: no such setting; did you mean"
                " FTPALG_ACCESS_SERVERS?",
                "environment: FTPALG_ROUTES_0_SERVER: no such setting; did you mean FTPALG_ROUTES?",
                "environment: FTPALG_TIMEOUTS: no such setting",
            ],
        )

    def test_bad_values(self) -> None:
        """A value that its setting refuses is told with the variable; none is a traceback."""
        for name, value, expected in (
            ("TIMEOUTS_IDLE", "soon", "timeouts.idle = 'soon': must be a number"),
            ("TIMEOUTS_IDLE", "", "timeouts.idle = '': must be a number"),
            ("TIMEOUTS_IDLE", "3\nx = 4", "timeouts.idle = '3\\nx = 4': must be a number"),
            ("LISTEN", ":21", "listen = ':21': must be a list of endpoints"),
            ("LISTEN", "[" * 100000, "listen = '[[["),
            ("SERVER", "h", "server = 'h': must be ftp://"),
            ("LOG_LADDER", "yes", "log.ladder = 'yes': must be true or false"),
            ("ROUTES", "[1]", "routes[0] = 1: must be a table"),
        ):
            (fault,) = self.faults(**{f"FTPALG_{name}": value})
            self.assertIn(f"FTPALG_{name}: {expected}", fault)

    def test_no_passwords(self) -> None:
        """A variable that holds passwords is not shown."""
        (fault,) = self.faults(FTPALG_ACCOUNTS_AUTH="memory:anna:hunter2")
        self.assertIn("FTPALG_ACCOUNTS_AUTH: accounts.auth: must be a list", fault)
        self.assertNotIn("hunter2", fault)
