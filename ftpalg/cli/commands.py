"""Every command, its words and what does it.  A new command is a row here and a function.

Nothing of the gateway is imported here: the table is read for ``--help``, completion and man pages.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from ftpalg.words import CONFIG, WORDS, Word

NO_FORM: Mapping[str, Any] = MappingProxyType({})


class Argument(NamedTuple):
    """A word of a command, as argparse takes it.  ``file`` and ``folder`` are completed as such."""

    names: tuple[str, ...]
    meaning: str
    form: Mapping[str, Any] = NO_FORM
    completes: str = ""


class Command(NamedTuple):
    """A command, or a group of them.  ``does`` is ``module:function`` in ``ftpalg.cli``.

    The function gets argparse's namespace and returns the exit status.
    """

    name: str
    meaning: str
    arguments: tuple[Argument, ...] = ()
    does: str = ""
    commands: tuple[Command, ...] = ()


def switch(name: str, meaning: str) -> Argument:
    """``--name``, which is there or not."""
    return Argument((f"--{name}",), meaning, {"action": "store_true"})


def _option(word: Word) -> Argument:
    action = "append" if word.many else "store"
    completes = "file" if word.argument == "FILE" else ""
    return Argument(
        (f"--{word.name}",), word.meaning, {"metavar": word.argument, "action": action}, completes
    )


SETTINGS = tuple(map(_option, (CONFIG, *WORDS)))

CHECK = (
    Argument(("file",), "The same as --config.", {"metavar": "FILE", "nargs": "?"}, "file"),
    switch("strict", "Warnings count as faults."),
    switch(
        "here",
        "Look at this machine as this user, too: listeners, files, rights, names, nftables, limits.",
    ),
    switch("effective", "Print every setting and where its value comes from, as a settings file."),
    switch("quiet", "Print faults and warnings only."),
    switch("anonymous", "With --effective: names, addresses and paths are replaced."),
)

EXPLAIN = (
    Argument(("--from",), "The client's address.", {"metavar": "ADDRESS", "required": True}),
    Argument(("--user",), "What it says behind USER, as it says it.", {"metavar": "USER"}),
    Argument(
        ("--account",),
        "Its account at the gateway; it says that first, where one is wanted.",
        {"metavar": "NAME"},
    ),
    Argument(
        ("--to",),
        "The server that it names in words, or that its packets were for on a listener that"
        " intercepts: HOST, HOST:PORT, [IPV6]:PORT.",
        {"metavar": "SERVER"},
    ),
    Argument(("--host",), "What it says behind HOST.", {"metavar": "NAME"}),
    Argument(("--sni",), "The name that its TLS asks for.", {"metavar": "NAME"}),
    switch("tls", "It begins TLS where that is offered; where it is required it does so anyhow."),
    Argument(
        ("--listener",),
        "Where it has come to: an endpoint, or a key like listeners[1]. [default: the first]",
        {"metavar": "LISTENER"},
    ),
    Argument(
        ("--address",),
        "What the server's name resolves to; repeatable.",
        {"metavar": "ADDRESS", "action": "append"},
    ),
    switch("resolve", "Look names up by the system's resolver."),
    Argument(
        ("--command",),
        "A command that it says once it is logged in, like 'RETR /pub/x'.",
        {"metavar": "LINE", "dest": "command_line"},
    ),
    Argument(("--cwd",), "The directory in which it says that. [default: /]", {"metavar": "PATH"}),
    Argument(("--at",), "When, like 2026-11-28T03:00. [default: now]", {"metavar": "TIME"}),
    switch("json", "Print one JSON object."),
)

ACCOUNTS_FILE = Argument(
    ("--file",),
    "The file of accounts. [default: /etc/ftpalg/accounts]",
    {"metavar": "FILE", "default": "/etc/ftpalg/accounts"},
    "file",
)
ACCOUNT = Argument(("name",), "Whom clients log in as.", {"metavar": "NAME"})

ASKING = (
    Argument(
        ("--socket",),
        "The gateway's admin socket. [default: $FTPALG_ADMIN_SOCKET, what the settings say, or"
        " /run/ftpalg/admin.sock]",
        {"metavar": "PATH"},
        "file",
    ),
    Argument(
        ("--config",), "The settings file, which says where that is.", {"metavar": "FILE"}, "file"
    ),
    switch("json", "Print JSON."),
)
"""Words of every command that asks a running gateway."""
FILTER = Argument(
    ("filter",),
    "Which sessions: names or their beginnings, and client=NETWORK, server=, account=, user=, route=,"
    " listener=, state=.",
    {"metavar": "FILTER", "nargs": "*"},
    "sessions",
)
NAMES = Argument(
    ("--names",),
    "Print names only, for completion: sessions, routes, listeners or servers.",
    {"choices": ("sessions", "routes", "listeners", "servers"), "metavar": "WHICH"},
)

PART = (
    Argument(
        ("kind",), "server, route or listener.", {"metavar": "KIND", "nargs": "?"}, "part_kinds"
    ),
    Argument(
        ("name",),
        "Its name, as the settings or ftpalg who have it: HOST or HOST:PORT, routes[N], an endpoint.",
        {"metavar": "NAME", "nargs": "?"},
        "parts",
    ),
    switch("all", "The whole gateway, as without KIND and NAME."),
)
WHOM = (
    Argument(
        ("peer",),
        "An address; of IPv6 its network is meant.",
        {"metavar": "ADDRESS", "nargs": "?"},
        "bans",
    ),
    Argument(("--account",), "Instead of it: an account at the gateway.", {"metavar": "NAME"}),
)

COMMANDS = (
    Command("run", "serve in the foreground until a signal ends it", SETTINGS, "run:run"),
    Command(
        "check", "validate settings and say what they mean", (*CHECK, *SETTINGS), "check:check"
    ),
    Command(
        "explain",
        "say where a session goes and why, each rule with its file and line",
        (*EXPLAIN, *SETTINGS),
        "explain:explain",
    ),
    Command(
        "config",
        "the settings file",
        commands=(
            Command(
                "init",
                "write a settings file with every setting, explained",
                (
                    Argument(
                        ("folder",),
                        "Where to. [default: .]",
                        {"metavar": "DIR", "nargs": "?"},
                        "folder",
                    ),
                    switch("all", "The nftables sets, systemd units and filters for bans, too."),
                    switch("force", "Overwrite a file that is there, edited or not."),
                ),
                "init:init",
            ),
        ),
    ),
    Command(
        "schema", "print a JSON schema of the settings file, for editors", does="schema:schema"
    ),
    Command(
        "certificate",
        "make a certificate, its key and a CA to trust it by, for trying out",
        (
            Argument(("name",), "A host name or an address.", {"metavar": "NAME", "nargs": "+"}),
            Argument(("folder",), "Where to; made if need be.", {"metavar": "DIR"}, "folder"),
            switch("force", "Overwrite files that are there."),
        ),
        "certificate:certificate",
    ),
    Command(
        "account",
        "accounts at the gateway, their passwords hashed",
        commands=(
            Command(
                "add",
                "give somebody a password, from the terminal or from standard input",
                (
                    ACCOUNT,
                    ACCOUNTS_FILE,
                    switch("force", "Give an account that is there another password."),
                ),
                "account:add",
            ),
            Command("remove", "take somebody out", (ACCOUNT, ACCOUNTS_FILE), "account:remove"),
            Command("list", "tell who is there", (ACCOUNTS_FILE,), "account:names"),
        ),
    ),
    Command("who", "tell who is on", (FILTER, NAMES, *ASKING), "who:who"),
    Command(
        "kick",
        "end sessions",
        (
            FILTER,
            switch("after-transfer", "A session that moves a file ends behind it."),
            Argument(("--say",), "What the clients are told.", {"metavar": "TEXT"}),
            *ASKING,
        ),
        "kick:kick",
    ),
    Command(
        "ladder",
        "show what clients and servers say to each other, as they say it, without passwords",
        (
            Argument(
                ("--client",),
                "Whose sessions: an address, a network, or a session, which is followed until it is"
                " over.",
                {"metavar": "ADDRESS|ID", "required": True},
                "sessions",
            ),
            switch("back", "First what has been said so far, as far as it is kept."),
            *ASKING,
        ),
        "ladder:ladder",
    ),
    Command(
        "errors",
        "tell what broke the protocol last, of each server and of the clients of each listener",
        ASKING,
        "errors:errors",
    ),
    Command(
        "drain",
        "no new sessions for a part of the gateway, or for all of it; the old ones end when they rest",
        (
            *PART,
            Argument(
                ("--within",),
                "Seconds, after which what is left is ended, transfers too. [default: no bound]",
                {"metavar": "SECONDS", "type": int},
            ),
            switch("list", "Only tell what is drained."),
            *ASKING,
        ),
        "drain:drain",
    ),
    Command("undrain", "new sessions come again", (*PART, *ASKING), "drain:undrain"),
    Command(
        "bans",
        "who is kept out for a while",
        commands=(
            Command(
                "list",
                "tell who is banned",
                (switch("names", "Print addresses only, for completion."), *ASKING),
                "bans:listed",
            ),
            Command(
                "add",
                "keep a peer or an account out",
                (
                    *WHOM,
                    Argument(
                        ("--for",),
                        "How long. [default: bans.time]",
                        {"metavar": "SECONDS", "type": int, "dest": "seconds"},
                    ),
                    *ASKING,
                ),
                "bans:add",
            ),
            Command(
                "remove",
                "let a peer or an account in again, and forget its wrong logins",
                (*WHOM, *ASKING),
                "bans:remove",
            ),
        ),
    ),
    Command(
        "shares",
        "tell how much of each limit is used, and who uses most of it",
        (
            Argument(
                ("--top",),
                "How many of each. [default: 10]",
                {"metavar": "NUMBER", "type": int},
            ),
            *ASKING,
        ),
        "shares:shares",
    ),
    Command(
        "quotas",
        "how much accounts have moved today of what they may",
        commands=(
            Command(
                "list",
                "tell who has moved how much since midnight",
                (switch("names", "Print the accounts only."), *ASKING),
                "quotas:listed",
            ),
            Command(
                "reset",
                "let the day of an account begin anew",
                (ACCOUNT, *ASKING),
                "quotas:reset",
            ),
        ),
    ),
    Command("reload", "read settings and certificates again", ASKING, "reload:reload"),
    Command(
        "upgrade",
        "hand the listeners of a running gateway to a new one",
        (
            Argument(
                ("pid",),
                "The running gateway, where several run.",
                {"metavar": "PID", "nargs": "?", "type": int},
            ),
        ),
        "upgrade:upgrade",
    ),
    Command(
        "completion",
        "print the completion of a shell",
        (Argument(("shell",), "bash, zsh or tcsh.", {"choices": ("bash", "zsh", "tcsh")}),),
        "completion:completion",
    ),
    Command(
        "version", "tell the versions of ftpalg and of what it runs on", does="version:version"
    ),
)
