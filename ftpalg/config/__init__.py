"""Settings: TOML to frozen values, with all validation and all messages.

``load`` is the way in, ``read`` tells too where each value comes from, ``examine`` what is wrong besides;
``Settings`` and its sections are what comes out.  ``structure`` takes parsed TOML.
"""

from ftpalg.config.faults import SettingsError
from ftpalg.config.limits import Limits
from ftpalg.config.loading import Loaded, examine, load, read, structure
from ftpalg.config.model import (
    DEFAULT_LISTEN,
    Admin,
    Commands,
    Data,
    Log,
    LogFormat,
    PortRange,
    Settings,
    Shown,
    Timeouts,
)
from ftpalg.config.tables import Bans, BansMode, Intercept, Listener, Parent, RouteRule, ServerUrl
from ftpalg.config.tls import Certificate, ClientTlsSettings, ServerTlsRule, ServerTlsSettings

__all__ = [
    "DEFAULT_LISTEN",
    "Admin",
    "Bans",
    "BansMode",
    "Certificate",
    "ClientTlsSettings",
    "Commands",
    "Data",
    "Intercept",
    "Limits",
    "Listener",
    "Loaded",
    "Log",
    "LogFormat",
    "Parent",
    "PortRange",
    "RouteRule",
    "ServerTlsRule",
    "ServerTlsSettings",
    "ServerUrl",
    "Settings",
    "SettingsError",
    "Shown",
    "Timeouts",
    "examine",
    "load",
    "read",
    "structure",
]
