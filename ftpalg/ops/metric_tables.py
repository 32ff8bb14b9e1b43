"""The metrics: every family's name, kind, labels and meaning; the page and the dashboard are held to it.

A name here is never given another meaning, because others' rules and dashboards read them.  Labels hold
words of the settings and of closed lists only, never what a peer says: so there are as many series as
the settings name routes, listeners and servers, whoever comes.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from ftpalg.core.value import value

PREFIX = "ftpalg_"
OTHER = "other"
"""The server of a client that has named one which the settings do not know."""


class Kind(Enum):
    """What Prometheus calls it."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Over(Enum):
    """What becomes of the values of several processes."""

    SUM = "their sum"
    MOST = "the highest of them"
    LEAST = "the lowest of them"


@value
class Family(NamedTuple):
    """One metric: ``meaning`` is its line of help; ``buckets`` are a histogram's upper bounds, in the
    unit that its name ends with."""

    name: str
    kind: Kind
    meaning: str
    labels: tuple[str, ...] = ()
    over: Over = Over.SUM
    buckets: tuple[float, ...] = ()


C, G, H = Kind
CONNECT = (0.005, 0.02, 0.1, 0.3, 1.0, 3.0, 10.0)
OPENING = (0.001, 0.005, 0.02, 0.1, 0.5, 2.0, 10.0)
LASTING = (0.1, 0.5, 2.0, 10.0, 60.0, 300.0, 1800.0, 7200.0)
LAG = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)

ROWS = (
    Family(
        "build_info",
        G,
        "Always 1: what runs.",
        ("version", "python", "twisted", "openssl"),
        Over.MOST,
    ),
    Family("start_time_seconds", G, "When counting began, in seconds since 1970.", (), Over.LEAST),
    Family(
        "config_last_reload_successful",
        G,
        "Whether the settings and certificates read last are in use: 1, or 0 while older ones hold on.",
        (),
        Over.LEAST,
    ),
    Family(
        "config_last_reload_timestamp_seconds",
        G,
        "When settings or certificates were last taken into use, in seconds since 1970.",
        (),
        Over.MOST,
    ),
    Family(
        "sessions",
        G,
        "Sessions that are open, by what they do.",
        ("listener", "route", "state"),
    ),
    Family(
        "sessions_total",
        C,
        "Sessions that have ended, by the two letters of who ended them and where they stood.",
        ("listener", "letters"),
    ),
    Family("session_duration_seconds", H, "How long ended sessions were.", (), buckets=LASTING),
    Family(
        "logins_total",
        C,
        "Logins at the gateway and at servers, accepted and refused.",
        ("where", "result"),
    ),
    Family("transfers", G, "Transfers that are running.", ("direction",)),
    Family(
        "transfers_total",
        C,
        "Transfers that are over, by how, and who ended them.",
        ("direction", "outcome", "letters"),
    ),
    Family(
        "transfer_bytes_total",
        C,
        "Bytes of files that passed that side's data connection, in running transfers too.",
        ("side", "direction"),
    ),
    Family(
        "transfer_duration_seconds",
        H,
        "How long the data of transfers moved that were not refused.",
        (),
        buckets=LASTING,
    ),
    Family(
        "data_open_seconds",
        H,
        "From asking for a data connection until it stood, without its TLS.",
        ("side", "mode"),
        buckets=OPENING,
    ),
    Family(
        "server_connect_seconds",
        H,
        "From wanting a server until the connection to it stood, with names looked up.",
        ("server",),
        buckets=CONNECT,
    ),
    Family(
        "server_up",
        G,
        "Whether a server of the settings answered last, a check or a session: 1 or 0.",
        ("server",),
        Over.LEAST,
    ),
    Family(
        "server_failures_total",
        C,
        "What went wrong with servers, by the reason's word; unhealthy is a failed check.",
        ("server", "reason"),
    ),
    Family(
        "drained",
        G,
        "Parts of the gateway that take no new sessions: 1; the gateway itself is 0 else.",
        ("kind", "name"),
        Over.MOST,
    ),
    Family("data_ports_used", G, "Data ports in use towards that side.", ("side",)),
    Family("data_ports_limit", G, "Data ports that there are.", ("side",), Over.MOST),
    Family(
        "refusals_total", C, "Clients that were turned away before they had a session.", ("reason",)
    ),
    Family("commands_refused_total", C, "Commands that a rule of access.commands refused."),
    Family(
        "over_quota_total",
        C,
        "Transfers that a quota of limits refused, or broke in mid-stream.",
        ("quota", "outcome"),
    ),
    Family(
        "tls_handshakes_total",
        C,
        "TLS on control connections: ok, or the reason's word where it failed.",
        ("side", "version", "result"),
    ),
    Family(
        "certificate_not_after_timestamp_seconds",
        G,
        "The end of a certificate or revocation list in use, of several in a file the first one.",
        ("role", "name"),
        Over.LEAST,
    ),
    Family(
        "limit_ratio",
        G,
        "How much of a limit is used, 1 for all of it.",
        ("limit",),
        Over.MOST,
    ),
    Family(
        "limits_reached_total",
        C,
        "How often something was used up: what was asked for was refused, had to wait, or was made room for.",
        ("limit",),
    ),
    Family(
        "bans", G, "Peers and accounts that are banned, in shadow mode too.", ("kind",), Over.MOST
    ),
    Family("pinholes", G, "Pinholes that are open in the firewall."),
    Family(
        "reactor_lag_seconds",
        H,
        "How late the event loop came to what was due.",
        (),
        buckets=LAG,
    ),
)
FAMILIES = {family.name: family for family in ROWS}
"""By name, without the prefix."""

UNHEALTHY = "unhealthy"
OK = "ok"
