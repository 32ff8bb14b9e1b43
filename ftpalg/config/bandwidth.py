"""``[bandwidth]``: how fast files may go."""

from __future__ import annotations

from attrs import frozen

from ftpalg.config.command_checks import zone
from ftpalg.config.rate_checks import rates
from ftpalg.config.section import Section, setting
from ftpalg.core.rates import Rates


@frozen(eq=False, repr=False)
class Bandwidth(Section):
    """Bytes a second of transfers, each direction for itself."""

    total_download: Rates = setting((), rates)
    total_upload: Rates = setting((), rates)
    account_download: Rates = setting((), rates)
    account_upload: Rates = setting((), rates)
    session_download: Rates = setting((), rates)
    session_upload: Rates = setting((), rates)
    zone: str = setting("UTC", zone)
