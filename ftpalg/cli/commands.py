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

ACCOUNTS_FILE = Argument(
    ("--file",),
    "The file of accounts. [default: /etc/ftpalg/accounts]",
    {"metavar": "FILE", "default": "/etc/ftpalg/accounts"},
    "file",
)
ACCOUNT = Argument(("name",), "Whom clients log in as.", {"metavar": "NAME"})

COMMANDS = (
    Command("run", "serve in the foreground until a signal ends it", SETTINGS, "run:run"),
    Command(
        "check", "validate settings and say what they mean", (*CHECK, *SETTINGS), "check:check"
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
