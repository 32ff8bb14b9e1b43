"""What a gateway is: one process that does all, or one that supervises workers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ftpalg.config import Settings
from ftpalg.life.service import GatewayService

if TYPE_CHECKING:
    from ftpalg.workers.supervisor import Supervisor


def kind_of(settings: Settings) -> type[GatewayService] | type[Supervisor]:
    """The service by these settings.  What several processes need is imported where there are several."""
    if settings.workers == 1:
        return GatewayService
    from ftpalg.workers.supervisor import Supervisor

    return Supervisor
