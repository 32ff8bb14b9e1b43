"""The rules of ``[access]``, each with what came of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address

from ftpalg.config import Settings
from ftpalg.core.actions import Dial
from ftpalg.core.facts import Shadowed
from ftpalg.core.routes import Server
from ftpalg.core.wire.addresses import normal
from ftpalg.explain.reached import Judged, Tried, asked_of_name
from ftpalg.explain.steps import Outcome, Step
from ftpalg.life.wiring import access_of, server_rules
from ftpalg.net.judging import Judging
from ftpalg.net.own_addresses import is_local
from ftpalg.policy.access import DEFAULT_PORTS, INWARD_NAME, SPECIAL_ADDRESS, Access, ServerRule
from ftpalg.policy.access import Step as Asking
from ftpalg.policy.machine import Machine
from ftpalg.policy.shadows import awake

TABLE = "access.servers"
ITSELF, MACHINE, SPECIAL = "the gateway itself", "the gateway's own machine", "special addresses"
BEHIND = f"behind {TABLE}"
"""What decides beside the rules."""
BESIDE = {INWARD_NAME: "names of a machine itself", SPECIAL_ADDRESS: SPECIAL}
DECIDES = {False: "it allows", True: "it denies"}
DECIDES_NAMES = {
    False: "it lets a parent look the name up",
    True: "it does not let a parent look the name up",
}
"""What a rule does that says nothing against a session, and one that does."""


def clients(settings: Settings, client: str, *, admitted: bool) -> Step:
    """``access.clients``, which ``admits`` asks."""
    key, networks = "access.clients", settings.access.clients
    place = settings.origin.place(key)
    if not networks:
        return Step(key, key, place, Outcome.TAKEN, "it is empty and admits everybody")
    held = next((one for one in networks if ip_address(normal(client)) in one), None)
    why = f"{held} holds {client}" if admitted else f"it refuses: no network of it holds {client}"
    return Step(key, key, place, Outcome.TAKEN, why)


@dataclass(frozen=True, slots=True)
class Servers:
    """The rules about the server of one dial, for one client."""

    settings: Settings
    dial: Dial
    client: str
    judging: Judging

    @property
    def _access(self) -> Access:
        return access_of(self.settings)

    @property
    def _awake(self) -> Access:
        return Access(servers=awake(server_rules(self.settings)))

    def steps(self, tried: Tried) -> Iterator[Step]:
        """What came of each rule for one server."""
        server = tried.server
        if not self.dial.named:
            yield from self._configured(tried)
            return
        if tried.by_name is not None:
            yield from self._by_name(server, tried.by_name)
        if tried.judged is None:
            yield from self._of_any_address(server)
        for one in tried.judged or ():
            yield from self._judged(one)

    def _configured(self, tried: Tried) -> Iterator[Step]:
        for one in tried.judged or ():
            if self.judging.itself(one.server, one.address):
                yield self._beside(ITSELF, Outcome.TAKEN, "one of its listeners is there", one)
        why = f"{tried.server} is a server of the settings, which no rule is asked about"
        yield from self.unasked(why)

    def unasked(self, why: str = "") -> Iterator[Step]:
        """No rule is asked."""
        for at, rule in enumerate(self._access.servers):
            yield self._step(at, Outcome.NOT_REACHED, why, rule.shadow)

    def _judged(self, one: Judged) -> Iterator[Step]:
        """An address, or a name that a parent is told."""
        asked = self.client, self.dial.account, one.server, one.address
        walk = [*self._access.steps(*asked)]
        machine = self._machine(one)
        if self.judging.itself(one.server, one.address):
            walk = []
            yield self._beside(ITSELF, Outcome.TAKEN, "one of its listeners is there", one)
        elif machine is not None:
            walk = [] if machine.outcome is Outcome.TAKEN else walk
            yield machine
        told = self.judging.tried(
            self.dial, self.client, True, one.server, one.address, one.refusal
        )
        awaken = [*self._awake.steps(*asked)] if self.judging.tries else []
        about = one.address or one.server.host
        yield from self._walked(walk, awaken, told, one.server, about)

    def _machine(self, one: Judged) -> Step | None:
        """What stands against this machine's own addresses; None where that is no question."""
        if not one.address or not is_local(one.address):
            return None
        loopback = ip_address(one.address).is_loopback
        parent = bool(self.dial.route.parent)
        if loopback and not parent:
            return None
        machine = Machine(server_rules(self.settings))
        refusal = machine.refusal(
            one.server, one.address, ours=True, local=is_local(self.client), parent=parent
        )
        if refusal:
            return self._beside(MACHINE, Outcome.TAKEN, _words(refusal), one)
        opener = machine.opener(one.address)
        why = (
            "the client is on it, too"
            if opener is None
            else f"{TABLE}[{opener}] has the very address"
        )
        return self._beside(MACHINE, Outcome.PASSED, why, one)

    def _by_name(self, server: Server, refusal: str) -> Iterator[Step]:
        """Whether a parent may be told the name."""
        asked = self.client, self.dial.account, server
        told = self.judging.tried_by_name(self.dial, self.client, server, refusal)
        awaken = [*self._awake.steps_by_name(*asked)] if self.judging.tries else []
        walk = [*self._access.steps_by_name(*asked)]
        yield from self._walked(
            walk, awaken, told, server, f"the name {server.host}", DECIDES_NAMES
        )

    # -- one walk -----------------------------------------------------------------------------------

    def _walked(
        self,
        walk: list[Asking],
        awaken: list[Asking],
        told: Shadowed | None,
        server: Server,
        about: str,
        decides: Mapping[bool, str] = DECIDES,
    ) -> Iterator[Step]:
        """Each rule of the settings, or each default one, then what decides beside them.

        ``awaken`` is the walk with all shadows awake, and ``told`` what would be told of them.
        """
        found = {one.at: one for one in walk}
        would = {one.at: one for one in awaken}
        for at, rule in enumerate(self._access.servers):
            one = (would if rule.shadow else found).get(at)
            if rule.shadow and told is not None and told.rule == self._place_of(f"{TABLE}[{at}]"):
                why = f"it would {_words(told.would)}"
                yield self._step(at, Outcome.TAKEN, why, True, about)
            elif one is None or (rule.shadow and one.says is not None):
                yield self._step(at, Outcome.NOT_REACHED, "", rule.shadow, about)
            elif one.says is None:
                why = self._lacking(rule, one.lacks, server, about)
                yield self._step(at, Outcome.PASSED, why, rule.shadow, about)
            else:
                yield self._step(at, Outcome.TAKEN, decides[bool(one.says)], False, about)
        last = walk[-1] if walk else None
        if last is not None and last.at is None:
            key = BESIDE.get(last.lacks, BEHIND)
            yield Step(TABLE, key, "", Outcome.TAKEN, _words(last.says or ""), about=about)
        if told is not None and told.rule == self._place_of(TABLE):
            why = f"the default rules would be gone: it would {_words(told.would)}"
            yield Step(TABLE, TABLE, "", Outcome.TAKEN, why, shadow=True, about=about)

    def _place_of(self, key: str) -> str:
        return self.settings.origin.of(key)

    def _of_any_address(self, server: Server) -> Iterator[Step]:
        """The same without an address: rules by network cannot be judged."""
        asked = asked_of_name(self._access, self.client, self.dial.account, server)
        live = iter(asked)
        about = f"any address of {server.host}"
        over = open_ = False
        for at, rule in enumerate(self._access.servers):
            if rule.shadow:
                yield self._step(
                    at, Outcome.DEPENDS, "no address is known", shadow=True, about=about
                )
                continue
            found = next(live, None)
            if found is None or over:
                yield self._step(at, Outcome.NOT_REACHED, "", about=about)
            elif found[1]:
                why = self._lacking(rule, found[1], server, about)
                yield self._step(at, Outcome.PASSED, why, about=about)
            elif rule.networks:
                open_ = True
                why = f"depends on what {server.host} resolves to"
                yield self._step(at, Outcome.DEPENDS, why, about=about)
            else:
                over = True
                does = "it allows all but special addresses" if rule.allow else "it denies"
                outcome = Outcome.DEPENDS if open_ else Outcome.TAKEN
                yield self._step(at, outcome, does, about=about)
        if not over:
            outcome = Outcome.DEPENDS if open_ else Outcome.TAKEN
            why = "no rule allows it"
            yield Step(TABLE, BEHIND, "", outcome, why, about=about)

    # -- in words -----------------------------------------------------------------------------------

    def _lacking(self, rule: ServerRule, lacks: str, server: Server, about: str) -> str:
        account = self.dial.account
        if lacks == "accounts":
            whom = f"account {account}" if account else "a session without an account"
            return f"accounts has no pattern for {whom}"
        if lacks == "ports":
            ports = "" if rule.ports else f" (it has none, which means {_ranges(DEFAULT_PORTS)})"
            return f"ports does not have {server.port}{ports}"
        if lacks == SPECIAL_ADDRESS:
            return f"{about} is special, and no network of it names that"
        return {
            "clients": f"clients has no network with {self.client}",
            "names": f"names has no pattern for {server.host}",
            "networks": f"networks has none with {about}",
        }[lacks]

    def _step(
        self, at: int, outcome: Outcome, why: str, shadow: bool = False, about: str = ""
    ) -> Step:
        count = len(self.settings.access.servers)
        key = f"{TABLE}[{at}]"
        if at >= count:
            return Step(TABLE, f"default rule {at - count + 1}", "", outcome, why, shadow, about)
        return Step(TABLE, key, self.settings.origin.place(key), outcome, why, shadow, about)

    def _beside(self, rule: str, outcome: Outcome, why: str, one: Judged) -> Step:
        return Step(TABLE, rule, "", outcome, why, about=one.address or one.server.host)


def _words(sentence: str) -> str:
    return sentence.removesuffix(".")


def _ranges(ports: tuple[tuple[int, int], ...]) -> str:
    return ", ".join(str(low) if low == high else f"{low}-{high}" for low, high in ports)
