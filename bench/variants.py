"""The gateway with one thing or another on or off: what each costs is told beside the gateway as it is."""

from __future__ import annotations

from functools import partial

from bench.proxies import BOTH, EITHER, Proxy, ftpalg

RATE = "200MiB/s"
WORKERS = 2
LIMITS = """
sessions-per-server = 4000
sessions-per-route = 4000
session-rate = 100000
session-rate-per-peer = 100000
transfers-per-route = 4000
command-rate = 100000
upload-bytes-per-transfer = "1TiB"
download-bytes-per-transfer = "1TiB"
"""
"""Those that nobody has by default, each too high to hold anybody back."""
BANDWIDTH = f"""
[bandwidth]
total-download = "{RATE}"
total-upload = "{RATE}"
"""


def variant(
    name: str,
    load: int = 1,
    *,
    own: str = "",
    limits: str = "",
    more: str = "",
    module: str = "ftpalg",
) -> Proxy:
    """The gateway with these settings."""
    words = partial(ftpalg, own=own, limits=limits, more=more, module=module)
    return Proxy(name, words, {}, clients=EITHER, servers=BOTH, load=load)


VARIANTS = (
    variant("as it is"),
    variant("no records", module="bench.unrecorded"),
    variant("more limits", limits=LIMITS),
    variant(RATE.replace("MiB", " MiB"), more=BANDWIDTH),
    variant(f"{WORKERS} workers", own=f"workers = {WORKERS}", load=WORKERS),
)
"""The first is the one that the others are compared with."""
