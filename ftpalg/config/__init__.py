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
    ServerUrl,
    Settings,
    Timeouts,
)

__all__ = [
    "DEFAULT_LISTEN",
    "Certificate",
    "ClientTlsSettings",
    "Data",
    "Limits",
    "Log",
    "PortRange",
    "ServerTlsRule",
    "ServerTlsSettings",
    "ServerUrl",
    "Settings",
    "SettingsError",
    "Timeouts",
    "load",
    "structure",
]
