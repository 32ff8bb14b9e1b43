"""Every bound: of the gateway, of a listener, of a route.

Counts protect by default; rates bound nothing until somebody sets them.
"""

from __future__ import annotations

from attrs import frozen

from ftpalg.config import checks
from ftpalg.config.section import Section, setting
from ftpalg.config.size_checks import size


@frozen(eq=False, repr=False)
class Limits(Section):
    """``[limits]``: every bound."""

    sessions: int = setting(5000, checks.at_least(1))
    sessions_per_peer: int = setting(1000, checks.at_least(1))
    sessions_per_account: int = setting(1000, checks.at_least(1))
    sessions_per_server: int = setting(0, checks.at_least(0))
    sessions_per_route: int = setting(0, checks.at_least(0))
    session_rate: float = setting(0.0, checks.rate)
    session_rate_per_peer: float = setting(0.0, checks.rate)
    transfers: int = setting(4000, checks.at_least(1))
    transfers_per_peer: int = setting(1000, checks.at_least(1))
    transfers_per_account: int = setting(1000, checks.at_least(1))
    transfers_per_route: int = setting(0, checks.at_least(0))
    upload_bytes_per_transfer: int = setting(0, size)
    upload_bytes_per_day: int = setting(0, size)
    upload_files_per_day: int = setting(0, checks.at_least(0))
    download_bytes_per_transfer: int = setting(0, size)
    download_bytes_per_day: int = setting(0, size)
    download_files_per_day: int = setting(0, checks.at_least(0))
    passive_listeners: int = setting(8000, checks.at_least(1))
    passive_listeners_per_peer: int = setting(1000, checks.at_least(1))
    descriptors_per_peer: int = setting(0, checks.at_least(0))
    memory: int = setting(1073741824, checks.at_least(1048576))
    memory_per_peer: int = setting(268435456, checks.at_least(1048576))
    handshakes_per_peer: int = setting(250, checks.at_least(1))
    handshake_rate: float = setting(0.0, checks.rate)
    handshake_rate_per_peer: float = setting(0.0, checks.rate)
    returning: int = setting(250, checks.at_least(1))
    lookups: int = setting(64, checks.at_least(1))
    lookups_per_peer: int = setting(8, checks.at_least(1))
    ipv6_prefix: int = setting(64, checks.between(1, 128))
    command_rate: float = setting(0.0, checks.rate)
    command_delay: float = setting(10.0, checks.seconds)
    command_line: int = setting(4000, checks.at_least(64))
    reply_line: int = setting(65536, checks.at_least(512))
    reply_size: int = setting(4194304, checks.at_least(4096))
    reply_lines: int = setting(20000, checks.at_least(100))
    uncoded_size: int = setting(65536, checks.at_least(512))
    uncoded_lines: int = setting(100, checks.at_least(10))
    queued_commands: int = setting(256, checks.at_least(1))
    queued_size: int = setting(16384, checks.at_least(64))
    bad_commands: int = setting(10, checks.at_least(1))
    bad_logins: int = setting(5, checks.at_least(1))
    surplus_replies: int = setting(20, checks.at_least(1))


@frozen(eq=False, repr=False)
class ListenerLimits(Section):
    """``[listeners.limits]``: beside those of ``[limits]``; 0 for none of its own."""

    sessions: int = setting(0, checks.at_least(0))
    session_rate: float = setting(0.0, checks.rate)
    command_rate: float = setting(0.0, checks.rate)
    upload_bytes_per_transfer: int = setting(0, size)
    upload_bytes_per_day: int = setting(0, size)
    upload_files_per_day: int = setting(0, checks.at_least(0))
    download_bytes_per_transfer: int = setting(0, size)
    download_bytes_per_day: int = setting(0, size)
    download_files_per_day: int = setting(0, checks.at_least(0))


@frozen(eq=False, repr=False)
class RouteLimits(Section):
    """``[routes.limits]``: instead of ``limits.sessions-per-route`` and the like; 0 for those."""

    sessions: int = setting(0, checks.at_least(0))
    transfers: int = setting(0, checks.at_least(0))
    upload_bytes_per_transfer: int = setting(0, size)
    upload_bytes_per_day: int = setting(0, size)
    upload_files_per_day: int = setting(0, checks.at_least(0))
    download_bytes_per_transfer: int = setting(0, size)
    download_bytes_per_day: int = setting(0, size)
    download_files_per_day: int = setting(0, checks.at_least(0))
