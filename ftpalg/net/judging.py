"""Whether a server may be reached, by the policies and by what its address is to this machine."""

from __future__ import annotations

from ftpalg.core.actions import Dial
from ftpalg.core.facts import Shadowed
from ftpalg.core.routes import Server
from ftpalg.net.own_addresses import Own, is_local
from ftpalg.net.policies import Policies


class Judging:
    """Judges for all sessions; ``own`` knows where this process listens.

    ``client`` is a client's address, and ``near`` is True where its connection itself comes from this
    machine.  The address is empty where a parent is told the server's name.
    """

    def __init__(self, policies: Policies, own: Own) -> None:
        self._policies = policies
        self._own = own
        self.tries = policies.tried is not None

    def itself(self, server: Server, address: str) -> bool:
        """Whether one of our own listeners is there."""
        return self._own.listens_on(address, server.port)

    def refusal(self, dial: Dial, client: str, near: bool, server: Server, address: str) -> str:
        """Why that address must not be dialled, or nothing."""
        if self.itself(server, address):
            return f"{server.host} port {server.port} is this gateway itself."
        if not dial.named:
            return ""
        return (
            address
            and self._policies.machine(
                server,
                address,
                ours=is_local(address),
                local=near and is_local(client),
                parent=bool(dial.route.parent),
            )
        ) or self._policies.refusal(client, dial.account, server, address)

    def by_name(self, dial: Dial, client: str, server: Server) -> str:
        """Why a parent may not be told the name of that server, or nothing."""
        return self._policies.by_name(client, dial.account, server) if dial.named else ""

    # -- rules that are only tried -----------------------------------------------------------------

    def tried(
        self, dial: Dial, client: str, near: bool, server: Server, address: str, refusal: str
    ) -> Shadowed | None:
        """What they would have said to that address, instead of this refusal or consent."""
        tried = self._policies.tried
        if tried is None or not dial.named or self.itself(server, address):
            return None
        return tried(
            client,
            dial.account,
            server,
            address,
            ours=bool(address) and is_local(address),
            local=near and is_local(client),
            parent=bool(dial.route.parent),
            refusal=refusal,
        )

    def tried_by_name(
        self, dial: Dial, client: str, server: Server, refusal: str
    ) -> Shadowed | None:
        """What they would have said to a parent's being told that name."""
        tried = self._policies.tried_by_name
        return tried(client, dial.account, server, refusal) if tried and dial.named else None
