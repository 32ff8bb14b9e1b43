"""Pages of the documentation that come from the program: settings and commands.

They say what the man pages say, from the same tables and comments, as reStructuredText.  docs/conf.py has
them written before Sphinx reads its pages; they are not kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from ftpalg.cli.commands import COMMANDS, Argument, Command
from ftpalg.cli.manual import STATUSES
from ftpalg.config.comments import comments
from ftpalg.config.environment import variable_of
from ftpalg.config.plain import toml
from ftpalg.config.schema import Schema, json_schema
from ftpalg.config.warnings import NAMES


def pages() -> dict[str, str]:
    """Each page by its file's name."""
    made = {"settings.rst": _settings(), "commands.rst": _commands()}
    return {name: "\n".join(lines) for name, lines in made.items()}


def write(folder: Path) -> None:
    """Write the pages where they differ, so that Sphinx reads them again only then."""
    folder.mkdir(exist_ok=True)
    for name, page in pages().items():
        path = folder / name
        if not path.exists() or path.read_text("utf-8") != page:
            path.write_text(page, "utf-8")


def text(words: str) -> str:
    """Words of a comment, whatever signs are in them; no address becomes a link."""
    return re.sub(r"([\\*`_|]|:(?=\S))", r"\\\1", words)


def _title(words: str, line: str) -> Iterator[str]:
    yield from (words, line * len(words), "")


def _settings() -> Iterator[str]:
    yield from _title("Settings", "=")
    yield (
        "What ``etc/ftpalg.toml`` says, in the order of its tables.  A setting that a file leaves out has its"
        " default.  The environment goes before the file, the options of ``ftpalg run`` before both."
    )
    yield ""
    schema = json_schema()
    yield from _title("At the top", "-")
    yield from _keys(schema, "")
    for key, one in schema["properties"].items():
        if "properties" in one:
            yield from _title(f"[{key}]", "-")
            yield from (text(comments().get(key, "")), "")
            yield from _keys(one, key)
    yield from _title("Warnings", "-")
    yield (
        "What is legal and suspicious is told with a name, and allowed by a comment on the line of the"
        " setting or right above it, ``# ftpalg: allow NAME``.  ``ftpalg check --strict`` takes what is"
        " left as a fault.  The names:"
    )
    yield ""
    yield ", ".join(f"``{name}``" for name in NAMES) + "."
    yield ""


def _keys(table: Schema, path: str, *, one_of_several: bool = False) -> Iterator[str]:
    """The settings of a table, then what each table of its lists may hold."""
    for key, one in table["properties"].items():
        if "properties" not in one and "properties" not in one.get("items", {}):
            shown = f"{key} = {toml(one['default'])}" if "default" in one else key
            yield f"``{shown}``"
            yield "    " + (text(one.get("description", "")) or "As the setting before it.")
            if not one_of_several:
                yield from ("", f"    In the environment ``{variable_of(path, key)}``.")
            yield ""
    for key, one in table["properties"].items():
        items = one.get("items", {})
        if "properties" in items:
            inner = f"{path}.{key}".lstrip(".")
            yield from _title(f"[[{inner}]]", "~")
            yield from (text(one.get("description", "")), "")
            yield from _keys(items, inner, one_of_several=True)


def _commands() -> Iterator[str]:
    yield from _title("Commands and statuses", "=")
    for command in COMMANDS:
        yield from _command(command, "ftpalg")
    yield from _title("Exit statuses", "-")
    for status, meaning in STATUSES:
        yield from (f"``{status}``", f"    {text(meaning)}", "")


def _command(command: Command, program: str) -> Iterator[str]:
    name = f"{program} {command.name}"
    for inner in command.commands:
        yield from _command(inner, name)
    if not command.commands:
        yield from _title(name, "-")
        yield from (text(command.meaning.capitalize() + "."), "")
        for argument in command.arguments:
            yield from (f"``{_shown(argument)}``", f"    {text(argument.meaning)}", "")


def _shown(argument: Argument) -> str:
    choices = argument.form.get("choices")
    value = "|".join(choices) if choices else argument.form.get("metavar", "")
    name = argument.names[0]
    return f"{name} {value}".strip() if name.startswith("-") else value
