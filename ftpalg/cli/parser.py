"""Words to a command: argparse over the table, with sentences of ours.

Every error names the program and the word that was wrong, in one line.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any, NoReturn

from ftpalg.cli.commands import COMMANDS, Argument, Command

PROGRAM = "ftpalg"


class WrongWords(Exception):
    """One sentence for the person who wrote them."""


class Parser(argparse.ArgumentParser):
    """Raises WrongWords instead of ending the process."""

    def __init__(self, **how: Any) -> None:
        how.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(allow_abbrev=False, **how)

    def parse_known_args(self, *words: Any, **more: Any) -> Any:
        found, unknown = super().parse_known_args(*words, **more)
        if unknown:
            self.error(f"{unknown[0]!r} is none of its words")
        return found, unknown

    def print_help(self, file: Any = None) -> None:
        """Raise OSError where it cannot be written, which argparse keeps to itself."""
        print(self.format_help(), end="", file=file)

    def error(self, message: str) -> NoReturn:
        raise WrongWords(f"{self.prog}: {message}; {self.prog} --help lists the words.")


def parser(commands: Sequence[Command] = COMMANDS) -> Parser:
    """The parser of the whole command, or of some commands."""
    made = Parser(prog=PROGRAM, description="An application-layer gateway for FTP.")
    made.add_argument(
        "--version", action="store_true", help="tell the versions, as ftpalg version does"
    )
    _add_commands(made, commands)
    return made


def _add_commands(parent: Parser, commands: Sequence[Command]) -> None:
    below = parent.add_subparsers(
        metavar="COMMAND", title="commands", parser_class=Parser, prog=parent.prog
    )
    for command in commands:
        made = below.add_parser(
            command.name, help=command.meaning, description=command.meaning.capitalize() + "."
        )
        if command.commands:
            _add_commands(made, command.commands)
            made.set_defaults(lacks=made)
        else:
            for argument in command.arguments:
                _add(made, argument)
            made.set_defaults(does=command.does, lacks=None)


def _add(made: Parser, argument: Argument) -> None:
    action: Any = made.add_argument(*argument.names, help=argument.meaning, **argument.form)
    if argument.completes:
        action.complete = COMPLETES[argument.completes]


COMPLETES = {
    "file": {"bash": "_shtab_compgen_files", "zsh": "_files", "tcsh": "f"},
    "sessions": {"bash": "_ftpalg_sessions", "zsh": "_ftpalg_sessions"},
    "part_kinds": {"bash": "_ftpalg_part_kinds", "zsh": "_ftpalg_part_kinds"},
    "parts": {"bash": "_ftpalg_parts", "zsh": "_ftpalg_parts"},
    "bans": {"bash": "_ftpalg_bans", "zsh": "_ftpalg_bans"},
    "folder": {"bash": "_shtab_compgen_dirs", "zsh": "_files -/", "tcsh": "d"},
}
"""As shtab.FILE and shtab.DIRECTORY, which need not be there to parse words."""


def parse(words: Sequence[str]) -> argparse.Namespace:
    """The namespace of the words, ``does`` among them.  Raise WrongWords."""
    _know(words, COMMANDS, PROGRAM)
    asked = [command for command in COMMANDS if command.name in words[:1]]
    found = parser(asked or COMMANDS).parse_args(words)  # to make them all would take its time
    if getattr(found, "lacks", None):
        found.lacks.error("needs a command")
    if not hasattr(found, "does") and not found.version:
        raise WrongWords(f"{PROGRAM}: needs a command; {PROGRAM} --help lists them.")
    return found


def _know(words: Sequence[str], commands: Sequence[Command], program: str) -> None:
    """Tell an unknown command by itself: argparse would list them all."""
    if not words or words[0].startswith("-"):
        return
    named = {command.name: command for command in commands}
    if words[0] in named:
        below = named[words[0]].commands
        if below:
            _know(words[1:], below, f"{program} {words[0]}")
        return
    from difflib import get_close_matches

    near = get_close_matches(words[0], named, 1)
    meant = f"did you mean {near[0]}?" if near else f"{program} --help lists them."
    raise WrongWords(f"{program}: {words[0]!r} is no command; {meant}")
