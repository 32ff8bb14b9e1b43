"""Every verb of the admin socket.  A new verb is a row here and a function.

The socket's paths, ``GET /openapi.json`` and what the commands ask are all made from this table.
Nothing of the gateway is imported here: the commands read it too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ftpalg.core.value import value

Schema = Mapping[str, Any]

STRING: Schema = {"type": "string"}
SWITCH: Schema = {"type": "boolean"}
COUNT: Schema = {"type": "integer", "minimum": 0}
WORDS: Schema = {"type": "array", "items": STRING}


@value
class Parameter(NamedTuple):
    """A word that a verb takes: in the query of a GET, in the JSON object that a POST brings.

    ``schema`` is one of the above.
    """

    name: str
    schema: Schema
    meaning: str
    required: bool = False


@value
class Verb(NamedTuple):
    """What can be asked of a gateway.  What changes something is a POST, and is recorded.

    ``does`` is ``module:function`` in ``ftpalg.admin``: the function gets ``steered.Steered`` and
    ``asking.Asked`` and returns one of ``asking.Answer`` or raises ``asking.Refusal``.  ``answer`` is
    the JSON schema of what it returns; where it ``flows``, of each line.
    """

    name: str
    method: str
    path: str
    meaning: str
    parameters: tuple[Parameter, ...]
    answer: Schema
    does: str
    flows: bool = False


def an_object(**fields: Schema) -> Schema:
    """An object with these fields, all of them."""
    return {"type": "object", "properties": fields, "required": list(fields)}


FILTER = Parameter(
    "filter",
    WORDS,
    "Which sessions: names or beginnings of names, and KEY=VALUE; all must fit, of names one.",
)

SESSION: Schema = {"$ref": "#/components/schemas/session"}
"""``session_fields.SESSION``, of which those that only ask need to know nothing."""
ARROW: Schema = {"enum": ["C -> P", "P -> S", "P <- S", "C <- P", "P .."]}
BROKEN = an_object(
    time=STRING,
    side={"enum": ["client", "server"]},
    server=STRING,
    server_ip={"type": ["string", "null"]},
    server_port={"type": ["integer", "null"]},
    listener=STRING,
    session=STRING,
    client_ip=STRING,
    client_port=COUNT,
    state=STRING,
    reason=STRING,
    offset={"type": ["integer", "null"]},
    length=COUNT,
    octets=STRING,
    text=STRING,
    ladder={"type": "array", "items": an_object(time=STRING, arrow=ARROW, text=STRING)},
)
"""What broke the protocol: its first octets, hexadecimal and printable, its whole length, how many came
before it on that connection, and what both sides had said."""
PART = (
    Parameter("kind", STRING, "server, route, listener or gateway, which is all of it.", True),
    Parameter("name", STRING, "Its name, as GET /names has them; a server may be HOST alone."),
)
STANDING = an_object(kind=STRING, name=STRING, sessions=COUNT, within={"type": "number"})
WHOM = (
    Parameter("peer", STRING, "An address; of IPv6 its network is meant (limits.ipv6-prefix)."),
    Parameter("account", STRING, "Instead of it: an account at the gateway."),
)
BAN = an_object(
    kind={"enum": ["peer", "account"]},
    name=STRING,
    since=STRING,
    until=STRING,
    seconds={"type": "number"},
    times=COUNT,
    reason=STRING,
    holds=SWITCH,
)
"""``seconds`` are left; ``holds`` is false where bans are only told (``bans.mode = "shadow"``)."""
SHARE = an_object(
    limit=STRING, holder=STRING, used=COUNT, most={"type": ["integer", "null"], "minimum": 1}
)
"""``holder``: a peer, an account, a route, a listener or a server, empty for all together; ``most`` is null
where nothing is bounded."""

USED = an_object(used=COUNT, limit=COUNT)
QUOTA = an_object(
    account=STRING, upload_bytes=USED, upload_files=USED, download_bytes=USED, download_files=USED
)
"""Each limit is the general one, 0 for none; routes and listeners may have others."""

VERBS = (
    Verb(
        "who",
        "GET",
        "/sessions",
        "every session: who, from where, to where, what it does",
        (FILTER,),
        an_object(sessions={"type": "array", "items": SESSION}),
        "who:who",
    ),
    Verb(
        "names",
        "GET",
        "/names",
        "the names that commands take: of sessions, routes, listeners and servers",
        (),
        an_object(sessions=WORDS, routes=WORDS, listeners=WORDS, servers=WORDS),
        "who:names",
    ),
    Verb(
        "kick",
        "POST",
        "/kick",
        "end sessions, with 421 and a text",
        (
            FILTER._replace(required=True),
            Parameter("after_transfer", SWITCH, "A session that moves a file ends behind it."),
            Parameter("say", STRING, "What the clients are told."),
        ),
        an_object(kicked=COUNT, marked=COUNT),
        "kick:kick",
    ),
    Verb(
        "ladder",
        "GET",
        "/ladder",
        "the dialogues of some sessions, line by line as they are spoken, without passwords",
        (
            Parameter(
                "client",
                STRING,
                "A client's address, a network, or a session, which is followed until it is over.",
                required=True,
            ),
            Parameter("back", SWITCH, "First what has been said so far, as far as it is kept."),
        ),
        an_object(
            time=STRING,
            session=STRING,
            client_ip=STRING,
            client_port=COUNT,
            arrow=ARROW,
            text=STRING,
        ),
        "ladder:ladder",
        flows=True,
    ),
    Verb(
        "errors",
        "GET",
        "/errors",
        "what broke the protocol last, of each server and of the clients of each listener",
        (),
        an_object(errors={"type": "array", "items": BROKEN}),
        "errors:errors",
    ),
    Verb(
        "drain",
        "POST",
        "/drain",
        "no new sessions for a part of the gateway, or for all of it; the old ones end when they rest",
        (*PART, Parameter("within", COUNT, "Seconds, after which what is left ends; 0: no bound.")),
        STANDING,
        "drain:drain",
    ),
    Verb(
        "undrain",
        "POST",
        "/undrain",
        "new sessions come again",
        PART,
        STANDING,
        "drain:undrain",
    ),
    Verb(
        "drained",
        "GET",
        "/drained",
        "what is drained, and whether clients that come get sessions",
        (),
        an_object(drained={"type": "array", "items": STANDING}, ready=SWITCH),
        "drain:drained",
    ),
    Verb(
        "bans",
        "GET",
        "/bans",
        "who is banned: peers, and accounts at the gateway",
        (),
        an_object(bans={"type": "array", "items": BAN}),
        "bans:bans",
    ),
    Verb(
        "ban",
        "POST",
        "/ban",
        "keep a peer or an account out for a while",
        (*WHOM, Parameter("seconds", COUNT, "How long; 0: as long as bans.time says.")),
        BAN,
        "bans:ban",
    ),
    Verb(
        "unban",
        "POST",
        "/unban",
        "let a peer or an account in again, and forget what was wrong so far",
        WHOM,
        an_object(kind=STRING, name=STRING),
        "bans:unban",
    ),
    Verb(
        "shares",
        "GET",
        "/shares",
        "how much of each limit is used, and who uses most of it",
        (Parameter("top", COUNT, "How many holders of each limit; 10 where it is not said."),),
        an_object(shares={"type": "array", "items": SHARE}),
        "shares:shares",
    ),
    Verb(
        "quotas",
        "GET",
        "/quotas",
        "what accounts have used today of the files and bytes that they may move",
        (),
        an_object(quotas={"type": "array", "items": QUOTA}),
        "quotas:quotas",
    ),
    Verb(
        "reset-quota",
        "POST",
        "/reset-quota",
        "let the day of an account begin anew",
        (Parameter("account", STRING, "An account at the gateway.", True),),
        an_object(account=STRING),
        "quotas:reset",
    ),
    Verb(
        "reload",
        "POST",
        "/reload",
        "read settings and certificates again",
        (),
        an_object(reloaded=SWITCH, file=STRING, epoch=COUNT, changes=WORDS, why=STRING),
        "reload:reload",
    ),
)


def verb(name: str) -> Verb:
    """That one."""
    return next(one for one in VERBS if one.name == name)
