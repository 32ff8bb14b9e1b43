"""Settings: TOML to frozen values, with all validation and all messages.

``load`` is the way in; ``Settings`` and its sections are what comes out.
"""

from ftpalg.config.loading import SettingsError, load, structure
from ftpalg.config.model import (
    DEFAULT_LISTEN,
    Certificate,
    ClientTlsSettings,
    Data,
    Limits,
    Log,
    PortRange,
    ServerTlsRule,
    ServerTlsSettings,
    Settings,
    Timeouts,
)
from ftpalg.config.tables import Intercept, Listener, Parent, RouteRule, ServerUrl

__all__ = [
    "DEFAULT_LISTEN",
    "Certificate",
    "ClientTlsSettings",
    "Data",
    "Intercept",
    "Limits",
    "Listener",
    "Log",
    "Parent",
    "PortRange",
    "RouteRule",
    "ServerTlsRule",
    "ServerTlsSettings",
    "ServerUrl",
    "Settings",
    "SettingsError",
    "Timeouts",
    "load",
    "structure",
]
