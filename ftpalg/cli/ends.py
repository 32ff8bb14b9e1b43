"""When the certificates, authorities and revocation lists of some settings end, for ``ftpalg check``.

One that does not hold is a fault for ``check --here``, and a warning for ``check`` alone: the gateway
starts with it, and a check that stands before the start must not turn away those who do not mind.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime

from ftpalg.config import Settings, SettingsError
from ftpalg.config.faults import Fault, Finding, Warning, path_of
from ftpalg.net.tls import revocations
from ftpalg.net.tls.contexts import authorities
from ftpalg.net.tls.expiry import few
from ftpalg.net.tls.keypair import read_pair
from ftpalg.net.tls.validity import AHEAD, Dated, of_authorities, of_list, of_pair


def ends(settings: Settings, now: datetime) -> Iterator[Finding]:
    """What is to be said of each file; a certificate that ends soon is a Warning, "expires-7" within
    seven days.  What cannot be read is told elsewhere."""
    for file in _files(settings):
        for due in few([told for one in file if (told := one.due(now)) is not None]):
            path = path_of(due.setting)
            if due.grave:
                yield Fault(path, due.sentence)
            else:
                yield Warning(path, due.sentence, id=_id(due.days or 0))


def suspected(one: Finding) -> Warning:
    """The same as a warning, where the machine that runs may be another, or the time."""
    return one if isinstance(one, Warning) else Warning(one.path, one.sentence, id="not-valid")


def _id(days: int) -> str:
    bound = next((step.days for step in AHEAD if days < step.days), AHEAD[-1].days)
    return f"expires-{bound}"


def _files(settings: Settings) -> Iterator[list[Dated]]:
    """Those of each file that can be read."""
    server = settings.server_tls
    for section, pair in settings.pairs:
        with suppress(SettingsError):
            found = read_pair(pair, section).certificates
            yield list(of_pair(section, pair.certificate, found))
    if server.ca is not None:
        yield list(of_authorities(server.ca, authorities(server.ca)))
    for file in server.crl:
        with suppress(SettingsError):
            yield [one for crl in revocations.read(file) for one in of_list(file, crl)]
