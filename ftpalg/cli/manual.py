"""The man pages ftpalg(1) and ftpalg.toml(5), from the table of commands and the settings' comments.

python -m ftpalg.cli.manual FOLDER
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from ftpalg import __version__
from ftpalg.cli.commands import COMMANDS, Argument, Command
from ftpalg.config.comments import comments
from ftpalg.config.environment import variable_of
from ftpalg.config.plain import toml
from ftpalg.config.schema import Schema, json_schema
from ftpalg.config.warnings import NAMES

STATUSES = (
    (0, "Done."),
    (
        1,
        "It failed: a port is taken, a file cannot be written, a session does not go through (explain).",
    ),
    (2, "Wrong words or wrong settings; with check --strict, a warning."),
)


def pages() -> dict[str, str]:
    """Each page by its file's name."""
    return {"ftpalg.1": _page(_commands()), "ftpalg.toml.5": _page(_settings())}


def _page(lines: Iterator[str]) -> str:
    return "\n".join(line for line in lines if line) + "\n"


def text(words: str) -> str:
    """Words as roff prints them, whatever signs are in them."""
    escaped = words.replace("\\", "\\e").replace("-", "\\-")
    return re.sub(r"^([.'])", r"\\&\1", escaped)


def _title(name: str, section: int, meaning: str) -> Iterator[str]:
    yield f'.TH {text(name).upper()} {section} "" "ftpalg {__version__}"'
    yield ".SH NAME"
    yield f"{text(name)} \\- {text(meaning)}"


def _commands() -> Iterator[str]:
    yield from _title("ftpalg", 1, "an application-layer gateway for FTP")
    yield ".SH SYNOPSIS"
    yield ".B ftpalg"
    yield ".I command"
    yield "[options]"
    yield ".SH COMMANDS"
    for command in COMMANDS:
        yield from _command(command, "ftpalg")
    yield ".SH EXIT STATUS"
    for status, meaning in STATUSES:
        yield from (".TP", str(status), text(meaning))
    yield ".SH ENVIRONMENT"
    yield text(
        "Every setting can be a variable: FTPALG_SERVER, FTPALG_TIMEOUTS_IDLE; see ftpalg.toml(5)."
    )
    yield ".SH SEE ALSO"
    yield text("ftpalg.toml(5), twistd(1)")


def _command(command: Command, program: str) -> Iterator[str]:
    name = f"{program} {command.name}"
    for inner in command.commands:
        yield from _command(inner, name)
    if not command.commands:
        yield f".SS {text(' '.join([name, *(_synopsis(one) for one in command.arguments if _bare(one))]))}"
        yield text(command.meaning.capitalize() + ".")
        for argument in command.arguments:
            if not _bare(argument):
                shown = " ".join([argument.names[0], argument.form.get("metavar", "")]).strip()
                yield from (".TP", f"\\fB{text(shown)}\\fR", text(argument.meaning))


def _bare(argument: Argument) -> bool:
    return not argument.names[0].startswith("-")


def _synopsis(argument: Argument) -> str:
    choices = argument.form.get("choices")
    name = "|".join(choices) if choices else argument.form["metavar"]
    return {"?": f"[{name}]", "+": f"{name}...", "*": f"[{name}...]"}.get(
        argument.form.get("nargs", ""), name
    )


def _settings() -> Iterator[str]:
    yield from _title("ftpalg.toml", 5, "settings of ftpalg")
    yield ".SH DESCRIPTION"
    yield text(
        "A file of TOML.  A setting that it leaves out has its default.  The environment goes before the"
        " file, the options of ftpalg(1) before both."
    )
    schema = json_schema()
    yield ".SH SETTINGS AT THE TOP"
    yield from _keys(schema, "")
    for key, one in schema["properties"].items():
        if "properties" in one:
            yield f".SH [{text(key)}]"
            yield text(comments().get(key, ""))
            yield from _keys(one, key)
    yield ".SH WARNINGS"
    yield text(
        "What is legal and suspicious is told with a name, and allowed by a comment on the line of the"
        " setting or right above it: # ftpalg: allow NAME.  The names:"
    )
    yield text(", ".join(NAMES) + ".")
    yield ".SH SEE ALSO"
    yield "ftpalg(1)"


def _keys(table: Schema, path: str, *, one_of_several: bool = False) -> Iterator[str]:
    """The settings of a table, then what each table of its lists may hold."""
    for key, one in table["properties"].items():
        if "properties" not in one and "properties" not in one.get("items", {}):
            shown = f"{key} = {toml(one['default'])}" if "default" in one else key
            yield from (".TP", f"\\fB{text(shown)}\\fR", text(one.get("description", "")))
            if not one_of_several:
                yield from (".br", text(variable_of(path, key)))
    for key, one in table["properties"].items():
        items = one.get("items", {})
        if "properties" in items:
            inner = f"{path}.{key}".lstrip(".")
            yield from (".SS " + text(f"[[{inner}]]"), text(one.get("description", "")))
            yield from _keys(items, inner, one_of_several=True)


def main(folder: str) -> None:
    """Write the pages."""
    for name, page in pages().items():
        Path(folder, name).write_text(page, "utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
